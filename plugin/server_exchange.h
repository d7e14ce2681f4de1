// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_EXCHANGE_H_
#define GSSLOOP_PLUGIN_SERVER_EXCHANGE_H_

#include <optional>

#include "gssloop/loop/acceptor.h"
#include "plugin/exchange.h"
#include "plugin/server_login.h"

namespace gssloop::plugin {

// ServerExchange is one server's exchange, from the client's first message to a complete context,
// as far as all mechanisms share it:
//
//   message -> (the mechanism's own part) -> Acceptor -> context -> ServerLogin -> SASL_OK
//
// A mechanism says what its first message is, and what follows the context.
class ServerExchange : public Exchange {
 public:
  // step is libsasl's mech_step: returns SASL_OK, SASL_CONTINUE or an error code. `client_in` is
  // nullopt where there was no message at all.
  int step(std::optional<ByteView> client_in, const char** server_out, unsigned* server_out_len,
           sasl_out_params_t* oparams);

 protected:
  ServerExchange(ServerPlugin* plugin, const SaslMechanism& mechanism,
                 const sasl_server_params_t& params)
      : Exchange(params.utils), facts_(plugin, mechanism, params), login_(facts_) {}

  // on_first_message takes the client's first message apart and calls negotiate().
  virtual StepResult on_first_message(ByteView message) = 0;
  // on_established follows the last token, when the peer is known; a token may be ready to be sent.
  virtual StepResult on_established() = 0;
  // on_later_message takes what comes after the context is complete.
  virtual StepResult on_later_message(ByteView message);

  // negotiate begins the loop with the client's first token. `bindings` and `required` as in
  // gssloop/loop/acceptor.h.
  StepResult negotiate(std::optional<gss::ChannelBindings> bindings, Flags required,
                       ByteView token);
  // For mechanisms that pass the application's own bindings (application_binding.h): check_unbound
  // refuses a peer that did not bind where the application insists; verified_binding is what to
  // tell libsasl.
  std::optional<LoginError> check_unbound();
  Binding verified_binding();
  // finish lets the peer in; the last thing that a mechanism does.
  StepResult finish(const std::string& authzid, Binding binding);

  const ServerFacts& facts() const noexcept { return facts_; }
  loop::EstablishedContext& context() noexcept { return login_.context(); }

 private:
  int report(const LoginError& error) const final {
    return report_server(sasl(), error, facts_.options.is_verbose);
  }
  std::string layer_name() const final;
  StepResult advance(std::optional<ByteView> client_in);
  StepResult begin(ByteView message);
  StepResult perform(loop::Step step);
  Result<gss_cred_id_t, LoginError> credential();

  ServerFacts facts_;
  ServerLogin login_;
  std::optional<loop::Acceptor> acceptor_;
  bool has_challenged_ = false;
  // Why this login has failed already, while its error token is under way.
  std::optional<LoginError> announced_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_EXCHANGE_H_
