// SPDX-License-Identifier: BSD-2-Clause
#include <sasl/prop.h>
#include <sasl/sasl.h>

#include <stdexcept>
#include <string_view>

#include "bench/logins.h"
#include "bench/sasl_calls.h"

namespace gssloop::bench {
namespace {

constexpr char kPeer[] = "alice";
constexpr char kIndicators[] = "*auth-indicators";

int on_authname(void* context, int /*id*/, const char** result, unsigned* len) {
  const auto* name = static_cast<const std::string*>(context);
  *result = name->c_str();
  if (len != nullptr) *len = static_cast<unsigned>(name->size());
  return SASL_OK;
}

class SaslLogins final : public Logins {
 public:
  explicit SaslLogins(const SaslSettings& settings) : settings_(settings) {
    const sasl_callback_t end{SASL_CB_LIST_END, nullptr, nullptr};
    client_callbacks_[0] = end;
    client_callbacks_[1] = end;
    if (!settings_.authname.empty()) {
      client_callbacks_[0] = {SASL_CB_AUTHNAME, as_callback(&on_authname),
                              const_cast<std::string*>(&settings_.authname)};
    }
    start_library();
  }
  ~SaslLogins() override { sasl_done(); }

  void login() const override {
    const Connection client = new_client(client_callbacks_);
    const Connection server = new_server(nullptr);
    set_up(client.get());
    set_up(server.get());
    if (settings_.asks_indicators) {
      const char* names[] = {kIndicators, nullptr};
      check(sasl_auxprop_request(server.get(), names), "sasl_auxprop_request");
    }
    log_in(client.get(), server.get(), settings_.mechanism.c_str());
    check_identity(server.get());
  }

 private:
  // What an application sets, so that a layer is negotiated where the mechanism has one.
  static void set_up(sasl_conn_t* connection) {
    sasl_security_properties_t security{};
    security.max_ssf = 256;
    security.maxbufsize = 65536;
    check(sasl_setprop(connection, SASL_SEC_PROPS, &security), "SASL_SEC_PROPS");
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
  sasl_callback_t client_callbacks_[2] = {};
};

}  // namespace

std::unique_ptr<Logins> sasl_logins(const SaslSettings& settings) {
  return std::make_unique<SaslLogins>(settings);
}

}  // namespace gssloop::bench
