// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_SERVER_LOGIN_H_
#define GSSLOOP_PLUGIN_EXCHANGE_SERVER_LOGIN_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/decision.h"
#include "plugin/exchange/login_context.h"
#include "plugin/exchange/server_session.h"

namespace gssloop::plugin {

// Binding is the result of channel binding.
struct Binding {
  sasl_cbinding_disp_t disposition = SASL_CB_DISP_NONE;
  std::string name = {};  // of SASL_CB_DISP_USED
};

// ServerLogin handles a complete context on a server, in every mechanism:
//
//   context -> check of the server's name in the ticket -> facts about the peer
//           -> the policy's decision, with canon_user in it -> auxiliary properties
//           -> libsasl's output parameters
//
// What the connection needs afterwards it stores in the session.
class ServerLogin {
 public:
  // ServerLogin borrows both.
  ServerLogin(const LoginContext& login, ServerSession* session)
      : login_(login), session_(*session) {}
  ServerLogin(const ServerLogin&) = delete;
  ServerLogin& operator=(const ServerLogin&) = delete;

  // begin removes property values that an earlier attempt on this connection, or a database, set.
  void begin();

  // credential is the acceptor credential: the application's own, or the one that the options name.
  // Borrowed. is_just_offered: a moment ago, server_avail looked at the keytab.
  Result<gss_cred_id_t, LoginError> credential(bool is_just_offered);
  // keytab is the one that the credential came from; nullopt: the application did not say so.
  std::optional<std::string> keytab() const;

  // on_context takes the context and collects the facts about the peer.
  std::optional<LoginError> on_context(loop::EstablishedContext context);

  // complete_login lets the policy and the application decide, with the peer acting as `authzid`
  // (empty: as itself). `ssf` is the strength of the security layer, in bits. The objects that
  // `oparams` then points to are the session's.
  std::optional<LoginError> complete_login(const std::string& authzid, Binding binding,
                                           unsigned ssf, sasl_out_params_t* oparams);

 private:
  std::optional<LoginError> check_acceptor_name();
  std::optional<LoginError> collect_peer_info(const gss::MemoryKeytab* keys);
  void read_attributes(const gss::MemoryKeytab* keys);
  void read_local_name();
  gss_name_t local_name();
  std::optional<LoginError> decide(const std::string& authzid, authz::RuleContext* rules,
                                   sasl_out_params_t* oparams);
  int canonicalize(authz::LoginDecision* decision, sasl_out_params_t* oparams) const;
  LoginError error_of(const authz::LoginDecision& decision) const;
  std::optional<LoginError> check_delegated();
  std::optional<LoginError> store_delegated(const sasl_out_params_t& oparams);
  void fill(sasl_cbinding_disp_t disposition, sasl_out_params_t* oparams);

  const LoginContext& login_;
  ServerSession& session_;
  // Definitions of the requested properties, and of the attributes whose values the audit trail
  // has.
  std::vector<authz::Definition> requested_;
  AcceptorPool::Lease lease_;  // until there is a context
  authz::PeerInfo peer_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_SERVER_LOGIN_H_
