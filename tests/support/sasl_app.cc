// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/sasl_app.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace gssloop::testing {
namespace {

void check(int code, const char* call) {
  if (code == SASL_OK) return;
  throw std::runtime_error(std::string(call) + ": " + sasl_errstring(code, nullptr, nullptr));
}

Turn turn(int code, const char* out, unsigned len) {
  Turn result;
  result.code = code;
  // After a late failure libsasl has freed the module's context, and what this points to with it.
  if (code >= SASL_OK && out != nullptr) result.out = std::string(out, len);
  return result;
}

// Fails if the last call set a text of sasl_errdetail although its code is no failure: "SASL(0):
// successful result: authentication failed". libsasl itself notes there, in other words, why it did
// not choose a mechanism.
void check_text(sasl_conn_t* connection, int code) {
  const std::string detail = sasl_errdetail(connection);
  const bool is_success = detail.starts_with("SASL(0)") || detail.starts_with("SASL(1)") ||
                          detail.starts_with("SASL(2)");
  const bool is_failure =
      detail.find("failed") != detail.npos || detail.find("malformed") != detail.npos;
  if (code >= SASL_OK && is_success && is_failure) {
    throw std::runtime_error("code " + std::to_string(code) + " with the text " + detail);
  }
}

const char* data(const std::optional<std::string>& message) {
  return message ? message->data() : nullptr;
}

unsigned size(const std::optional<std::string>& message) {
  return message ? static_cast<unsigned>(message->size()) : 0;
}

// First in the list, so that an option set for this connection hides the process's.
void add_common(std::vector<sasl_callback_t>* callbacks, SaslLog* log, int log_level,
                SaslOptions* options) {
  if (log_level != SASL_LOG_NONE) options->emplace("log_level", std::to_string(log_level));
  callbacks->push_back({SASL_CB_LOG, as_callback(&SaslLog::on_log), log});
  callbacks->push_back({SASL_CB_GETOPT, as_callback(&on_option), options});
}

template <class Setup>
unsigned flags_of(const Setup& setup) {
  return (setup.success_data ? SASL_SUCCESS_DATA : 0U) | (setup.is_http ? SASL_NEED_HTTP : 0U);
}

}  // namespace

Properties read_properties(propctx* context) {
  Properties properties;
  for (const propval* value = context != nullptr ? prop_get(context) : nullptr;
       value != nullptr && value->name != nullptr; ++value) {
    auto& values = properties[value->name];
    for (const char** one = value->values; one != nullptr && *one != nullptr; ++one) {
      values.emplace_back(*one);
    }
  }
  return properties;
}

const void* SaslSide::pointer(int number) const {
  const void* value = nullptr;
  return sasl_getprop(get(), number, &value) == SASL_OK ? value : nullptr;
}

std::string SaslSide::property(int number) const {
  const void* value = pointer(number);
  return value != nullptr ? static_cast<const char*>(value) : "";
}

template <class Setup>
void SaslSide::set_up(const Setup& setup) {
  sasl_security_properties_t security{};
  security.min_ssf = setup.strength.min_ssf;
  security.max_ssf = setup.strength.max_ssf;
  security.maxbufsize = setup.strength.maxbufsize;
  security.security_flags = setup.security_flags;
  check(sasl_setprop(get(), SASL_SEC_PROPS, &security), "SASL_SEC_PROPS");
  if (const sasl_ssf_t ssf = setup.strength.external_ssf; ssf != 0) {
    check(sasl_setprop(get(), SASL_SSF_EXTERNAL, &ssf), "SASL_SSF_EXTERNAL");
  }
  if (setup.credential != nullptr) {
    check(sasl_setprop(get(), SASL_GSS_CREDS, setup.credential), "SASL_GSS_CREDS");
  }
  if (!setup.binding) return;
  binding_.name = setup.binding->name.c_str();
  binding_.critical = setup.binding->is_critical ? 1 : 0;
  binding_.data = reinterpret_cast<const unsigned char*>(setup.binding->data.data());
  binding_.len = setup.binding->data.size();
  check(sasl_setprop(get(), SASL_CHANNEL_BINDING, &binding_), "SASL_CHANNEL_BINDING");
}

Turn SaslSide::encode(const std::string& message) {
  const char* out = nullptr;
  unsigned len = 0;
  const int code =
      sasl_encode(get(), message.data(), static_cast<unsigned>(message.size()), &out, &len);
  return turn(code, out, len);
}

Turn SaslSide::decode(const std::string& stream) {
  // In memory of its own, so that a sanitizer sees a read past the end.
  const std::vector<char> input(stream.begin(), stream.end());
  const char* out = nullptr;
  unsigned len = 0;
  const int code =
      sasl_decode(get(), input.data(), static_cast<unsigned>(input.size()), &out, &len);
  Turn result = turn(code, out, len);
  // libsasl makes a null pointer of nothing.
  if (code == SASL_OK && !result.out) result.out = "";
  return result;
}

// ---- The client

SaslClient::SaslClient(ClientSetup setup) : SaslSide(setup.log), setup_(std::move(setup)) {
  add_common(&callbacks_, &log_, setup_.log.level, &setup_.options);
  using Ids = std::initializer_list<unsigned long>;
  for (const unsigned long id : Ids{SASL_CB_USER, SASL_CB_AUTHNAME, SASL_CB_PASS}) {
    add_callback(id, reply(id));
  }
  callbacks_.insert(callbacks_.end(), setup_.callbacks.begin(), setup_.callbacks.end());
  callbacks_.push_back({SASL_CB_LIST_END, nullptr, nullptr});
  sasl_conn_t* connection = nullptr;
  check(sasl_client_new(setup_.service.c_str(), setup_.host.c_str(), nullptr, nullptr,
                        callbacks_.data(), flags_of(setup_), &connection),
        "sasl_client_new");
  connection_.reset(connection);
  set_up(setup_);
}

Reply& SaslClient::reply(unsigned long id) {
  if (id == SASL_CB_USER) return setup_.user;
  return id == SASL_CB_AUTHNAME ? setup_.authname : setup_.password;
}

void SaslClient::add_callback(unsigned long id, const Reply& reply) {
  if (reply.how == Reply::How::kAbsent) return;
  if (reply.how == Reply::How::kInteraction) {
    callbacks_.push_back({id, nullptr, nullptr});
  } else if (id == SASL_CB_PASS) {
    callbacks_.push_back({id, as_callback(&on_secret), this});
  } else {
    callbacks_.push_back({id, as_callback(&on_simple), this});
  }
}

int SaslClient::on_simple(void* context, int id, const char** result, unsigned* len) {
  auto* self = static_cast<SaslClient*>(context);
  const Reply& reply = self->reply(static_cast<unsigned long>(id));
  self->asked_.push_back(static_cast<unsigned long>(id));
  if (reply.code != SASL_OK) return reply.code;
  *result = reply.text.c_str();
  if (len != nullptr) *len = static_cast<unsigned>(reply.text.size());
  return SASL_OK;
}

int SaslClient::on_secret(sasl_conn_t*, void* context, int id, sasl_secret_t** secret) {
  auto* self = static_cast<SaslClient*>(context);
  self->asked_.push_back(static_cast<unsigned long>(id));
  const Reply& reply = self->setup_.password;
  if (reply.code != SASL_OK) return reply.code;
  self->secret_.assign(sizeof(sasl_secret_t) + reply.text.size(), '\0');
  auto* filled = reinterpret_cast<sasl_secret_t*>(self->secret_.data());
  filled->len = reply.text.size();
  std::memcpy(self->secret_.data() + offsetof(sasl_secret_t, data), reply.text.data(),
              reply.text.size());
  *secret = filled;
  return SASL_OK;
}

void SaslClient::answer(sasl_interact_t* prompts) {
  for (; prompts->id != SASL_CB_LIST_END; ++prompts) {
    asked_.push_back(prompts->id);
    const Reply& said = reply(prompts->id);
    prompts->result = said.text.c_str();
    prompts->len = static_cast<unsigned>(said.text.size());
  }
}

bool SaslClient::was_asked(unsigned long id) const {
  return std::find(asked_.begin(), asked_.end(), id) != asked_.end();
}

Turn SaslClient::start(const std::string& mechanisms) {
  sasl_interact_t* prompts = nullptr;
  const char* out = nullptr;
  const char* chosen = nullptr;
  unsigned len = 0;
  for (;;) {
    const int code = sasl_client_start(get(), mechanisms.c_str(), &prompts, &out, &len, &chosen);
    check_text(get(), code);
    if (chosen != nullptr) mechanism_ = chosen;
    if (code != SASL_INTERACT || prompts == nullptr) return turn(code, out, len);
    answer(prompts);
  }
}

Turn SaslClient::step(const std::optional<std::string>& in) {
  sasl_interact_t* prompts = nullptr;
  const char* out = nullptr;
  unsigned len = 0;
  const int code = sasl_client_step(get(), data(in), size(in), &prompts, &out, &len);
  check_text(get(), code);
  return turn(code, out, len);
}

// ---- The server

SaslServer::SaslServer(ServerSetup setup) : SaslSide(setup.log), setup_(std::move(setup)) {
  add_common(&callbacks_, &log_, setup_.log.level, &setup_.options);
  callbacks_.push_back({SASL_CB_PROXY_POLICY, as_callback(&on_proxy), this});
  if (setup_.canon_user) {
    callbacks_.push_back({SASL_CB_CANON_USER, as_callback(&on_canon), this});
  }
  callbacks_.insert(callbacks_.end(), setup_.callbacks.begin(), setup_.callbacks.end());
  callbacks_.push_back({SASL_CB_LIST_END, nullptr, nullptr});
  const unsigned flags = flags_of(setup_) | (setup_.needs_proxy ? SASL_NEED_PROXY : 0U);
  sasl_conn_t* connection = nullptr;
  const char* const realm = setup_.user_realm.empty() ? nullptr : setup_.user_realm.c_str();
  check(sasl_server_new(setup_.service.c_str(), setup_.host.c_str(), realm, nullptr, nullptr,
                        callbacks_.data(), flags, &connection),
        "sasl_server_new");
  connection_.reset(connection);
  set_up(setup_);
  if (setup_.requested.empty()) return;
  std::vector<const char*> names;
  for (const std::string& name : setup_.requested) names.push_back(name.c_str());
  names.push_back(nullptr);
  check(sasl_auxprop_request(get(), names.data()), "sasl_auxprop_request");
}

std::string SaslServer::offered() const {
  const char* list = nullptr;
  const int code = sasl_listmech(get(), nullptr, " ", " ", " ", &list, nullptr, nullptr);
  return code == SASL_OK && list != nullptr ? list : " ";
}

Turn SaslServer::start(const std::string& mechanism, const std::optional<std::string>& in) {
  const char* out = nullptr;
  unsigned len = 0;
  const int code = sasl_server_start(get(), mechanism.c_str(), data(in), size(in), &out, &len);
  check_text(get(), code);
  return turn(code, out, len);
}

Turn SaslServer::step(const std::optional<std::string>& in) {
  const char* out = nullptr;
  unsigned len = 0;
  const int code = sasl_server_step(get(), data(in), size(in), &out, &len);
  check_text(get(), code);
  return turn(code, out, len);
}

int SaslServer::on_proxy(sasl_conn_t*, void* context, const char* authzid, unsigned authzid_len,
                         const char* authid, unsigned authid_len, const char*, unsigned,
                         propctx* properties) {
  auto* self = static_cast<SaslServer*>(context);
  const ProxyCall& call = self->proxy_calls_.emplace_back(
      ProxyCall{std::string(authzid, authzid_len), std::string(authid, authid_len),
                read_properties(properties)});
  if (self->setup_.proxy_policy) return self->setup_.proxy_policy(call);
  return call.authzid == call.authid ? SASL_OK : SASL_BADAUTH;
}

int SaslServer::on_canon(sasl_conn_t* connection, void* context, const char* in, unsigned in_len,
                         unsigned flags, const char*, char* out, unsigned out_max,
                         unsigned* out_len) {
  auto* self = static_cast<SaslServer*>(context);
  CanonCall call{connection, std::string(in, in_len), flags};
  self->canon_calls_.push_back(call);
  const int code = self->setup_.canon_user(&call);
  if (code != SASL_OK) return code;
  if (call.name.size() >= out_max) return SASL_BUFOVER;
  std::memcpy(out, call.name.c_str(), call.name.size() + 1);
  *out_len = static_cast<unsigned>(call.name.size());
  return SASL_OK;
}

}  // namespace gssloop::testing
