// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/plain_login.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace gssloop::testing {
namespace {

constexpr char kMessage[] = "message";

bool goes_on(int code) { return code == SASL_OK || code == SASL_CONTINUE; }

int on_path(void*, const char** path) {
  *path = std::getenv("GSSLOOP_PLUGIN_DIR");
  return SASL_OK;
}
int on_configuration_path(void*, char** path) {
  *path = std::getenv("GSSLOOP_PLUGIN_DIR");
  return SASL_OK;
}
int on_library_log(void*, int, const char*) { return SASL_OK; }
int on_no_option(void*, const char*, const char*, const char**, unsigned*) { return SASL_FAIL; }

const sasl_callback_t kLibraryCallbacks[] = {
    {SASL_CB_LOG, as_callback(&on_library_log), nullptr},
    {SASL_CB_GETOPT, as_callback(&on_no_option), nullptr},
    {SASL_CB_GETPATH, as_callback(&on_path), nullptr},
    {SASL_CB_GETCONFPATH, as_callback(&on_configuration_path), nullptr},
    {SASL_CB_LIST_END, nullptr, nullptr}};

}  // namespace

PlainLogin::PlainLogin(const LoginExchange& exchange, const SaslOptions& options)
    : exchange_(exchange), options_(options) {
  client_.callbacks = {{SASL_CB_LOG, as_callback(&on_log), client_.log.data()}};
  if (exchange.client.user.how != Reply::How::kAbsent) {
    client_.callbacks.push_back({SASL_CB_USER, as_callback(&on_user), this});
  }
  server_.callbacks = {
      {SASL_CB_LOG, as_callback(&on_log), server_.log.data()},
      {SASL_CB_GETOPT, as_callback(&on_option), const_cast<SaslOptions*>(&options_)},
      {SASL_CB_PROXY_POLICY, as_callback(&on_proxy), nullptr}};
  for (Side* side : {&client_, &server_}) {
    side->callbacks.push_back({SASL_CB_LIST_END, nullptr, nullptr});
  }
  if (!exchange.client.binding) return;
  binding_.name = exchange.client.binding->name.c_str();
  binding_.critical = exchange.client.binding->is_critical ? 1 : 0;
  binding_.data = reinterpret_cast<const unsigned char*>(exchange.client.binding->data.data());
  binding_.len = exchange.client.binding->data.size();
}

PlainLogin::~PlainLogin() {
  sasl_dispose(&client_.connection);
  sasl_dispose(&server_.connection);
}

int PlainLogin::on_log(void* context, int level, const char* line) {
  if (level <= SASL_LOG_WARN) std::strncpy(static_cast<char*>(context), line, 4095);
  return SASL_OK;
}

int PlainLogin::on_user(void* context, int, const char** result, unsigned* len) {
  const std::string& text = static_cast<PlainLogin*>(context)->exchange_.client.user.text;
  *result = text.c_str();
  if (len != nullptr) *len = static_cast<unsigned>(text.size());
  return SASL_OK;
}

int PlainLogin::on_proxy(sasl_conn_t*, void*, const char*, unsigned, const char*, unsigned,
                         const char*, unsigned, propctx*) {
  return SASL_OK;
}

int PlainLogin::start_library() noexcept {
  sasl_done();
  const int code = sasl_client_init(kLibraryCallbacks);
  return code != SASL_OK ? code : sasl_server_init(kLibraryCallbacks, "gssloop-test");
}

// libsasl leaves a part of a connection: sasl_errdetail reads and sasl_dispose calls what it lacks.
int PlainLogin::give_up(int code, Side* side) noexcept {
  side->connection = nullptr;
  return code;
}

int PlainLogin::set_up(Side* side, const Strength& strength, unsigned flags) noexcept {
  sasl_security_properties_t security{};
  security.min_ssf = strength.min_ssf;
  security.max_ssf = strength.max_ssf;
  security.maxbufsize = strength.maxbufsize;
  security.security_flags = flags;
  const int code = sasl_setprop(side->connection, SASL_SEC_PROPS, &security);
  if (code != SASL_OK || binding_.name == nullptr) return code;
  return sasl_setprop(side->connection, SASL_CHANNEL_BINDING, &binding_);
}

int PlainLogin::make_client() noexcept {
  const ClientSetup& setup = exchange_.client;
  const int code =
      sasl_client_new(setup.service.c_str(), setup.host.c_str(), nullptr, nullptr,
                      client_.callbacks.data(), SASL_SUCCESS_DATA, &client_.connection);
  return code != SASL_OK ? give_up(code, &client_)
                         : set_up(&client_, setup.strength, setup.security_flags);
}

int PlainLogin::make_server() noexcept {
  const ServerSetup& setup = exchange_.server;
  const int code =
      sasl_server_new(setup.service.c_str(), setup.host.c_str(), nullptr, nullptr, nullptr,
                      server_.callbacks.data(), SASL_SUCCESS_DATA, &server_.connection);
  return code != SASL_OK ? give_up(code, &server_)
                         : set_up(&server_, setup.strength, setup.security_flags);
}

// As log_in() of tests/support/sasl_pair.h.
void PlainLogin::exchange_messages() noexcept {
  const char* out = nullptr;
  unsigned len = 0;
  const char* chosen = nullptr;
  client_.code = sasl_client_start(client_.connection, exchange_.mechanism.c_str(), nullptr, &out,
                                   &len, &chosen);
  server_.code = SASL_CONTINUE;
  if (!goes_on(client_.code)) return;
  const void* mechanism = nullptr;
  if (sasl_getprop(client_.connection, SASL_MECHNAME, &mechanism) != SASL_OK) return;
  server_.code = sasl_server_start(server_.connection, static_cast<const char*>(mechanism), out,
                                   len, &out, &len);
  for (int i = 0; i < 8 && goes_on(server_.code); ++i) {
    const bool is_server_done = server_.code == SASL_OK;
    if (is_server_done && out == nullptr) return;
    client_.code = sasl_client_step(client_.connection, out, len, nullptr, &out, &len);
    if (!goes_on(client_.code) || is_server_done) return;
    if (out == nullptr) len = 0;
    server_.code = sasl_server_step(server_.connection, out != nullptr ? out : "", len, &out, &len);
  }
}

const char* PlainLogin::send(Side* from, Side* to) noexcept {
  const char* out = nullptr;
  unsigned len = 0;
  if (sasl_encode(from->connection, kMessage, sizeof kMessage - 1, &out, &len) != SASL_OK) {
    return "not sent: ";
  }
  if (sasl_decode(to->connection, out, len, &out, &len) != SASL_OK) return "not received: ";
  return std::string_view(out, len) == kMessage ? kMessage : "changed";
}

LoginOutcome PlainLogin::outcome(const std::string& stored) {
  LoginOutcome outcome;
  outcome.client.code = client_.code;
  outcome.server.code = server_.code;
  const auto detail = [](const Side& side) -> std::string {
    return side.connection != nullptr ? sasl_errdetail(side.connection) : "sasl_new failed";
  };
  outcome.client.said = detail(client_);
  outcome.server.said = detail(server_) + " " + server_.log.data();
  const auto property = [](const Side& side, int number) {
    const void* value = nullptr;
    return sasl_getprop(side.connection, number, &value) == SASL_OK ? value : nullptr;
  };
  const auto name = [&](int number) {
    const void* const value = property(server_, number);
    return value != nullptr ? std::string(static_cast<const char*>(value)) : "";
  };
  if (client_.code == SASL_OK) {
    outcome.client.ssf = *static_cast<const sasl_ssf_t*>(property(client_, SASL_SSF));
  }
  if (server_.code == SASL_OK) {
    outcome.server.ssf = *static_cast<const sasl_ssf_t*>(property(server_, SASL_SSF));
    outcome.server.granted = granted_text(name(SASL_AUTHUSER), name(SASL_USERNAME),
                                          property(server_, SASL_DELEGATEDCREDS) != nullptr, stored,
                                          read_properties(sasl_auxprop_getctx(server_.connection)));
  }
  if (outcome.ok()) outcome.messages = std::string(to_server_) + ", " + to_client_;
  return outcome;
}

}  // namespace gssloop::testing
