// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/gssapi_client.h"

#include "gssloop/authz/identity.h"

namespace gssloop::plugin {

Result<GssapiClient::Plan, LoginError> GssapiClient::plan() {
  if (!authzid().empty()) {
    if (auto error = authz::check_login_name(authzid())) {
      return login_error(ErrorKind::kMisuse,
                         "the authorization identity cannot be used: " + error->message);
    }
  }
  limits_ = ssf_limits();
  // RFC 4752 section 3.1: "the client MUST pass the integ_req_flag of TRUE": the messages about
  // layers are wrapped, even if the two sides choose no layer.
  return plan_by_limits(limits_, limits_.room() > 1, Flag::kInteg);
}

// Section 3.1: "If the last call to GSS_Init_sec_context returned an output_token, then the client
// responds with the output_token, otherwise the client responds with no data."
StepResult GssapiClient::on_established() {
  if (!has_out()) put({});
  return SASL_CONTINUE;
}

StepResult GssapiClient::on_later_message(ByteView message) {
  if (message.size() > options().limits.max_token_len) {
    return login_error(ErrorKind::kProtocol, "the server's offer of security layers is too long");
  }
  const auto cleartext = context().unwrap(gss::Protection::kIntegrity, message);
  if (!cleartext) return explain(subject(), ErrorKind::kRejected, cleartext.error());
  const auto offered = LayerMessage::parse_offer(cleartext->view());
  if (!offered) return login_error(ErrorKind::kProtocol, offered.error().message);
  if (auto error = choose(*offered)) return *std::move(error);
  const auto wrapped =
      context().wrap(gss::Protection::kIntegrity, choice(offered->layers).serialize());
  if (!wrapped) return explain(subject(), ErrorKind::kMechanism, wrapped.error());
  put(wrapped->view());
  return finish(authzid());
}

// The strongest layer that both sides can use.
std::optional<LoginError> GssapiClient::choose(const LayerMessage& offered) {
  // Cyrus SASL's server offers no layer at all if its own limits exclude every one.
  if (!offered.layers.strongest()) {
    return login_error(ErrorKind::kTooWeak,
                       "the server offers neither a security layer nor a login without one: its "
                       "limits (min_ssf, max_ssf) and the client's do not overlap");
  }
  const auto strength = measure(context(), limits_.max_token_len, offered.max_token_len);
  if (!strength) return explain(subject(), ErrorKind::kMechanism, strength.error());
  const auto chosen = (acceptable(limits_, *strength) & offered.layers).strongest();
  if (!chosen) {
    const std::string why = why_too_weak(limits_, *strength, offered.layers);
    return login_error(ErrorKind::kTooWeak,
                       "the server offers " + to_string(offered.layers) + ": " + why);
  }
  chosen_ = *chosen;
  if (chosen_ == Layer::kNone) return std::nullopt;
  auto made = SecurityLayer::make(&context(), {chosen_, strength->ssf_of(chosen_),
                                               offered.max_token_len, limits_.max_token_len});
  if (!made) return login_error(ErrorKind::kProtocol, made.error().message);
  set_layer(*std::move(made));
  return std::nullopt;
}

LayerMessage GssapiClient::choice(Layers offered) const {
  LayerMessage message{chosen_, 0, authzid()};
  // "... which MUST be 0 if the client does not support any security layer"
  if (chosen_ != Layer::kNone) message.max_token_len = limits_.max_token_len;
  // Active Directory accepts confidentiality only together with integrity (option ad_compat).
  const bool is_both = chosen_ == Layer::kConfidentiality && offered.has(Layer::kIntegrity);
  if (is_both && options().ad_compat) message.layers = message.layers | Layer::kIntegrity;
  return message;
}

}  // namespace gssloop::plugin
