// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/gssapi_server.h"

#include "gssloop/gss/initial_token.h"
#include "plugin/exchange/application_binding.h"

namespace gssloop::plugin {

Result<GssapiServer::Opening, LoginError> GssapiServer::open(ByteView message) {
  // RFC 4752 section 3: the mechanism is Kerberos V5, even if this machine's GSS-API has other
  // mechanisms. The check comes before the mechanism sees the token, because an application's own
  // credential may accept other mechanisms (R1).
  if (!message.empty() &&
      !gss::strip_initial_header(message, login().mechanism.gss_mechanism.oid)) {
    return login().login_error(ErrorKind::kProtocol, "the first message is not a Kerberos token");
  }
  auto bindings = server_binding(login().params, login().options, login().mechanism);
  if (!bindings) return login().login_error(ErrorKind::kBinding, bindings.error().message);
  // No flag is required: a missing flag only removes a layer from the offer (section 3.2).
  return Opening{*std::move(bindings), Flags(), message};
}

GssapiServer::Next GssapiServer::on_established() {
  if (auto error = check_unbound()) return *std::move(error);
  // Section 3.2: "If the last call to GSS_Accept_sec_context returned an output_token, the server
  // returns it to the client in a challenge and expects a reply from the client with no data."
  if (has_out()) return Continue{};
  return send_offer();
}

GssapiServer::Next GssapiServer::on_later_message(ByteView message) {
  if (awaited_ == Awaited::kChoice) return on_choice(message);
  if (message.empty()) return send_offer();
  return login().login_error(
      ErrorKind::kProtocol,
      "after the last context token the client must send an empty message, but it sent data");
}

GssapiServer::Next GssapiServer::send_offer() {
  limits_ = SsfLimits::of(login().params.props, login().params.external_ssf);
  // The client's maximum is not known yet.
  const auto strength = measure(context(), limits_.max_token_len, LayerMessage::kMaxTokenLen);
  if (!strength) return explain(login().subject(), ErrorKind::kMechanism, strength.error());
  strength_ = *strength;
  offered_ = acceptable(limits_, strength_);
  if (!offered_.strongest()) {
    return login().login_error(ErrorKind::kTooWeak,
                               why_too_weak(limits_, strength_, strength_.by_flags));
  }
  LayerMessage offer{offered_};
  // "... which MUST be 0 if the server does not support any security layer"
  if (offered_.has_protection()) offer.max_token_len = limits_.max_token_len;
  const auto wrapped = context().wrap(gss::Protection::kIntegrity, offer.serialize());
  if (!wrapped) return explain(login().subject(), ErrorKind::kMechanism, wrapped.error());
  put(wrapped->view());
  awaited_ = Awaited::kChoice;
  return Continue{};
}

GssapiServer::Next GssapiServer::on_choice(ByteView message) {
  if (message.size() > login().options.limits.max_token_len) {
    return login().login_error(ErrorKind::kProtocol,
                               "the client's choice of a security layer is too long");
  }
  const auto cleartext = context().unwrap(gss::Protection::kIntegrity, message);
  if (!cleartext) return explain(login().subject(), ErrorKind::kRejected, cleartext.error());
  auto choice = LayerMessage::parse_choice(cleartext->view());
  if (!choice) return login().login_error(ErrorKind::kProtocol, choice.error().message);
  const auto layer = check_choice(*choice, offered_, login().options.ad_compat);
  if (!layer) return login().login_error(ErrorKind::kProtocol, layer.error().message);
  if (auto error = login().check_authzid(choice->authzid)) return *std::move(error);
  // R3 EXCEPTION: "The server verifies ... that the client maximum buffer is 0 if no security layer
  // was chosen." JDKs send their maximum in any case, so the server ignores it.
  if (*layer != Layer::kNone) {
    if (auto error = agree_on(*layer, choice->max_token_len)) return *std::move(error);
  }
  return Completion{choice->authzid, verified_binding()};
}

std::optional<LoginError> GssapiServer::agree_on(Layer layer, std::uint32_t max_send_len) {
  auto made = SecurityLayer::make(
      &context(), {layer, strength_.ssf_of(layer), max_send_len, limits_.max_token_len});
  if (!made) return login().login_error(ErrorKind::kProtocol, made.error().message);
  set_layer(*std::move(made));
  return std::nullopt;
}

}  // namespace gssloop::plugin
