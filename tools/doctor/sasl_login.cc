// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/sasl_login.h"

#include <sasl/sasl.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "gssloop/gss/names.h"
#include "tools/doctor/sasl_callbacks.h"

namespace gssloop::tools {
namespace {

using End = SaslLogin::End;

// More than any mechanism needs.
constexpr int kMaxLegs = 100;

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using Connection = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

// The last line of the server's log that says why a login failed.
int on_server_log(void* context, int level, const char* message) {
  if (level <= SASL_LOG_FAIL) *static_cast<std::string*>(context) = message;
  return SASL_OK;
}

int on_log(void*, int, const char*) { return SASL_OK; }

// The server's configuration is not the client's.
int answer_nothing(void*, const char*, const char*, const char** result, unsigned* len) {
  *result = nullptr;
  if (len != nullptr) *len = 0;
  return SASL_OK;
}

// Side is one side's connection, and what its last call returned.
struct Side {
  Connection connection;
  int code = SASL_CONTINUE;
  const char* out = nullptr;
  unsigned out_len = 0;

  std::optional<std::string> message() const {
    if (out == nullptr) return std::nullopt;
    return std::string(out, out_len);
  }
  bool has_failed() const { return code != SASL_OK && code != SASL_CONTINUE; }
};

void set_up(sasl_conn_t* connection, const sasl_channel_binding_t* binding) {
  sasl_security_properties_t properties{};
  properties.max_ssf = 256;
  properties.maxbufsize = 65536;
  sasl_setprop(connection, SASL_SEC_PROPS, &properties);
  if (binding != nullptr) sasl_setprop(connection, SASL_CHANNEL_BINDING, binding);
}

std::string peer_name(sasl_conn_t* server) {
  const void* name = nullptr;
  if (sasl_getprop(server, SASL_GSS_PEER_NAME, &name) != SASL_OK || name == nullptr) return {};
  const auto displayed = gss::display(static_cast<gss_name_t>(const_cast<void*>(name)));
  return displayed ? displayed->text : std::string();
}

// Trial is one login.
class Trial {
 public:
  Trial(const SaslQuestion& question, const std::string& mechanism, bool is_bound);
  SaslLogin run();

 private:
  void exchange();
  SaslLogin result(End end, std::string sentence);

  const SaslQuestion& question_;
  SaslLogin login_;
  std::string server_log_;
  char octets_[33] = "the same octets on both sides ..";
  sasl_channel_binding_t binding_{};
  sasl_callback_t client_callbacks_[3];
  sasl_callback_t server_callbacks_[3];
  Side client_, server_;
};

Trial::Trial(const SaslQuestion& question, const std::string& mechanism, bool is_bound)
    : question_(question),
      client_callbacks_{{SASL_CB_GETOPT, as_callback(&answer_nothing), nullptr},
                        {SASL_CB_LOG, as_callback(&on_log), nullptr},
                        {SASL_CB_LIST_END, nullptr, nullptr}},
      server_callbacks_{{SASL_CB_GETOPT, as_callback(&answer_option), as_context(question.options)},
                        {SASL_CB_LOG, as_callback(&on_server_log), &server_log_},
                        {SASL_CB_LIST_END, nullptr, nullptr}} {
  login_.mechanism = mechanism;
  login_.is_bound = is_bound;
  binding_.name = "tls-exporter";
  binding_.len = sizeof octets_ - 1;
  binding_.data = reinterpret_cast<unsigned char*>(octets_);
}

SaslLogin Trial::result(End end, std::string sentence) {
  login_.end = end;
  login_.sentence = std::move(sentence);
  return login_;
}

SaslLogin Trial::run() {
  const char* service = question_.service.c_str();
  const char* host = question_.host.c_str();
  sasl_conn_t *client = nullptr, *server = nullptr;
  server_.code = sasl_server_new(service, host, nullptr, nullptr, nullptr, server_callbacks_,
                                 SASL_SUCCESS_DATA, &server);
  server_.connection.reset(server);
  client_.code = sasl_client_new(service, host, nullptr, nullptr, client_callbacks_,
                                 SASL_SUCCESS_DATA, &client);
  client_.connection.reset(client);
  for (const Side* side : {&server_, &client_}) {
    if (side->code == SASL_OK) continue;
    return result(side == &server_ ? End::kServerFailed : End::kClientFailed,
                  sasl_errstring(side->code, nullptr, nullptr));
  }
  for (sasl_conn_t* connection : {client, server}) {
    set_up(connection, login_.is_bound ? &binding_ : nullptr);
  }
  exchange();
  if (client_.code == SASL_OK && server_.code == SASL_OK) {
    const void* name = nullptr;
    login_.peer = peer_name(server);
    sasl_getprop(server, SASL_USERNAME, &name);
    if (name != nullptr) login_.authid = static_cast<const char*>(name);
    return result(End::kAdmitted, {});
  }
  // With an error token, the server fails after the client.
  const bool is_servers = server_.has_failed() || !server_log_.empty();
  const Side& failed = is_servers ? server_ : client_;
  std::string sentence =
      is_servers && !server_log_.empty() ? server_log_ : sasl_errdetail(failed.connection.get());
  const End end = !is_servers                    ? End::kClientFailed
                  : server_.code == SASL_NOAUTHZ ? End::kRefused
                                                 : End::kServerFailed;
  return result(end, std::move(sentence));
}

void Trial::exchange() {
  const std::string offered = login_.mechanism + (login_.is_bound ? "-PLUS" : "");
  const char* mechanism = nullptr;
  client_.code = sasl_client_start(client_.connection.get(), offered.c_str(), nullptr, &client_.out,
                                   &client_.out_len, &mechanism);
  if (client_.has_failed()) return;
  server_.code = sasl_server_start(server_.connection.get(), mechanism, client_.out,
                                   client_.out_len, &server_.out, &server_.out_len);
  for (int leg = 0; leg < kMaxLegs; ++leg) {
    if (server_.has_failed()) return;
    const auto from_server = server_.message();
    if (client_.code == SASL_CONTINUE) {
      client_.code = sasl_client_step(client_.connection.get(), from_server ? server_.out : "",
                                      from_server ? server_.out_len : 0, nullptr, &client_.out,
                                      &client_.out_len);
      if (client_.has_failed()) return;
    }
    if (server_.code == SASL_OK) return;
    server_.code = sasl_server_step(server_.connection.get(), client_.out, client_.out_len,
                                    &server_.out, &server_.out_len);
  }
}

}  // namespace

std::vector<SaslLogin> try_logins(const SaslQuestion& question,
                                  const std::vector<std::string>& mechanisms) {
  if (!question.path.empty()) setenv(kModulesVariable, question.path.c_str(), 1);
  if (!question.keytab.empty()) setenv("KRB5_KTNAME", question.keytab.c_str(), 1);
  // libsasl keeps the list.
  static sasl_callback_t callbacks[3];
  callbacks[0] = {SASL_CB_LOG, as_callback(&on_log), nullptr};
  callbacks[1] = {SASL_CB_GETOPT, as_callback(&answer_option), as_context(question.options)};
  callbacks[2] = {SASL_CB_LIST_END, nullptr, nullptr};
  int code = sasl_server_init(callbacks, question.app.empty() ? nullptr : question.app.c_str());
  if (code == SASL_OK) code = sasl_client_init(callbacks);
  std::vector<SaslLogin> logins;
  for (const std::string& mechanism : mechanisms) {
    if (code != SASL_OK) {
      logins.push_back({.end = End::kServerFailed,
                        .mechanism = mechanism,
                        .sentence = sasl_errstring(code, nullptr, nullptr)});
      continue;
    }
    logins.push_back(Trial(question, mechanism, false).run());
    if (logins.back().end == End::kRefused) {
      logins.push_back(Trial(question, mechanism, true).run());
    }
  }
  return logins;
}

}  // namespace gssloop::tools
