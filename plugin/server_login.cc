// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server_login.h"

#include <algorithm>

#include "gssloop/authz/evaluation.h"
#include "gssloop/authz/identity.h"
#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"
#include "plugin/trace.h"

namespace gssloop::plugin {

AcceptorKey acceptor_key(const gss::Mechanism& mechanism, const sasl_server_params_t& params,
                         const AcceptorOptions& options) {
  return {mechanism.oid, params.service != nullptr ? params.service : "",
          params.serverFQDN != nullptr ? params.serverFQDN : "", options.keytab,
          options.service_principal};
}

std::optional<LoginError> ServerFacts::check_authzid(const std::string& authzid) const {
  if (authzid.empty()) return std::nullopt;
  if (auto error = authz::check_login_name(authzid)) {
    return login_error(ErrorKind::kIdentity, "as authorization identity, " + error->message);
  }
  return std::nullopt;
}

std::optional<LoginError> ServerLogin::on_context(loop::EstablishedContext context) {
  context_ = std::move(context);
  // Credentials that an application gave may serve several mechanisms; the client named this one.
  // RFC 4752 section 3.2: if mech_type differs, authentication MUST be aborted.
  if (context_->mech() != arrives_at(facts_.mechanism.gss_mechanism.oid)) {
    return facts_.login_error(ErrorKind::kProtocol, "the token was made for another mechanism, " +
                                                        context_->mech().dotted());
  }
  if (auto error = check_acceptor_name()) return error;
  if (auto error = collect_peer_info()) return error;
  return map_identity();
}

std::optional<LoginError> ServerLogin::complete_login(const std::string& authzid, Binding binding,
                                                      unsigned ssf, sasl_out_params_t* oparams) {
  binding_ = std::move(binding);
  if (is_tracing(facts_.params)) trace_attributes(facts_.sasl, *context_);
  peer_.is_channel_bound = binding_.disposition == SASL_CB_DISP_USED;
  peer_.ssf = std::max<unsigned>(ssf, facts_.params.external_ssf);
  if (auto error = check_access()) return error;
  properties_.request(*facts_.policy, scope().publish);
  if (auto error = canonicalize(authzid, oparams)) return error;
  peer_.authid = oparams->authid;
  peer_.authzid = oparams->user;
  if (auto error = authorize()) return error;
  if (auto error = store_delegated(*oparams)) return error;
  properties_.publish(*facts_.policy, peer_, peer_.authid == peer_.authzid);
  fill(oparams);
  return std::nullopt;
}

// Which of our names the ticket was for. Asking the context costs as much as a twentieth of a
// login, so where only one name can have been meant, that is the answer.
gss_name_t ServerLogin::local_name() {
  using Kind = ServicePrincipal::Kind;
  if (facts_.credential && facts_.key.principal.kind == Kind::kServiceAtHost) {
    return facts_.credential->name.get();
  }
  if (!acceptor_name_) {
    if (auto name = context_->target_name()) acceptor_name_ = *std::move(name);
  }
  return acceptor_name_.get();
}

// R12: a keytab may hold keys of several services; a ticket for another one is not for us.
std::optional<LoginError> ServerLogin::check_acceptor_name() {
  if (facts_.key.principal.kind != ServicePrincipal::Kind::kAnyHost) return std::nullopt;
  std::string acceptor;
  if (gss_name_t name = local_name(); name != GSS_C_NO_NAME) {
    if (auto displayed = gss::display(name)) acceptor = std::move(displayed->text);
  }
  if (authz::service_of(acceptor) == facts_.key.service) return std::nullopt;
  return facts_.login_error(ErrorKind::kRejected,
                            "the ticket is for \"" + printable(as_bytes(acceptor)) +
                                "\", another service (service_principal = ** would "
                                "accept it)");
}

// Gathers what rules may ask about, and nothing else: each attribute costs microseconds.
std::optional<LoginError> ServerLogin::collect_peer_info() {
  peer_ = {};
  peer_.service = facts_.key.service;
  peer_.mechanism =
      context_->mech().is_kerberos() ? "krb5" : facts_.mechanism.gss_mechanism.policy_name();
  peer_.default_realm = facts_.plugin->default_realm;
  auto displayed = gss::display(context_->source());
  if (displayed) {
    peer_.is_anonymous = context_->flags().has(Flag::kAnon) || displayed->is_anonymous() ||
                         (peer_.is_kerberos() && authz::is_anonymous_principal(displayed->text));
    peer_.principal = std::move(displayed->text);
  } else if (context_->flags().has(Flag::kAnon)) {
    peer_.is_anonymous = true;  // and need not have a name
  } else {
    return explain(facts_.subject(), ErrorKind::kMechanism, displayed.error());
  }
  read_attributes();
  read_local_name();
  return std::nullopt;
}

const authz::Scope& ServerLogin::scope() const {
  return facts_.policy->scope(peer_.service, peer_.mechanism);
}

void ServerLogin::read_attributes() {
  auto names = properties_.sources(*facts_.policy, scope(), peer_);
  if (names.empty()) return;
  const auto info = context_->inquire_source();
  if (!info) {
    peer_.unlisted = "the peer's attributes cannot be listed: " + info.error().text();
    return;
  }
  for (std::string& name : names) {
    if (std::ranges::find(info->attributes, name) == info->attributes.end()) continue;
    auto attribute = context_->source_attribute(name);
    if (attribute) {
      peer_.attributes.readable.push_back(*std::move(attribute));
    } else {
      peer_.attributes.unreadable.push_back({std::move(name), attribute.error().text()});
    }
  }
}

void ServerLogin::read_local_name() {
  if (peer_.is_anonymous || !scope().uses(authz::reserved::kLocalName)) return;
  auto name = gss::local_name(context_->source(), context_->mech());
  if (name) {
    peer_.local_name.values.push_back(*std::move(name));
  } else {
    peer_.local_name.unknown = name.error().text();
  }
}

std::optional<LoginError> ServerLogin::map_identity() {
  const authz::RuleContext context(*facts_.policy, peer_);
  auto authid = authz::identify(scope(), peer_, context);
  if (!authid) {
    const ErrorKind named = is_named_by_policy() ? ErrorKind::kPolicy : ErrorKind::kIdentity;
    return facts_.login_error(peer_.is_anonymous ? ErrorKind::kAnonymous : named,
                              authid.error().message);
  }
  authid_ = *std::move(authid);
  return check_realm();
}

// A name that the policy makes otherwise than by taking the principal is the policy's to refuse.
bool ServerLogin::is_named_by_policy() const {
  using Kind = authz::Identity::Kind;
  const Kind kind = scope().identity.kind;
  return kind == Kind::kAttribute || kind == Kind::kAuthToLocal;
}

// libsasl appends an application's own realm to names without one: a peer whose foreign realm is
// called like that would become the local user of its name (L45). A name that the policy gave is
// its author's to answer for.
std::optional<LoginError> ServerLogin::check_realm() const {
  if (is_named_by_policy() || peer_.is_anonymous) return std::nullopt;
  const std::string realm = facts_.params.user_realm != nullptr ? facts_.params.user_realm : "";
  const bool is_foreign = realm != peer_.default_realm;
  if (realm.empty() || !is_foreign || !authid_.ends_with("@" + realm)) return std::nullopt;
  return facts_.login_error(
      ErrorKind::kIdentity,
      "the peer's realm is foreign, but called like the application's own: \"" +
          printable(as_bytes(realm)) + "\"");
}

std::optional<LoginError> ServerLogin::check_access() const {
  const authz::RuleContext context(*facts_.policy, peer_);
  const auto findings = authz::evaluate_rules(scope(), context);
  if (is_tracing(facts_.params)) trace_findings(facts_.sasl, findings);
  const authz::Finding* objection = authz::objection(findings);
  if (objection == nullptr) return std::nullopt;
  return facts_.login_error(
      ErrorKind::kPolicy,
      "the policy does not admit \"" + printable(as_bytes(authid_)) + "\": " + objection->text());
}

std::optional<LoginError> ServerLogin::authorize() const {
  const authz::RuleContext context(*facts_.policy, peer_);
  const auto error = authz::authorize(scope(), peer_, context);
  if (!error) return std::nullopt;
  return facts_.login_error(ErrorKind::kPolicy,
                            "\"" + printable(as_bytes(peer_.authid)) + "\" asks to act as \"" +
                                printable(as_bytes(peer_.authzid)) + "\", but " + error->message);
}

std::optional<LoginError> ServerLogin::canonicalize(const std::string& authzid,
                                                    sasl_out_params_t* oparams) {
  const bool is_same = authzid.empty() || authzid == authid_;
  // Verified by Kerberos: no database of libsasl's needs to know the user.
  constexpr unsigned kVerified = SASL_CU_EXTERNALLY_VERIFIED;
  const auto canon = [&](const std::string& name, unsigned flags) {
    return facts_.params.canon_user(facts_.sasl.conn(), name.c_str(),
                                    static_cast<unsigned>(name.size()), flags | kVerified, oparams);
  };
  int code = canon(authid_, is_same ? SASL_CU_AUTHID | SASL_CU_AUTHZID : SASL_CU_AUTHID);
  if (code == SASL_OK && !is_same) code = canon(authzid, SASL_CU_AUTHZID);
  if (code == SASL_OK) return std::nullopt;
  LoginError error = facts_.login_error(
      ErrorKind::kCallback,
      "libsasl or the application does not take the name \"" + printable(as_bytes(authid_)) +
          "\" acting as \"" + printable(as_bytes(is_same ? authid_ : authzid)) +
          "\" - look at its canon_user callback, and at auxprop plugins that fail");
  error.callback_code = code;
  return error;
}

// Option ccache_store: the delegated credential also goes where other programs find it.
std::optional<LoginError> ServerLogin::store_delegated(const sasl_out_params_t& oparams) {
  if (!facts_.options.ccache_store || context_->delegated() == GSS_C_NO_CREDENTIAL) {
    return std::nullopt;
  }
  const auto ccache = facts_.options.ccache_store->expand(oparams.authid);
  if (!ccache) return facts_.login_error(ErrorKind::kIdentity, ccache.error().message);
  const gss::Status stored = gss::store(context_->delegated(), *ccache);
  if (stored.is_complete()) return std::nullopt;
  return explain(facts_.subject() + " (storing the delegated credential in " + *ccache + ")",
                 ErrorKind::kConfiguration, stored);
}

void ServerLogin::fill(sasl_out_params_t* oparams) {
  delegated_ = context_->delegated();
  oparams->client_creds = delegated_ != GSS_C_NO_CREDENTIAL ? &delegated_ : nullptr;
  oparams->gss_peer_name = context_->source();
  oparams->gss_local_name = local_name();
  const bool is_bound = binding_.disposition == SASL_CB_DISP_USED;
  oparams->cbindingdisp = binding_.disposition;
  oparams->cbindingname = is_bound ? binding_.name.c_str() : nullptr;
}

}  // namespace gssloop::plugin
