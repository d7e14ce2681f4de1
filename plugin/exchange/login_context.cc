// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/login_context.h"

#include <utility>

#include "gssloop/authz/identity.h"
#include "plugin/exchange/login_audit.h"

namespace gssloop::plugin {

AcceptorKey acceptor_key(const SaslMechanism& mechanism, const sasl_server_params_t& params,
                         const AcceptorOptions& options) {
  return {mechanism.gss_mechanism.oid, params.service != nullptr ? params.service : "",
          params.serverFQDN != nullptr ? params.serverFQDN : "", options.keytab,
          options.service_principal};
}

std::optional<LoginError> LoginContext::begin() {
  auto read = Options::read(sasl, plugin->sasl_names);
  if (read) {
    options = *std::move(read);
  } else if (auto audit = AuditOptions::read(sasl)) {
    // This refusal is a decision, too.
    options.audit = *std::move(audit);
  }
  if (options.audit.to != AuditOptions::To::kNothing) {
    record = begin_record(mechanism.sasl_name, params);
  }
  if (!read) return LoginError{ErrorKind::kConfiguration, read.error().message};
  if (auto error = options.audit.check()) {
    return LoginError{ErrorKind::kConfiguration, std::move(error->message)};
  }
  key = acceptor_key(mechanism, params, options);
  const auto snapshot = plugin->policies.current(options.policy, sasl);
  if (snapshot->policy == nullptr) {
    return login_error(ErrorKind::kConfiguration, "the policy has an error: " + snapshot->summary);
  }
  policy = snapshot->policy;
  policy_mechanism = arrives_at(mechanism.gss_mechanism.oid).is_kerberos()
                         ? "krb5"
                         : mechanism.gss_mechanism.policy_name();
  return std::nullopt;
}

std::optional<LoginError> LoginContext::check_authzid(const std::string& authzid) const {
  if (authzid.empty()) return std::nullopt;
  note_authzid(authzid);
  if (auto error = authz::check_login_name(authzid)) {
    return login_error(ErrorKind::kIdentity,
                       "the authorization identity cannot be used: " + error->message);
  }
  return std::nullopt;
}

}  // namespace gssloop::plugin
