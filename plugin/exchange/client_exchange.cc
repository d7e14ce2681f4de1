// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/client_exchange.h"

#include "gssloop/authz/identity.h"
#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"
#include "plugin/exchange/application_binding.h"
#include "plugin/exchange/trace.h"

namespace gssloop::plugin {

int ClientExchange::step(std::optional<ByteView> server_in, sasl_interact_t** prompt_need,
                         const char** client_out, unsigned* client_out_len,
                         sasl_out_params_t* oparams) {
  begin_step(oparams);
  hand_over(client_out, client_out_len);  // nothing, should this step fail
  if (failed_) return report(*failed_);
  // A step that an exception ends has failed, too: the next one must not continue it.
  failed_ = LoginError{ErrorKind::kMemory, "out of memory"};
  StepResult result = advance(server_in.value_or(ByteView()), prompt_need);
  if (!result) {
    failed_ = std::move(result).error();
    return report(*failed_);
  }
  failed_.reset();
  hand_over(client_out, client_out_len);
  return *result;
}

std::optional<LoginError> ClientExchange::put_token(ByteView token) {
  put(token);
  return std::nullopt;
}

std::string ClientExchange::subject() const {
  return mechanism_.sasl_name + " login to " + (target_.empty() ? "the server" : target_);
}

StepResult ClientExchange::advance(ByteView message, sasl_interact_t** prompt_need) {
  if (context_) return on_later_message(message);
  if (initiator_) return perform(initiator_->on_token(message));
  if (!message.empty()) {
    return login_error(ErrorKind::kProtocol, "the server sent a message before the client did");
  }
  StepResult result = begin(prompt_need);
  if (!result || *result != SASL_OK) return result;
  return start_loop();
}

// Gathers identity and credential. SASL_OK: complete; SASL_INTERACT: the application must answer.
StepResult ClientExchange::begin(sasl_interact_t** prompt_need) {
  auto options = Options::read(sasl(), plugin_.sasl_names);
  if (!options) return LoginError{ErrorKind::kConfiguration, options.error().message};
  options_ = *std::move(options);
  if (auto error = check_application_binding(params_.cbinding)) {
    return login_error(ErrorKind::kMisuse, error->message);
  }
  if (options_.is_anonymous && forbids_anonymity()) {
    return LoginError{ErrorKind::kAnonymous,
                      "gssloop_anonymous is on, but the application forbids anonymous logins"};
  }
  target_ = std::string(params_.service) + "@" + params_.serverFQDN;
  auto gathered = credentials_.gather(sasl(), mechanism_.gss_mechanism.oid, params_.gss_creds,
                                      options_.allows_password(mechanism_), prompt_need);
  if (!gathered) return std::move(gathered).error();
  return *gathered == ClientCredentials::Readiness::kInteract ? SASL_INTERACT : SASL_OK;
}

// An anonymous ticket logs in anonymously without a wish for it. Checked before anything is sent.
std::optional<LoginError> ClientExchange::check_anonymity() const {
  if (!forbids_anonymity()) return std::nullopt;
  const auto name = gss::credential_name(credentials_.credential());
  if (!name) return explain(subject(), ErrorKind::kCredential, name.error());
  if (!name->is_anonymous() && !authz::is_anonymous_principal(name->text)) return std::nullopt;
  return login_error(ErrorKind::kAnonymous,
                     "the ticket is anonymous, but the application forbids anonymous logins");
}

StepResult ClientExchange::start_loop() {
  if (auto error = check_anonymity()) return *std::move(error);
  auto planned = plan();
  if (!planned) return std::move(planned).error();
  if (planned->only_as_requested) {
    if (auto error = credentials_.suppress_default_protection(mechanism_.gss_mechanism.oid))
      return *std::move(error);
  }
  auto target = gss::import_name(target_, gss::NameForm::kHostbasedService);
  if (!target) return explain(subject(), ErrorKind::kMisuse, target.error());
  Flags request = planned->request | Flag::kMutual;
  if ((params_.props.security_flags & SASL_SEC_PASS_CREDENTIALS) != 0) {
    request = request | Flag::kDeleg;
  }
  if (options_.is_anonymous) request = request | Flag::kAnon;
  initiator_.emplace(
      gss::InitiatorInput{credentials_.credential(), *std::move(target),
                          mechanism_.gss_mechanism.oid, request, 0, std::move(planned->bindings),
                          credentials_.is_restricted()},
      Flag::kMutual, options_.limits);
  return perform(initiator_->start());
}

StepResult ClientExchange::perform(loop::Step step) {
  if (is_tracing(params_)) trace_step(sasl(), "client", initiator_->num_legs(), step);
  // Check for failure before sending: a client that fails aborts the exchange, and so tells the
  // server. It does not send an error token (loop section 2.3 only recommends one).
  if (step.is_failed()) {
    return explain(subject(), loop::Role::kInitiator, step.failure());
  }
  if (const auto token = step.token_to_send()) {
    if (auto error = put_token(*token)) return *std::move(error);
  }
  if (!step.is_established()) return SASL_CONTINUE;
  context_ = step.take_context();
  if (forbids_anonymity() && context_->flags().has(Flag::kAnon)) {
    return login_error(ErrorKind::kAnonymous,
                       "the login is anonymous, but the application forbids anonymous logins");
  }
  return on_established();
}

StepResult ClientExchange::on_later_message(ByteView) {
  return login_error(ErrorKind::kProtocol,
                     "the server sent a message after the exchange was complete");
}

Result<ClientExchange::Plan, LoginError> ClientExchange::plan_by_limits(const SsfLimits& limits,
                                                                        bool wants_confidentiality,
                                                                        Flags always) {
  if (std::string why = limits.why_impossible(); !why.empty()) {
    return login_error(ErrorKind::kTooWeak, why);
  }
  auto bindings = application_binding(params_, options_);
  if (!bindings) return login_error(ErrorKind::kBinding, bindings.error().message);
  Plan plan;
  plan.request = always;
  plan.bindings = *std::move(bindings);
  // RFC 4752 section 3.1: a client that will request a layer MUST ask for sequence, and for conf
  // where it will request confidentiality. Replay is the same detection as sequence, without the
  // order.
  if (limits.room() >= 1) {
    plan.request = plan.request | Flag::kInteg | Flag::kSequence | Flag::kReplay;
  }
  if (wants_confidentiality) plan.request = plan.request | Flag::kConf;
  plan.only_as_requested = !wants_confidentiality;
  return plan;
}

// Importing the target is much cheaper than an inquiry of the context.
std::optional<LoginError> ClientExchange::name_both_sides() {
  auto local = context_->source_name();
  if (!local) return explain(subject(), ErrorKind::kMechanism, local.error());
  local_name_ = *std::move(local);
  if (auto error = credentials_.check_initiator(local_name_.get())) return error;
  auto peer = gss::import_name(target_, gss::NameForm::kHostbasedService);
  if (!peer) return explain(subject(), ErrorKind::kMisuse, peer.error());
  peer_name_ = *std::move(peer);
  return std::nullopt;
}

std::optional<LoginError> ClientExchange::canonicalize(const std::string& authzid) {
  std::string authid = "anonymous";
  if (!context_->flags().has(Flag::kAnon)) {
    auto displayed = gss::display(local_name_.get());
    if (!displayed) return explain(subject(), ErrorKind::kMechanism, displayed.error());
    authid = std::move(displayed->text);
  }
  const auto canon = [&](const std::string& name, unsigned flags) {
    return params_.canon_user(sasl().conn(), name.c_str(), static_cast<unsigned>(name.size()),
                              flags, oparams());
  };
  int code = canon(authid, SASL_CU_AUTHID | (authzid.empty() ? SASL_CU_AUTHZID : 0U));
  if (code == SASL_OK && !authzid.empty()) code = canon(authzid, SASL_CU_AUTHZID);
  if (code == SASL_OK) return std::nullopt;
  LoginError error =
      login_error(ErrorKind::kCallback, "libsasl refused the user name " + in_quotes(authid));
  error.callback_code = code;
  return error;
}

StepResult ClientExchange::finish(const std::string& authzid) {
  if (is_tracing(params_)) trace_layer(sasl(), "client", layer());
  if (auto error = name_both_sides()) return *std::move(error);
  if (auto error = canonicalize(authzid)) return *std::move(error);
  oparams()->gss_peer_name = peer_name_.get();
  oparams()->gss_local_name = local_name_.get();
  fill_layer_params();
  // First the credential: while there is a context, MIT krb5 does not read krb5.conf again for it.
  credentials_.release();
  if (layer() == nullptr) context().delete_context();  // as the server does
  return SASL_OK;
}

}  // namespace gssloop::plugin
