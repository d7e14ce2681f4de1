// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_SERVER_EXCHANGE_H_
#define GSSLOOP_PLUGIN_EXCHANGE_SERVER_EXCHANGE_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "gssloop/loop/acceptor.h"
#include "plugin/exchange/exchange.h"
#include "plugin/exchange/login_context.h"
#include "plugin/exchange/server_login.h"
#include "plugin/exchange/server_session.h"

namespace gssloop::plugin {

// ServerExchange is the part of a server's exchange that all mechanisms share, from the client's
// first message to a complete context. advance() is the whole path of a message:
//
//   message -> open() -> Acceptor -> context -> on_established() -> ServerLogin -> SASL_OK
//
// A mechanism returns the input of the acceptor, and the next step after the context. When the
// login is complete, only the ServerSession remains.
class ServerExchange : public Exchange {
 public:
  // step is libsasl's mech_step: returns SASL_OK, SASL_CONTINUE or an error code. `client_in` is
  // nullopt if the client sent no message at all.
  int step(std::optional<ByteView> client_in, const char** server_out, unsigned* server_out_len,
           sasl_out_params_t* oparams);

  // Records an exchange that ends without a decision.
  ~ServerExchange() override;

 protected:
  ServerExchange(ServerPlugin* plugin, const SaslMechanism& mechanism,
                 const sasl_server_params_t& params)
      : Exchange(params.utils),
        mechanism_(mechanism),
        session_(sasl(), params.propctx),
        login_(std::make_unique<Login>(plugin, mechanism, params, this)) {}

  // Opening is the input with which a context is accepted.
  struct Opening {
    std::optional<gss::ChannelBindings> bindings;
    Flags required;     // as in gssloop/loop/acceptor.h
    ByteView token;     // the client's first; points into its message, or into `framed`
    Bytes framed = {};  // storage for a token with a restored header
  };
  // The result of a message. The exchange continues, and sends the output that the mechanism stored
  // with put(); or it is complete, with the authorization identity (empty: the peer's own) and the
  // result of channel binding; or it fails.
  struct Continue {};
  struct Completion {
    std::string authzid;
    Binding binding;
  };
  using Next = std::variant<Continue, Completion, LoginError>;

  // open parses the client's first message.
  virtual Result<Opening, LoginError> open(ByteView message) = 0;
  // check_token is called before a token of the loop is sent; after a failure it is not sent.
  virtual std::optional<LoginError> check_token(ByteView token);
  // on_established is called after the last token, when the peer is known; a token may be stored as
  // output.
  virtual Next on_established() = 0;
  // on_later_message handles a message that arrives after the context is complete.
  virtual Next on_later_message(ByteView message);

  // For mechanisms that pass the application's own bindings (application_binding.h): check_unbound
  // refuses a peer that did not bind if the application requires a binding; verified_binding is the
  // result for libsasl.
  std::optional<LoginError> check_unbound();
  Binding verified_binding();

  // login may be called until the login is complete, context since it is established.
  const LoginContext& login() const noexcept { return login_->context; }
  loop::EstablishedContext& context() noexcept { return *session_.context; }

 private:
  // Login is what is needed until the login is complete.
  struct Login {
    Login(ServerPlugin* plugin, const SaslMechanism& mechanism, const sasl_server_params_t& params,
          ServerExchange* exchange)
        : context(plugin, mechanism, params, exchange->sasl()),
          server(context, &exchange->session_) {}
    LoginContext context;
    ServerLogin server;
    std::optional<loop::Acceptor> acceptor;
    const std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();
    bool has_challenged = false;
    bool is_in_step = false;  // still true after it: an exception left the step
    // The failure of this login, while its error token is being sent.
    std::optional<LoginError> announced;
  };

  int report(const LoginError& error) const final {
    return report_server(sasl(), error, session_.is_verbose);
  }
  std::string layer_name() const final;
  StepResult advance(std::optional<ByteView> client_in);
  std::optional<LoginError> begin(ByteView message, Opening* opening);
  StepResult fail(const loop::Step& step);
  StepResult complete(Completion completion);
  // Each writes the line of this login to the audit trail, if there is one, and if no other did.
  void record_refusal(const LoginError& error);
  std::optional<LoginError> record_admission();
  void record_end() noexcept;

  const SaslMechanism& mechanism_;
  ServerSession session_;
  std::unique_ptr<Login> login_;  // null when the login is complete
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_SERVER_EXCHANGE_H_
