// SPDX-License-Identifier: BSD-2-Clause
#include "bench/sasl_calls.h"

#include <sasl/saslplug.h>

#include <stdexcept>

#include "bench/logins.h"

namespace gssloop::bench {
namespace {

constexpr char kService[] = "imap";
constexpr char kHost[] = "localhost";

int look_up(void* /*glob_context*/, sasl_server_params_t* /*params*/, unsigned /*flags*/,
            const char* /*user*/, unsigned /*user_len*/) {
  return SASL_OK;
}

int init_any_user(const sasl_utils_t* /*utils*/, int /*max_version*/, int* out_version,
                  sasl_auxprop_plug_t** out_plug, const char* /*name*/) {
  static char name[] = "any-user";
  static sasl_auxprop_plug_t plug = {0, 0, nullptr, nullptr, look_up, name, nullptr};
  *out_version = SASL_AUXPROP_PLUG_VERSION;
  *out_plug = &plug;
  return SASL_OK;
}

int on_log(void* /*context*/, int /*level*/, const char* /*message*/) { return SASL_OK; }

bool is_going(int result) { return result == SASL_OK || result == SASL_CONTINUE; }

}  // namespace

void check(int result, const char* what, sasl_conn_t* connection) {
  if (result == SASL_OK) return;
  const char* detail =
      connection == nullptr ? sasl_errstring(result, nullptr, nullptr) : sasl_errdetail(connection);
  throw std::runtime_error(std::string(what) + ": " + detail);
}

void start_library() {
  // Silenced, as most of the log would go to syslog.
  static const sasl_callback_t callbacks[] = {{SASL_CB_LOG, as_callback(&on_log), nullptr},
                                              {SASL_CB_LIST_END, nullptr, nullptr}};
  testing::set_sasl_mutexes();
  check(sasl_client_init(callbacks), "sasl_client_init");
  check(sasl_server_init(callbacks, kServerName), "sasl_server_init");
  check(sasl_auxprop_add_plugin("any-user", init_any_user), "sasl_auxprop_add_plugin");
}

Connection new_client(const sasl_callback_t* callbacks) {
  sasl_conn_t* connection = nullptr;
  check(
      sasl_client_new(kService, kHost, nullptr, nullptr, callbacks, SASL_SUCCESS_DATA, &connection),
      "sasl_client_new");
  return Connection(connection);
}

Connection new_server(const sasl_callback_t* callbacks) {
  sasl_conn_t* connection = nullptr;
  check(sasl_server_new(kService, kHost, nullptr, nullptr, nullptr, callbacks, SASL_SUCCESS_DATA,
                        &connection),
        "sasl_server_new");
  return Connection(connection);
}

void log_in(sasl_conn_t* client, sasl_conn_t* server, const char* mechanism) {
  const char *out = nullptr, *answer = nullptr, *chosen = nullptr;
  unsigned out_len = 0, answer_len = 0;
  int at_client = sasl_client_start(client, mechanism, nullptr, &out, &out_len, &chosen);
  if (!is_going(at_client)) check(at_client, "sasl_client_start", client);
  int at_server = sasl_server_start(server, mechanism, out, out_len, &answer, &answer_len);
  while (is_going(at_server) && at_client == SASL_CONTINUE) {
    at_client = sasl_client_step(client, answer, answer_len, nullptr, &out, &out_len);
    if (!is_going(at_client)) check(at_client, "sasl_client_step", client);
    if (at_server == SASL_OK) break;
    at_server = sasl_server_step(server, out, out_len, &answer, &answer_len);
  }
  check(at_server, "sasl_server_step", server);
  check(at_client, "sasl_client_step", client);
}

}  // namespace gssloop::bench
