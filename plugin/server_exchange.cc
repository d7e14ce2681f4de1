// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server_exchange.h"

#include "plugin/trace.h"

namespace gssloop::plugin {

int ServerExchange::step(std::optional<ByteView> client_in, const char** server_out,
                         unsigned* server_out_len, sasl_out_params_t* oparams) {
  begin_step(oparams);
  hand_over(server_out, server_out_len);  // nothing, should this step fail
  // The error token went out with the last step; whatever comes back, the login has failed (G15).
  if (announced_) return set_client_error(facts_.sasl, *announced_, facts_.options.is_verbose);
  const StepResult result = advance(client_in);
  if (!result) return report(result.error());
  hand_over(server_out, server_out_len);
  return *result;
}

std::string ServerExchange::layer_name() const {
  return facts_.mechanism.sasl_name + " security layer of " + printable(as_bytes(login_.authid())) +
         " at " + facts_.key.text();
}

ServerExchange::StepResult ServerExchange::advance(std::optional<ByteView> client_in) {
  const ByteView message = client_in.value_or(ByteView());
  if (login_.has_context()) return on_later_message(message);
  if (acceptor_) return perform(acceptor_->on_token(message));
  if (!client_in && !has_challenged_) {
    has_challenged_ = true;
    put({});  // RFC 5801 section 6: no message yet is answered by an empty challenge, once
    return SASL_CONTINUE;
  }
  return begin(message);
}

ServerExchange::StepResult ServerExchange::begin(ByteView message) {
  auto options = Options::read(facts_.sasl);
  if (!options) return LoginError{ErrorKind::kConfiguration, options.error().message};
  facts_.options = *std::move(options);
  facts_.key = acceptor_key(facts_.mechanism.gss_mechanism, facts_.params, facts_.options);
  const auto snapshot = facts_.plugin->policies.current(facts_.options.policy, facts_.sasl);
  if (snapshot->policy == nullptr) {
    return facts_.login_error(ErrorKind::kConfiguration,
                              "the policy has an error: " + snapshot->summary);
  }
  facts_.policy = snapshot->policy;
  login_.begin();
  if (message.size() > facts_.options.limits.max_token_len) {
    return facts_.login_error(ErrorKind::kProtocol, "the first message is too long");
  }
  return on_first_message(message);
}

ServerExchange::StepResult ServerExchange::on_later_message(ByteView) {
  return facts_.login_error(ErrorKind::kProtocol, "a message came after the last one");
}

// What to accept with: the application's own credential, or the one that the options name.
Result<gss_cred_id_t, LoginError> ServerExchange::credential() {
  if (facts_.params.gss_creds != nullptr) {
    return static_cast<gss_cred_id_t>(const_cast<void*>(facts_.params.gss_creds));
  }
  auto held = facts_.plugin->credentials.get(facts_.key);
  if (!held) return explain(facts_.subject(), ErrorKind::kCredential, held.error());
  facts_.credential = *std::move(held);
  return facts_.credential->credential.get();
}

ServerExchange::StepResult ServerExchange::negotiate(std::optional<gss::ChannelBindings> bindings,
                                                     Flags required, ByteView token) {
  auto accept_with = credential();
  if (!accept_with) return std::move(accept_with).error();
  // An application may insist on what the mechanism's standard leaves to the client.
  if ((facts_.params.props.security_flags & SASL_SEC_MUTUAL_AUTH) != 0) {
    required = required | Flag::kMutual;
  }
  acceptor_.emplace(gss::AcceptorInput{*accept_with, std::move(bindings)}, required,
                    facts_.options.limits);
  return perform(acceptor_->on_token(token));
}

ServerExchange::StepResult ServerExchange::perform(loop::Step step) {
  if (is_tracing(facts_.params)) {
    trace_step(facts_.sasl, "server", acceptor_->num_legs(), step);
  }
  if (step.has(loop::Action::kFail)) {
    LoginError error = explain(facts_.subject(), step.failure());
    if (!step.has(loop::Action::kSendErrorToken) || !facts_.options.sends_error_token) {
      return error;
    }
    // A token cannot leave together with a failure: it goes as a challenge, and the next step
    // fails (G15). The log says why at once.
    report(error);
    announced_ = std::move(error);
    put(step.token());
    return SASL_CONTINUE;
  }
  for (const loop::Action action : step.actions()) {
    if (action == loop::Action::kSendToken) {
      put(step.token());
    } else if (action == loop::Action::kAwaitToken) {
      return SASL_CONTINUE;
    } else if (action == loop::Action::kEstablish) {
      if (auto error = login_.on_context(step.take_context())) return *std::move(error);
      return on_established();
    }
  }
  // No row of the table ends like this; should one, it is not with a login.
  return facts_.login_error(ErrorKind::kMechanism, "the negotiation came to nothing");
}

// An acceptor passes over bindings that the initiator did not send (G10): only the flag tells that
// they were verified. libsasl would notice too, but only after the login was carried out.
std::optional<LoginError> ServerExchange::check_unbound() {
  if (!SASL_CB_CRITICAL(&facts_.params) || context().flags().has(Flag::kChannelBound)) {
    return std::nullopt;
  }
  return facts_.login_error(ErrorKind::kBinding,
                            "this server requires channel binding, and the client did not bind");
}

Binding ServerExchange::verified_binding() {
  if (!SASL_CB_PRESENT(&facts_.params) || !context().flags().has(Flag::kChannelBound)) return {};
  return {SASL_CB_DISP_USED, facts_.params.cbinding->name};
}

ServerExchange::StepResult ServerExchange::finish(const std::string& authzid, Binding binding) {
  if (is_tracing(facts_.params)) trace_layer(facts_.sasl, "server", layer());
  if (auto error = login_.complete_login(authzid, std::move(binding),
                                         layer() != nullptr ? layer()->ssf() : 0, oparams())) {
    return *std::move(error);
  }
  fill_layer_params();
  return SASL_OK;
}

}  // namespace gssloop::plugin
