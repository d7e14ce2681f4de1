// SPDX-License-Identifier: BSD-2-Clause
#include <sasl/prop.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string_view>

#include "bench/logins.h"

namespace gssloop::bench {
namespace {

constexpr char kMechanism[] = "GS2-KRB5";
constexpr char kService[] = "imap";
constexpr char kHost[] = "localhost";
constexpr char kPeer[] = "alice";
constexpr char kIndicators[] = "*auth-indicators";

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using Connection = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

void check(int result, const char* what, sasl_conn_t* connection = nullptr) {
  if (result == SASL_OK) return;
  const char* detail =
      connection == nullptr ? sasl_errstring(result, nullptr, nullptr) : sasl_errdetail(connection);
  throw std::runtime_error(std::string(what) + ": " + detail);
}

// ---- What libsasl needs from a program with threads

void* new_mutex() { return new (std::nothrow) std::mutex; }
int lock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->lock();
  return 0;
}
int unlock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->unlock();
  return 0;
}
void free_mutex(void* mutex) { delete static_cast<std::mutex*>(mutex); }

// ---- A user database in which everybody is: Cyrus SASL's server refuses whom none knows. Given to
// all modules alike.

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

int on_authname(void* context, int /*id*/, const char** result, unsigned* len) {
  const auto* name = static_cast<const std::string*>(context);
  *result = name->c_str();
  if (len != nullptr) *len = static_cast<unsigned>(name->size());
  return SASL_OK;
}

// libsasl keeps callbacks of every signature as int (*)().
template <typename Function>
int (*generic(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

class SaslLogins final : public Logins {
 public:
  explicit SaslLogins(const SaslSettings& settings) : settings_(settings) {
    sasl_set_mutex(new_mutex, lock_mutex, unlock_mutex, free_mutex);
    // Both sides find these two; the log is silenced, as most of it would go to syslog.
    const sasl_callback_t log{SASL_CB_LOG, generic(&on_log), nullptr};
    const sasl_callback_t end{SASL_CB_LIST_END, nullptr, nullptr};
    server_callbacks_[0] = log;
    server_callbacks_[1] = end;
    client_callbacks_[0] = log;
    client_callbacks_[1] = end;
    client_callbacks_[2] = end;
    if (!settings_.authname.empty()) {
      client_callbacks_[1] = {SASL_CB_AUTHNAME, generic(&on_authname),
                              const_cast<std::string*>(&settings_.authname)};
    }
    check(sasl_client_init(client_callbacks_), "sasl_client_init");
    check(sasl_server_init(server_callbacks_, "gssloop-bench"), "sasl_server_init");
    check(sasl_auxprop_add_plugin("any-user", init_any_user), "sasl_auxprop_add_plugin");
  }
  ~SaslLogins() override { sasl_done(); }

  void login() const override {
    const Connection client = new_client();
    const Connection server = new_server();
    const char* out = nullptr;
    unsigned out_len = 0;
    const char* chosen = nullptr;
    int result = sasl_client_start(client.get(), kMechanism, nullptr, &out, &out_len, &chosen);
    check(result == SASL_CONTINUE ? SASL_OK : result, "sasl_client_start", client.get());
    const char* answer = nullptr;
    unsigned answer_len = 0;
    check(sasl_server_start(server.get(), kMechanism, out, out_len, &answer, &answer_len),
          "sasl_server_start", server.get());
    check_identity(server.get());
    check(sasl_client_step(client.get(), answer, answer_len, nullptr, &out, &out_len),
          "sasl_client_step", client.get());
  }

 private:
  Connection new_client() const {
    sasl_conn_t* connection = nullptr;
    check(sasl_client_new(kService, kHost, nullptr, nullptr, client_callbacks_, SASL_SUCCESS_DATA,
                          &connection),
          "sasl_client_new");
    return Connection(connection);
  }

  Connection new_server() const {
    sasl_conn_t* connection = nullptr;
    check(sasl_server_new(kService, kHost, nullptr, nullptr, nullptr, server_callbacks_,
                          SASL_SUCCESS_DATA, &connection),
          "sasl_server_new");
    Connection owned(connection);
    const char* names[] = {kIndicators, nullptr};
    if (settings_.asks_indicators) {
      check(sasl_auxprop_request(connection, names), "sasl_auxprop_request");
    }
    return owned;
  }

  void check_identity(sasl_conn_t* server) const {
    const void* authid = nullptr;
    check(sasl_getprop(server, SASL_AUTHUSER, &authid), "sasl_getprop");
    if (authid == nullptr || std::string_view(static_cast<const char*>(authid)) != kPeer) {
      throw std::runtime_error("the server saw somebody else");
    }
    if (!settings_.asks_indicators) return;
    const char* names[] = {kIndicators, nullptr};
    propval values[2] = {};
    if (prop_getnames(sasl_auxprop_getctx(server), names, values) != 1 ||
        values[0].values == nullptr) {
      throw std::runtime_error("the server got no indicators");
    }
  }

  const SaslSettings settings_;
  sasl_callback_t client_callbacks_[3] = {};
  sasl_callback_t server_callbacks_[2] = {};
};

}  // namespace

std::unique_ptr<Logins> sasl_logins(const SaslSettings& settings) {
  return std::make_unique<SaslLogins>(settings);
}

}  // namespace gssloop::bench
