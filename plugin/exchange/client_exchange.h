// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_CLIENT_EXCHANGE_H_
#define GSSLOOP_PLUGIN_EXCHANGE_CLIENT_EXCHANGE_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/loop/initiator.h"
#include "plugin/exchange/client_credentials.h"
#include "plugin/exchange/exchange.h"
#include "plugin/layer/layer_terms.h"
#include "plugin/sasl/mechanism.h"
#include "plugin/sasl/options.h"

namespace gssloop::plugin {

// ClientPlugin is what all logins of a client process share, immutable.
struct ClientPlugin {
  std::vector<std::string> sasl_names;  // for Options::read
};

// ClientExchange is the part of a client's exchange that all mechanisms share:
//
//   identity and credential -> Initiator -> (the mechanism's own part) -> libsasl's output
//   parameters
class ClientExchange : public Exchange {
 public:
  ClientExchange(const ClientPlugin& plugin, const SaslMechanism& mechanism,
                 const sasl_client_params_t& params)
      : Exchange(params.utils),
        plugin_(plugin),
        mechanism_(mechanism),
        params_(params),
        credentials_(params.service) {}

  // step is libsasl's mech_step: returns SASL_OK, SASL_CONTINUE, SASL_INTERACT or an error code.
  int step(std::optional<ByteView> server_in, sasl_interact_t** prompt_need,
           const char** client_out, unsigned* client_out_len, sasl_out_params_t* oparams);

 protected:
  // Plan is what a mechanism requests of the context.
  struct Plan {
    Flags request;  // beside mutual authentication, which every mechanism requests and requires
    std::optional<gss::ChannelBindings> bindings;
    // Integrity and confidentiality only where `request` has them (R10).
    bool only_as_requested = false;
  };

  virtual Result<Plan, LoginError> plan() = 0;
  // put_token stores a token of the loop as this step's output.
  virtual std::optional<LoginError> put_token(ByteView token);
  // on_established is called after the last token; a token may be stored as output.
  virtual StepResult on_established() = 0;
  // on_later_message handles a message that arrives after the context is complete.
  virtual StepResult on_later_message(ByteView message);

  // plan_by_limits is the plan of GSSAPI and GSS-SPNEGO: the application's bindings, and the flags
  // for every layer that its security properties allow. It requests confidentiality only if
  // `wants_confidentiality`. `always` are additional flags.
  Result<Plan, LoginError> plan_by_limits(const SsfLimits& limits, bool wants_confidentiality,
                                          Flags always);
  // finish tells libsasl that the login is complete, with the client acting as `authzid` (empty: as
  // itself). It is the last call of a mechanism.
  StepResult finish(const std::string& authzid);

  std::string subject() const;
  LoginError login_error(ErrorKind kind, const std::string& message) const {
    return {kind, subject() + " failed: " + message};
  }
  SsfLimits ssf_limits() const { return SsfLimits::of(params_.props, params_.external_ssf); }
  bool is_http() const noexcept { return (params_.flags & SASL_NEED_HTTP) != 0; }
  const SaslMechanism& mechanism() const noexcept { return mechanism_; }
  const sasl_client_params_t& params() const noexcept { return params_; }
  const Options& options() const noexcept { return options_; }
  const std::string& authzid() const noexcept { return credentials_.authzid(); }
  loop::EstablishedContext& context() noexcept { return *context_; }

 private:
  int report(const LoginError& error) const final { return report_client(sasl(), error); }
  std::string layer_name() const final {
    return mechanism_.sasl_name + " security layer to " + target_;
  }
  StepResult advance(ByteView message, sasl_interact_t** prompt_need);
  StepResult begin(sasl_interact_t** prompt_need);
  bool forbids_anonymity() const noexcept {
    return (params_.props.security_flags & SASL_SEC_NOANONYMOUS) != 0;
  }
  std::optional<LoginError> check_anonymity() const;
  StepResult start_loop();
  StepResult perform(loop::Step step);
  std::optional<LoginError> name_both_sides();
  std::optional<LoginError> canonicalize(const std::string& authzid);

  const ClientPlugin& plugin_;
  const SaslMechanism& mechanism_;
  const sasl_client_params_t& params_;  // libsasl's, which may change between steps
  ClientCredentials credentials_;
  Options options_;
  std::string target_;
  std::optional<loop::Initiator> initiator_;
  std::optional<loop::EstablishedContext> context_;
  gss::Name local_name_, peer_name_;
  // The reason why this login failed. After a failure libsasl disposes of a server's exchange, but
  // not of a client's.
  std::optional<LoginError> failed_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_CLIENT_EXCHANGE_H_
