// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/server_login.h"

#include <algorithm>
#include <utility>

#include "gssloop/authz/identity.h"
#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"
#include "plugin/exchange/login_audit.h"
#include "plugin/exchange/trace.h"

namespace gssloop::plugin {

void ServerLogin::begin() {
  requested_ = session_.properties.begin(*login_.policy, login_.policy_mechanism);
  if (!login_.record) return;
  for (const std::string& name : login_.options.audit.values) {
    if (const auto* definition = login_.policy->find(name)) requested_.push_back(*definition);
  }
}

Result<gss_cred_id_t, LoginError> ServerLogin::credential(bool is_just_offered) {
  if (login_.params.gss_creds != nullptr) {
    return static_cast<gss_cred_id_t>(const_cast<void*>(login_.params.gss_creds));
  }
  AcceptorCredentials& credentials = login_.plugin->credentials;
  auto held = is_just_offered ? credentials.get_checked(login_.key) : credentials.get(login_.key);
  if (!held) return explain(login_.subject(), ErrorKind::kCredential, held.error());
  session_.pool = *std::move(held);
  lease_ = session_.pool->lease();
  return lease_->credential.get();
}

std::optional<std::string> ServerLogin::keytab() const {
  const bool is_own_credential = login_.params.gss_creds != nullptr;
  if (is_own_credential && login_.options.keytab.empty()) return std::nullopt;
  return login_.options.keytab;
}

std::optional<LoginError> ServerLogin::on_context(loop::EstablishedContext context) {
  session_.context = std::move(context);
  // The keys that decrypted the ticket verify its PAC.
  const AcceptorPool::Lease lease = std::move(lease_);
  // An application's credential may be for several mechanisms; the client named this one. RFC 4752
  // section 3.2: if mech_type differs, authentication MUST be aborted.
  if (session_.context->mech() != arrives_at(login_.mechanism.gss_mechanism.oid)) {
    return login_.login_error(
        ErrorKind::kProtocol,
        "the client's token is for another mechanism, " + session_.context->mech().dotted());
  }
  if (auto error = check_acceptor_name()) return error;
  return collect_peer_info(lease ? lease->copy() : nullptr);
}

std::optional<LoginError> ServerLogin::complete_login(const std::string& authzid, Binding binding,
                                                      unsigned ssf, sasl_out_params_t* oparams) {
  peer_.is_channel_bound = binding.disposition == SASL_CB_DISP_USED;
  peer_.ssf = std::max<unsigned>(ssf, login_.params.external_ssf);
  authz::RuleContext rules(*login_.policy, std::move(peer_));
  if (auto error = decide(authzid, &rules, oparams)) return error;
  const bool is_own_identity = rules.peer().authid == rules.peer().authzid;
  if (auto error = session_.properties.publish(rules, is_own_identity)) {
    return login_.login_error(ErrorKind::kMemory, error->message);
  }
  if (auto error = store_delegated(*oparams)) return error;
  session_.binding_name = std::move(binding.name);
  fill(binding.disposition, oparams);
  return std::nullopt;
}

// Returns the server's name in the ticket. An inquiry of the context takes a twentieth of the time
// of a login, so if the credential has only one name, the function returns that name.
gss_name_t ServerLogin::local_name() {
  using Kind = ServicePrincipal::Kind;
  if (session_.pool && login_.key.principal.kind == Kind::kServiceAtHost) {
    return session_.pool->name();
  }
  if (!session_.acceptor_name) {
    if (auto name = session_.context->target_name()) session_.acceptor_name = *std::move(name);
  }
  return session_.acceptor_name.get();
}

// R12: a keytab may contain keys of several services. A ticket for another service is not for this
// one.
std::optional<LoginError> ServerLogin::check_acceptor_name() {
  if (login_.key.principal.kind != ServicePrincipal::Kind::kAnyHost) return std::nullopt;
  std::string acceptor;
  if (gss_name_t name = local_name(); name != GSS_C_NO_NAME) {
    if (auto displayed = gss::display(name)) acceptor = std::move(displayed->text);
  }
  if (authz::service_of(acceptor) == login_.key.service) return std::nullopt;
  return login_.login_error(ErrorKind::kRejected, "the client's ticket is for another service, " +
                                                      in_quotes(acceptor) +
                                                      " (service_principal: ** would accept it)");
}

// Collects only the facts that rules use, because each attribute costs microseconds.
std::optional<LoginError> ServerLogin::collect_peer_info(const gss::MemoryKeytab* keys) {
  auto peer = session_.context->peer();
  if (!peer) return explain(login_.subject(), ErrorKind::kMechanism, peer.error());
  peer_ = {};
  peer_.service = login_.key.service;
  peer_.mechanism = login_.policy_mechanism;
  peer_.default_realm = login_.plugin->default_realm;
  if (login_.params.user_realm != nullptr) peer_.application_realm = login_.params.user_realm;
  peer_.set_name(std::move(peer->text), peer->is_anonymous);
  if (login_.record) record_peer(peer_, login_.record.get());
  if (peer_.is_anonymous && (login_.params.props.security_flags & SASL_SEC_NOANONYMOUS) != 0) {
    return login_.login_error(
        ErrorKind::kAnonymous,
        "the peer is anonymous, but the application forbids anonymous logins");
  }
  read_attributes(keys);
  read_local_name();
  return std::nullopt;
}

void ServerLogin::read_attributes(const gss::MemoryKeytab* keys) {
  auto attributes = session_.context->attributes(peer_.principal, keys);
  if (is_tracing(login_.params)) trace_attributes(login_.sasl, &attributes);
  auto names = authz::attributes_needed(*login_.policy, peer_, requested_);
  for (std::string& name : names) {
    auto found = attributes.find(name);
    if (found) {
      if (*found) peer_.attributes.readable.push_back(**std::move(found));
      continue;
    }
    std::string reason = found.error().text();
    if (gss::is_pac_attribute(name) && !keytab()) {
      reason += " (the application passed its own credential: name its keytab in option keytab)";
    }
    peer_.attributes.unreadable.push_back({std::move(name), std::move(reason)});
  }
}

void ServerLogin::read_local_name() {
  const authz::Scope& scope = login_.policy->scope(peer_.service, peer_.mechanism);
  if (peer_.is_anonymous || !scope.uses(authz::reserved::kLocalName)) return;
  auto name = gss::local_name(session_.context->source(), session_.context->mech());
  if (name) {
    peer_.local_name.values.push_back(*std::move(name));
  } else {
    peer_.local_name.unknown = name.error().text();
  }
}

std::optional<LoginError> ServerLogin::decide(const std::string& authzid, authz::RuleContext* rules,
                                              sasl_out_params_t* oparams) {
  std::optional<int> refused_by_callback;
  const auto decision = authz::decide_login(
      rules, authzid, [&](authz::LoginDecision* so_far) -> std::optional<Error> {
        if (auto error = session_.properties.request(so_far->published)) {
          refused_by_callback = SASL_NOMEM;
          return error;
        }
        const int code = canonicalize(so_far, oparams);
        if (code == SASL_OK) return std::nullopt;
        refused_by_callback = code;
        return Error{"libsasl or the application refused the user " + in_quotes(so_far->authid) +
                     " acting as " + in_quotes(so_far->authzid) +
                     " - check the application's canon_user callback and the auxprop plugins"};
      });
  if (is_tracing(login_.params)) trace_decision(login_.sasl, decision);
  if (login_.record) {
    record_decision(decision, *rules, requested_, login_.options.audit.values, login_.record.get());
  }
  if (decision.is_admitted()) return std::nullopt;
  LoginError error = error_of(decision);
  error.callback_code = refused_by_callback;
  return error;
}

// Lets libsasl and the application make the canonical names. Fails with their SASL code.
int ServerLogin::canonicalize(authz::LoginDecision* decision, sasl_out_params_t* oparams) const {
  const bool is_same = decision->authzid == decision->authid;
  // Verified by Kerberos: no database of libsasl's needs to know the user.
  constexpr unsigned kVerified = SASL_CU_EXTERNALLY_VERIFIED;
  const auto canon = [&](const std::string& name, unsigned flags) {
    return login_.params.canon_user(login_.sasl.conn(), name.c_str(),
                                    static_cast<unsigned>(name.size()), flags | kVerified, oparams);
  };
  int code = canon(decision->authid, is_same ? SASL_CU_AUTHID | SASL_CU_AUTHZID : SASL_CU_AUTHID);
  if (code == SASL_OK && !is_same) code = canon(decision->authzid, SASL_CU_AUTHZID);
  if (code != SASL_OK) return code;
  decision->authid = oparams->authid;
  decision->authzid = oparams->user;
  return code;
}

LoginError ServerLogin::error_of(const authz::LoginDecision& decision) const {
  using Refusal = authz::LoginDecision::Refusal;
  switch (decision.refusal) {
    case Refusal::kAnonymity:
      return login_.login_error(ErrorKind::kAnonymous, decision.reason);
    case Refusal::kIdentity:
      return login_.login_error(ErrorKind::kIdentity, decision.reason);
    case Refusal::kPolicyIdentity:
      return login_.login_error(ErrorKind::kPolicy, decision.reason);
    case Refusal::kRules:
      return login_.login_error(
          ErrorKind::kPolicy,
          "the policy refuses " + in_quotes(decision.authid) + ": " + decision.reason);
    case Refusal::kAuthorize:
      return login_.login_error(ErrorKind::kPolicy,
                                in_quotes(decision.authid) + " asked to act as " +
                                    in_quotes(decision.authzid) + ", but " + decision.reason);
    case Refusal::kCanonicalization:
    case Refusal::kNone:
      break;
  }
  return login_.login_error(ErrorKind::kCallback, decision.reason);
}

// The client writes the name of a delegated credential. In a ccache that is chosen by this name, it
// would replace the tickets of any user.
std::optional<LoginError> ServerLogin::check_delegated() {
  const auto named = gss::credential_name(session_.context->delegated());
  const auto user = gss::display(session_.context->source());
  if (!named || !user) {
    return explain(login_.subject() + " (reading the name of the delegated credential)",
                   ErrorKind::kMechanism, !named ? named.error() : user.error());
  }
  if (named->text == user->text && named->type == user->type) return std::nullopt;
  return login_.login_error(ErrorKind::kIdentity,
                            "the delegated credential is that of " + in_quotes(named->text) +
                                ", but the user is " + in_quotes(user->text) +
                                ": ccache_store stores only a user's own credential");
}

// Option ccache_store: also stores the delegated credential where other programs find it.
std::optional<LoginError> ServerLogin::store_delegated(const sasl_out_params_t& oparams) {
  if (!login_.options.ccache_store || session_.context->delegated() == GSS_C_NO_CREDENTIAL) {
    return std::nullopt;
  }
  if (auto error = check_delegated()) return error;
  const auto ccache = login_.options.ccache_store->expand(oparams.authid);
  if (!ccache) return login_.login_error(ErrorKind::kIdentity, ccache.error().message);
  const gss::Status stored = gss::store(session_.context->delegated(), *ccache);
  if (stored.is_complete()) return std::nullopt;
  return explain(login_.subject() + " (storing the delegated credential in " +
                     printable(as_bytes(*ccache)) + ")",
                 ErrorKind::kConfiguration, stored);
}

void ServerLogin::fill(sasl_cbinding_disp_t disposition, sasl_out_params_t* oparams) {
  session_.delegated = session_.context->delegated();
  oparams->client_creds = session_.delegated != GSS_C_NO_CREDENTIAL ? &session_.delegated : nullptr;
  oparams->gss_peer_name = session_.context->source();
  oparams->gss_local_name = local_name();
  const bool is_bound = disposition == SASL_CB_DISP_USED;
  oparams->cbindingdisp = disposition;
  oparams->cbindingname = is_bound ? session_.binding_name.c_str() : nullptr;
}

}  // namespace gssloop::plugin
