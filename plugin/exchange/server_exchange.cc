// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/server_exchange.h"

#include <chrono>
#include <utility>

#include "plugin/exchange/application_binding.h"
#include "plugin/exchange/trace.h"

namespace gssloop::plugin {
namespace {

constexpr char kLateMessage[] = "the client sent a message after the exchange was complete";

}  // namespace

int ServerExchange::step(std::optional<ByteView> client_in, const char** server_out,
                         unsigned* server_out_len, sasl_out_params_t* oparams) {
  begin_step(oparams);
  hand_over(server_out, server_out_len);  // nothing, should this step fail
  if (!login_) return report({ErrorKind::kProtocol, kLateMessage});
  // The last step sent the error token. The login has failed, whatever the client answers (G15).
  if (login_->announced) return set_client_error(sasl(), *login_->announced, session_.is_verbose);
  login_->is_in_step = true;
  const StepResult result = advance(client_in);
  if (!result) record_refusal(result.error());
  if (login_) login_->is_in_step = false;
  if (!result) return report(result.error());
  hand_over(server_out, server_out_len);
  return *result;
}

StepResult ServerExchange::advance(std::optional<ByteView> client_in) {
  const ByteView message = client_in.value_or(ByteView());
  Next next;
  if (session_.context) {
    next = on_later_message(message);
  } else {
    if (!login_->acceptor && !client_in && !login_->has_challenged) {
      login_->has_challenged = true;
      put({});  // RFC 5801 section 6: no message yet is answered by an empty challenge, once
      return SASL_CONTINUE;
    }
    Opening opening{std::nullopt, Flags(), message};
    if (!login_->acceptor) {
      if (auto error = begin(message, &opening)) return *std::move(error);
    }
    loop::Step step = login_->acceptor->on_token(opening.token);
    if (is_tracing(login().params))
      trace_step(sasl(), "server", login_->acceptor->num_legs(), step);
    if (step.is_failed()) return fail(step);
    if (const auto token = step.token_to_send()) {
      if (auto error = check_token(*token)) return *std::move(error);
      put(*token);
    }
    if (!step.is_established()) return SASL_CONTINUE;
    if (auto error = login_->server.on_context(step.take_context())) return *std::move(error);
    next = on_established();
  }
  if (auto* error = std::get_if<LoginError>(&next)) return std::move(*error);
  if (auto* completion = std::get_if<Completion>(&next)) return complete(std::move(*completion));
  return SASL_CONTINUE;
}

// The first message: from here on there is an acceptor, which takes opening->token.
std::optional<LoginError> ServerExchange::begin(ByteView message, Opening* opening) {
  const auto error_of_options = login_->context.begin();
  session_.is_verbose = login().options.is_verbose;
  if (error_of_options) return error_of_options;
  login_->server.begin();
  if (auto error = check_application_binding(login().params.cbinding)) {
    return login().login_error(ErrorKind::kMisuse, error->message);
  }
  if (message.size() > login().options.limits.max_token_len) {
    return login().login_error(ErrorKind::kProtocol, "the first message is too long");
  }
  auto opened = open(message);
  if (!opened) return std::move(opened).error();
  *opening = *std::move(opened);
  // sasl_server_start asked for the credential and made this object. If the message came with it,
  // this is the same call. If not, the keytab may have changed while the client was waited for.
  constexpr auto kSameCall = std::chrono::milliseconds(20);
  const bool is_just_offered = std::chrono::steady_clock::now() - login_->made < kSameCall;
  const auto credential = login_->server.credential(is_just_offered);
  if (!credential) return credential.error();
  // An application may require mutual authentication where the mechanism's RFC leaves it to the
  // client.
  Flags required = opening->required;
  if ((login().params.props.security_flags & SASL_SEC_MUTUAL_AUTH) != 0) {
    required = required | Flag::kMutual;
  }
  login_->acceptor.emplace(
      gss::AcceptorInput{*credential, std::move(opening->bindings), login_->server.keytab()},
      required, login().options.limits);
  return std::nullopt;
}

// libsasl cannot send a token together with a failure. So the token is sent as a challenge, and the
// next step fails (G15). The failure is logged at once.
StepResult ServerExchange::fail(const loop::Step& step) {
  LoginError error = explain(login().subject(), loop::Role::kAcceptor, step.failure());
  if (!step.row().has(loop::Action::kSendErrorToken) || !login().options.sends_error_token ||
      check_token(*step.token_to_send())) {
    return error;
  }
  log_server(sasl(), error);
  record_refusal(error);
  login_->announced = std::move(error);
  put(*step.token_to_send());
  return SASL_CONTINUE;
}

StepResult ServerExchange::complete(Completion completion) {
  if (is_tracing(login().params)) trace_layer(sasl(), "server", layer());
  if (auto error =
          login_->server.complete_login(completion.authzid, std::move(completion.binding),
                                        layer() != nullptr ? layer()->ssf() : 0, oparams())) {
    return *std::move(error);
  }
  if (auto error = record_admission()) return *std::move(error);
  fill_layer_params();
  // What nothing uses any more is deleted here, because an application may keep the connection for
  // hours, and libsasl calls the disposal under a lock of the process. Without a layer that is the
  // context, too.
  if (layer() == nullptr) context().delete_context();
  login_.reset();
  return SASL_OK;
}

ServerExchange::~ServerExchange() { record_end(); }

void ServerExchange::record_refusal(const LoginError& error) {
  audit::Record* const record = login_->context.record.get();
  if (record == nullptr) return;
  record->outcome = audit::Record::Outcome::kRefused;
  record->error = client_text(error.kind);
  record->reason = error.sentence;
  if (auto failure = login().plugin->trail.write(login().options.audit, *record)) {
    login().plugin->trail.warn(*failure, sasl());
  }
  login_->context.record.reset();
}

// The last step of a login: after it, only the application can refuse the user.
std::optional<LoginError> ServerExchange::record_admission() {
  audit::Record* const record = login_->context.record.get();
  if (record == nullptr) return std::nullopt;
  record->outcome = audit::Record::Outcome::kAdmitted;
  auto failure = login().plugin->trail.write(login().options.audit, *record);
  if (failure && login().options.audit.is_required) {
    return login().login_error(
        ErrorKind::kAudit,
        "the login cannot be recorded, and gssloop_audit_required is yes: " + failure->message);
  }
  if (failure) login().plugin->trail.warn(*failure, sasl());
  login_->context.record.reset();
  return std::nullopt;
}

// libsasl calls this under a lock of its own, so it is the only thing that the disposal does beside
// freeing memory.
void ServerExchange::record_end() noexcept {
  if (!login_ || !login_->context.record) return;
  try {
    if (login_->is_in_step) {
      return record_refusal(login().login_error(ErrorKind::kMemory, "out of memory"));
    }
    // The connection's log may be gone. The next login warns.
    static_cast<void>(login().plugin->trail.write(login().options.audit, *login_->context.record));
  } catch (...) {
    // There is no memory for the line.
  }
}

std::optional<LoginError> ServerExchange::check_token(ByteView) { return std::nullopt; }

ServerExchange::Next ServerExchange::on_later_message(ByteView) {
  return login().login_error(ErrorKind::kProtocol, kLateMessage);
}

// An acceptor ignores its own bindings if the initiator sent none (G10). Only the flag says that
// the mechanism verified them. libsasl checks that too, but only after the login was completed.
std::optional<LoginError> ServerExchange::check_unbound() {
  if (!SASL_CB_CRITICAL(&login().params) || context().flags().has(Flag::kChannelBound)) {
    return std::nullopt;
  }
  return login().login_error(ErrorKind::kBinding,
                             "this server requires channel binding, but the client did not use it");
}

Binding ServerExchange::verified_binding() {
  if (!SASL_CB_PRESENT(&login().params) || !context().flags().has(Flag::kChannelBound)) return {};
  return {SASL_CB_DISP_USED, login().params.cbinding->name};
}

std::string ServerExchange::layer_name() const {
  // There is a layer only after canon_user gave libsasl its copy of the name.
  return mechanism_.sasl_name + " security layer of " + printable(as_bytes(oparams()->authid)) +
         (session_.pool ? " at " + session_.pool->key().text() : "");
}

}  // namespace gssloop::plugin
