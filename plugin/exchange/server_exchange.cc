// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/server_exchange.h"

#include <chrono>
#include <utility>

#include "plugin/exchange/application_binding.h"
#include "plugin/exchange/trace.h"

namespace gssloop::plugin {

int ServerExchange::step(std::optional<ByteView> client_in, const char** server_out,
                         unsigned* server_out_len, sasl_out_params_t* oparams) {
  begin_step(oparams);
  hand_over(server_out, server_out_len);  // nothing, should this step fail
  // The last step sent the error token. The login has failed, whatever the client answers (G15).
  if (announced_) return set_client_error(sasl(), *announced_, login_.options.is_verbose);
  const StepResult result = advance(client_in);
  if (!result) return report(result.error());
  hand_over(server_out, server_out_len);
  return *result;
}

StepResult ServerExchange::advance(std::optional<ByteView> client_in) {
  const ByteView message = client_in.value_or(ByteView());
  Next next;
  if (server_login_.has_context()) {
    next = on_later_message(message);
  } else {
    if (!acceptor_ && !client_in && !has_challenged_) {
      has_challenged_ = true;
      put({});  // RFC 5801 section 6: no message yet is answered by an empty challenge, once
      return SASL_CONTINUE;
    }
    Opening opening{std::nullopt, Flags(), message};
    if (!acceptor_) {
      if (auto error = begin(message, &opening)) return *std::move(error);
    }
    loop::Step step = acceptor_->on_token(opening.token);
    if (is_tracing(login_.params)) trace_step(sasl(), "server", acceptor_->num_legs(), step);
    if (step.is_failed()) return fail(step);
    if (const auto token = step.token_to_send()) {
      if (auto error = check_token(*token)) return *std::move(error);
      put(*token);
    }
    if (!step.is_established()) return SASL_CONTINUE;
    if (auto error = server_login_.on_context(step.take_context())) return *std::move(error);
    next = on_established();
  }
  if (auto* error = std::get_if<LoginError>(&next)) return std::move(*error);
  if (auto* completion = std::get_if<Completion>(&next)) return complete(std::move(*completion));
  return SASL_CONTINUE;
}

// The first message: from here on there is an acceptor, which takes opening->token.
std::optional<LoginError> ServerExchange::begin(ByteView message, Opening* opening) {
  if (auto error = login_.begin()) return error;
  server_login_.begin();
  if (auto error = check_application_binding(login_.params.cbinding)) {
    return login_.login_error(ErrorKind::kMisuse, error->message);
  }
  if (message.size() > login_.options.limits.max_token_len) {
    return login_.login_error(ErrorKind::kProtocol, "the first message is too long");
  }
  auto opened = open(message);
  if (!opened) return std::move(opened).error();
  *opening = *std::move(opened);
  // sasl_server_start asked for the credential and made this object. If the message came with it,
  // this is the same call. If not, the keytab may have changed while the client was waited for.
  constexpr auto kSameCall = std::chrono::milliseconds(20);
  const bool is_just_offered = std::chrono::steady_clock::now() - made_ < kSameCall;
  const auto credential = server_login_.credential(is_just_offered);
  if (!credential) return credential.error();
  // An application may require mutual authentication where the mechanism's RFC leaves it to the
  // client.
  Flags required = opening->required;
  if ((login_.params.props.security_flags & SASL_SEC_MUTUAL_AUTH) != 0) {
    required = required | Flag::kMutual;
  }
  acceptor_.emplace(
      gss::AcceptorInput{*credential, std::move(opening->bindings), server_login_.keytab()},
      required, login_.options.limits);
  return std::nullopt;
}

// libsasl cannot send a token together with a failure. So the token is sent as a challenge, and the
// next step fails (G15). The failure is logged at once.
StepResult ServerExchange::fail(const loop::Step& step) {
  LoginError error = explain(login_.subject(), loop::Role::kAcceptor, step.failure());
  if (!step.row().has(loop::Action::kSendErrorToken) || !login_.options.sends_error_token ||
      check_token(*step.token_to_send())) {
    return error;
  }
  log_server(sasl(), error);
  announced_ = std::move(error);
  put(*step.token_to_send());
  return SASL_CONTINUE;
}

StepResult ServerExchange::complete(Completion completion) {
  if (is_tracing(login_.params)) trace_layer(sasl(), "server", layer());
  if (auto error =
          server_login_.complete_login(completion.authzid, std::move(completion.binding),
                                       layer() != nullptr ? layer()->ssf() : 0, oparams())) {
    return *std::move(error);
  }
  fill_layer_params();
  // Without a layer nothing uses the context any more. It is deleted here, because an application
  // may keep the connection for hours, and libsasl calls the disposal under a lock of the process.
  if (layer() == nullptr) context().delete_context();
  return SASL_OK;
}

std::optional<LoginError> ServerExchange::check_token(ByteView) { return std::nullopt; }

ServerExchange::Next ServerExchange::on_later_message(ByteView) {
  return login_.login_error(ErrorKind::kProtocol,
                            "the client sent a message after the exchange was complete");
}

// An acceptor ignores its own bindings if the initiator sent none (G10). Only the flag says that
// the mechanism verified them. libsasl checks that too, but only after the login was completed.
std::optional<LoginError> ServerExchange::check_unbound() {
  if (!SASL_CB_CRITICAL(&login_.params) || context().flags().has(Flag::kChannelBound)) {
    return std::nullopt;
  }
  return login_.login_error(ErrorKind::kBinding,
                            "this server requires channel binding, but the client did not use it");
}

Binding ServerExchange::verified_binding() {
  if (!SASL_CB_PRESENT(&login_.params) || !context().flags().has(Flag::kChannelBound)) return {};
  return {SASL_CB_DISP_USED, login_.params.cbinding->name};
}

std::string ServerExchange::layer_name() const {
  return login_.mechanism.sasl_name + " security layer of " +
         printable(as_bytes(server_login_.authid())) + " at " + login_.key.text();
}

}  // namespace gssloop::plugin
