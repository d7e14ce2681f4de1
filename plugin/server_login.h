// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_LOGIN_H_
#define GSSLOOP_PLUGIN_SERVER_LOGIN_H_

#include <memory>
#include <optional>
#include <string>

#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy.h"
#include "gssloop/loop/established_context.h"
#include "plugin/acceptor_credentials.h"
#include "plugin/auxprops.h"
#include "plugin/errors.h"
#include "plugin/mechanism.h"
#include "plugin/options.h"
#include "plugin/server_plugin.h"

namespace gssloop::plugin {

// acceptor_key gathers what a server's credential depends on.
AcceptorKey acceptor_key(const gss::Mechanism& mechanism, const sasl_server_params_t& params,
                         const AcceptorOptions& options);

// ServerFacts is what all parts of one login on a server go by.
struct ServerFacts {
  ServerFacts(ServerPlugin* server_plugin, const SaslMechanism& sasl_mechanism,
              const sasl_server_params_t& server_params)
      : plugin(server_plugin),
        mechanism(sasl_mechanism),
        params(server_params),
        sasl(server_params.utils) {}

  ServerPlugin* const plugin;
  const SaslMechanism& mechanism;
  const sasl_server_params_t& params;  // libsasl's, which may change between steps
  const SaslUtils sasl;
  // Known from the first message on.
  Options options = {};
  AcceptorKey key = {};
  std::shared_ptr<const AcceptorCredential> credential = {};  // null: the application's own
  // What held when the login began goes on to hold for it.
  std::shared_ptr<const authz::Policy> policy = {};

  // subject says which login this is, for a person.
  std::string subject() const { return mechanism.sasl_name + " login to " + key.text(); }
  LoginError login_error(ErrorKind kind, const std::string& message) const {
    return {kind, subject() + " failed: " + message};
  }
  // check_authzid says what is wrong with the identity that a client wants to act as; an empty one
  // stands for its own.
  std::optional<LoginError> check_authzid(const std::string& authzid) const;
};

// Binding is what became of channel binding.
struct Binding {
  sasl_cbinding_disp_t disposition = SASL_CB_DISP_NONE;
  std::string name = {};  // of SASL_CB_DISP_USED
};

// ServerLogin is what follows a complete context on a server, in every mechanism:
//
//   context -> which of our names was meant -> what is known of the peer -> who it is
//           -> require and deny -> canon_user -> authorize -> auxiliary properties
//           -> what libsasl is told
class ServerLogin {
 public:
  explicit ServerLogin(const ServerFacts& facts)
      : facts_(facts), properties_(facts.sasl, facts.params.propctx) {}
  ServerLogin(const ServerLogin&) = delete;
  ServerLogin& operator=(const ServerLogin&) = delete;

  // begin removes what an earlier attempt on this connection, or a database, left.
  void begin() { properties_.erase(*facts_.policy); }
  // on_context takes the context and finds out who the peer is.
  std::optional<LoginError> on_context(loop::EstablishedContext context);
  bool has_context() const noexcept { return context_.has_value(); }
  loop::EstablishedContext& context() noexcept { return *context_; }
  // authid is who the peer is, once it is identified.
  const std::string& authid() const noexcept { return authid_; }
  // complete_login lets the identified peer in, acting as `authzid` (empty: as itself). `ssf` is the
  // strength of the security layer. What `oparams` points to then lives as long as this object.
  std::optional<LoginError> complete_login(const std::string& authzid, Binding binding,
                                           unsigned ssf, sasl_out_params_t* oparams);

 private:
  std::optional<LoginError> check_acceptor_name();
  std::optional<LoginError> collect_peer_info();
  void read_attributes();
  void read_local_name();
  std::optional<LoginError> map_identity();
  bool is_named_by_policy() const;
  std::optional<LoginError> check_realm() const;
  std::optional<LoginError> check_access() const;
  std::optional<LoginError> authorize() const;
  const authz::Scope& scope() const;
  gss_name_t local_name();
  std::optional<LoginError> canonicalize(const std::string& authzid, sasl_out_params_t* oparams);
  std::optional<LoginError> store_delegated(const sasl_out_params_t& oparams);
  void fill(sasl_out_params_t* oparams);

  const ServerFacts& facts_;
  AuxProps properties_;
  std::optional<loop::EstablishedContext> context_;
  gss::Name acceptor_name_;
  authz::PeerInfo peer_;  // what is known of the peer
  std::string authid_;
  Binding binding_;
  gss_cred_id_t delegated_ = GSS_C_NO_CREDENTIAL;  // what oparams->client_creds points to
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_LOGIN_H_
