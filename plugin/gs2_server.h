// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_GS2_SERVER_H_
#define GSSLOOP_PLUGIN_GS2_SERVER_H_

#include <memory>
#include <optional>
#include <string>

#include "lib/gss/mechanisms.h"
#include "lib/loop/acceptor.h"
#include "plugin/auxprops.h"
#include "plugin/gs2_header.h"
#include "plugin/options.h"
#include "plugin/outcome.h"
#include "plugin/server_plugin.h"

namespace gssloop::plugin {

// judge_binding says what is wrong with a client's channel-binding flag, before anything else is
// looked at (RFC 5801 section 5): "y" while the server offers -PLUS, "p" with a binding that it
// does not have, "n" where the application requires binding.
std::optional<Refusal> judge_binding(const sasl_server_params_t& params, const Gs2Header& header);

// acceptor_key gathers what a server's credential depends on.
AcceptorKey acceptor_key(const gss::Mechanism& mechanism, const sasl_server_params_t& params,
                         const Options& options);

// Gs2Server is one server's exchange of a GS2 mechanism:
//
//   first message -> header -> binding verdict -> Acceptor -> context -> peer's name
//                 -> canon_user -> auxiliary properties -> SASL_OK
class Gs2Server {
 public:
  Gs2Server(ServerPlugin* plugin, const gss::Mechanism& mechanism,
            const sasl_server_params_t& params)
      : plugin_(plugin),
        mechanism_(mechanism),
        host_(params.utils),
        properties_(host_, params.propctx) {}
  Gs2Server(const Gs2Server&) = delete;
  Gs2Server& operator=(const Gs2Server&) = delete;
  ~Gs2Server();

  // step is libsasl's mech_step: returns SASL_OK, SASL_CONTINUE or an error code. `client_in` is
  // nullopt where there was no message at all.
  int step(const sasl_server_params_t& params, std::optional<ByteView> client_in,
           const char** server_out, unsigned* server_out_len, sasl_out_params_t* oparams);

 private:
  using Progress = Result<int, Refusal>;

  Progress advance(const sasl_server_params_t& params, std::optional<ByteView> client_in,
                   sasl_out_params_t* oparams);
  Progress on_first_message(const sasl_server_params_t& params, ByteView message,
                            sasl_out_params_t* oparams);
  std::optional<Refusal> judge_header(const sasl_server_params_t& params) const;
  std::optional<Refusal> make_acceptor(const sasl_server_params_t& params,
                                       const ParsedGs2Message& message);
  Progress obey(loop::Step step, const sasl_server_params_t& params, sasl_out_params_t* oparams);
  std::optional<Refusal> finish(loop::EstablishedContext context,
                                const sasl_server_params_t& params, sasl_out_params_t* oparams);
  Result<std::string, Refusal> name_peer();
  gss_name_t local_name();
  std::optional<Refusal> check_acceptor_name();
  std::optional<Refusal> check_realm(const sasl_server_params_t& params,
                                     const std::string& authid) const;
  Attributes read_attributes() const;
  std::optional<Refusal> canonicalize(const sasl_server_params_t& params, const std::string& authid,
                                      sasl_out_params_t* oparams);
  void fill(sasl_out_params_t* oparams);
  void put(ByteView token);
  std::string subject() const;

  ServerPlugin* const plugin_;
  const gss::Mechanism& mechanism_;
  const Host host_;
  AuxProps properties_;
  Options options_;
  AcceptorKey key_;
  Gs2Header header_;
  std::shared_ptr<const AcceptorCredential> credential_;
  std::optional<loop::Acceptor> acceptor_;
  std::optional<loop::EstablishedContext> context_;
  gss::Name acceptor_name_;
  gss_cred_id_t delegated_ = GSS_C_NO_CREDENTIAL;  // what oparams->client_creds points to
  bool has_challenged_ = false;
  // Why this login has failed already, while its error token is under way.
  std::optional<Refusal> announced_;
  sasl_out_params_t* filled_ = nullptr;
  std::string out_;  // what server_out points to
  bool has_out_ = false;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_GS2_SERVER_H_
