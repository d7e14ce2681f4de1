// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_LOGIN_CONTEXT_H_
#define GSSLOOP_PLUGIN_EXCHANGE_LOGIN_CONTEXT_H_

#include <memory>
#include <optional>
#include <string>

#include "gssloop/authz/policy.h"
#include "plugin/audit/record.h"
#include "plugin/sasl/errors.h"
#include "plugin/sasl/mechanism.h"
#include "plugin/sasl/options.h"
#include "plugin/sasl/sasl_utils.h"
#include "plugin/server/acceptor_credentials.h"
#include "plugin/server/server_plugin.h"

namespace gssloop::plugin {

// acceptor_key collects the values on which a server's credential depends.
AcceptorKey acceptor_key(const SaslMechanism& mechanism, const sasl_server_params_t& params,
                         const AcceptorOptions& options);

// LoginContext is the state that all parts of one login on a server share.
struct LoginContext {
  LoginContext(ServerPlugin* server_plugin, const SaslMechanism& sasl_mechanism,
               const sasl_server_params_t& server_params, const SaslUtils& sasl_utils)
      : plugin(server_plugin), mechanism(sasl_mechanism), params(server_params), sasl(sasl_utils) {}

  ServerPlugin* const plugin;
  const SaslMechanism& mechanism;
  const sasl_server_params_t& params;  // libsasl's, which may change between steps
  const SaslUtils& sasl;

  // begin fills the members below, at the client's first message, as far as it comes.
  std::optional<LoginError> begin();
  Options options = {};
  AcceptorKey key = {};
  // The policy that was in effect when the login began stays in effect for it.
  std::shared_ptr<const authz::Policy> policy = {};
  // The name that policies use for the context's mechanism: "krb5" under SPNEGO.
  std::string policy_mechanism = {};

  // What the audit trail will say of this login; null if there is no trail, or if it was said.
  std::unique_ptr<audit::Record> record = {};

  // note_authzid adds the requested authorization identity to the record.
  void note_authzid(const std::string& authzid) const {
    if (record) record->authzid = authzid;
  }
  // subject names this login in messages.
  std::string subject() const { return mechanism.sasl_name + " login to " + key.text(); }
  LoginError login_error(ErrorKind kind, const std::string& message) const {
    return {kind, subject() + " failed: " + message};
  }
  // check_authzid returns the error in a client's authorization identity. An empty one is the
  // client's own.
  std::optional<LoginError> check_authzid(const std::string& authzid) const;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_LOGIN_CONTEXT_H_
