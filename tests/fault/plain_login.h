// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_PLAIN_LOGIN_H_
#define GSSLOOP_TESTS_FAULT_PLAIN_LOGIN_H_

#include <array>
#include <string>
#include <vector>

#include "tests/fault/login_exchanges.h"

namespace gssloop::testing {

// PlainLogin is one login of an exchange by applications that allocate nothing, so that each
// allocation that fails is libsasl's, the module's or that of a library below, and no exception
// leaves a callback.
class PlainLogin {
 public:
  // `options` are the server's. Both must outlive this.
  PlainLogin(const LoginExchange& exchange, const SaslOptions& options);
  ~PlainLogin();
  PlainLogin(const PlainLogin&) = delete;
  PlainLogin& operator=(const PlainLogin&) = delete;

  // run makes the connections, logs in, and sends a message each way. `begin` is called when the
  // module's part begins. It allocates nothing itself.
  template <class Begin>
  void run(Begin begin) noexcept {
    if (exchange_.starts_library) {
      begin();
      client_.code = start_library();
      if (client_.code != SASL_OK) return;
    }
    if ((client_.code = make_client()) != SASL_OK) return;
    if ((server_.code = make_server()) != SASL_OK) return;
    if (!exchange_.starts_library) begin();
    exchange_messages();
    if (client_.code != SASL_OK || server_.code != SASL_OK) return;
    to_server_ = send(&client_, &server_);
    to_client_ = send(&server_, &client_);
  }
  // outcome is what came of it; `stored` is the ccache that the server stored.
  LoginOutcome outcome(const std::string& stored);

 private:
  struct Side {
    sasl_conn_t* connection = nullptr;
    int code = SASL_FAIL;
    std::array<char, 4096> log{};  // the last line
    std::vector<sasl_callback_t> callbacks;
  };

  static int on_log(void* context, int level, const char* line);
  static int on_user(void* context, int id, const char** result, unsigned* len);
  static int on_proxy(sasl_conn_t*, void*, const char*, unsigned, const char*, unsigned,
                      const char*, unsigned, propctx*);
  int start_library() noexcept;
  int make_client() noexcept;
  int make_server() noexcept;
  // After a failure of sasl_client_new or of sasl_server_new; returns its code.
  static int give_up(int code, Side* side) noexcept;
  int set_up(Side* side, const Strength& strength, unsigned flags) noexcept;
  void exchange_messages() noexcept;
  static const char* send(Side* from, Side* to) noexcept;

  const LoginExchange& exchange_;
  const SaslOptions& options_;
  Side client_, server_;
  sasl_channel_binding_t binding_{};
  const char* to_server_ = "";  // what became of the messages
  const char* to_client_ = "";
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_PLAIN_LOGIN_H_
