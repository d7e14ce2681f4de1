// SPDX-License-Identifier: BSD-2-Clause The entry points of the module, and the tables that libsasl
// gets: one plug for each mechanism and role. C code calls every function here: the function
// catches every exception and returns a SASL code.

#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <sys/uio.h>

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/gss/interposer.h"
#include "gssloop/gss/kerberos.h"
#include "gssloop/gss/mechanisms.h"
#include "gssloop/loop/explain.h"
#include "plugin/mech/gs2_client.h"
#include "plugin/mech/gs2_server.h"
#include "plugin/mech/gssapi_client.h"
#include "plugin/mech/gssapi_server.h"
#include "plugin/mech/spnego_client.h"
#include "plugin/mech/spnego_server.h"
#include "plugin/sasl/errors.h"
#include "plugin/sasl/mechanism.h"
#include "plugin/sasl/utils_layout.h"

namespace gssloop::plugin {
namespace {

// Runs `body` and turns exceptions, of which only std::bad_alloc is expected, into codes.
template <class Body>
int guarded(const sasl_utils_t* utils, Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    if (utils->conn != nullptr) utils->seterror(utils->conn, SASL_NOLOG, "out of memory");
    return SASL_NOMEM;
  } catch (...) {
    if (utils->conn != nullptr) utils->seterror(utils->conn, SASL_NOLOG, "internal error");
    return SASL_FAIL;
  }
}

std::optional<ByteView> message(const char* in, unsigned in_len) noexcept {
  if (in == nullptr) return std::nullopt;
  return as_bytes({in, in_len});
}

// Registration is the data that libsasl uses for one role: the plugs, their shared part, and each
// plug's mechanism as its glob_context. It lives until the last plug is freed.
template <class Plug, class Shared>
struct Registration {
  struct Entry {
    std::shared_ptr<Registration> self;  // dropped by mech_free
    SaslMechanism mechanism;
    Shared* shared = nullptr;
  };
  template <class... Arguments>
  explicit Registration(Arguments&&... arguments) : shared(std::forward<Arguments>(arguments)...) {}

  Shared shared;
  std::vector<Entry> entries;
  std::vector<Plug> plugs;
};

using ClientRegistration = Registration<sasl_client_plug_t, ClientPlugin>;
using ServerRegistration = Registration<sasl_server_plug_t, ServerPlugin>;

template <class Entry>
void free_entry(void* glob_context, const sasl_utils_t*) noexcept {
  // The entry is part of the object that it keeps alive: the pointer is moved out first.
  const auto last = std::move(static_cast<Entry*>(glob_context)->self);
}

// The security layer. libsasl passes the context that set_layer gave it.

int give_out(const Exchange& exchange, const Result<ByteView, LoginError>& octets, const char** out,
             unsigned* out_len) {
  if (!octets) return exchange.report_layer(octets.error());
  *out = octets->empty() ? "" : reinterpret_cast<const char*>(octets->data());
  *out_len = static_cast<unsigned>(octets->size());
  return SASL_OK;
}

int layer_encode(void* context, const struct iovec* parts, unsigned num_parts, const char** out,
                 unsigned* out_len) noexcept {
  const auto* exchange = static_cast<const Exchange*>(context);
  if (exchange == nullptr || exchange->layer() == nullptr) return SASL_NOTINIT;
  return guarded(exchange->sasl().get(), [&] {
    const auto view = [](const struct iovec& part) {
      return ByteView(static_cast<const std::uint8_t*>(part.iov_base), part.iov_len);
    };
    if (num_parts == 1) {
      const ByteView whole = view(*parts);
      return give_out(*exchange, exchange->layer()->encode({&whole, 1}), out, out_len);
    }
    std::vector<ByteView> views;
    for (unsigned i = 0; i < num_parts; ++i) views.push_back(view(parts[i]));
    return give_out(*exchange, exchange->layer()->encode(views), out, out_len);
  });
}

int layer_decode(void* context, const char* in, unsigned in_len, const char** out,
                 unsigned* out_len) noexcept {
  const auto* exchange = static_cast<const Exchange*>(context);
  if (exchange == nullptr || exchange->layer() == nullptr) return SASL_NOTINIT;
  return guarded(exchange->sasl().get(), [&] {
    return give_out(*exchange, exchange->layer()->decode(as_bytes({in, in_len})), out, out_len);
  });
}

// After the last step.
void set_layer(Exchange* exchange, sasl_out_params_t* oparams) noexcept {
  const bool has_layer = exchange->layer() != nullptr;
  oparams->encode_context = has_layer ? exchange : nullptr;
  oparams->decode_context = has_layer ? exchange : nullptr;
  oparams->encode = has_layer ? layer_encode : nullptr;
  oparams->decode = has_layer ? layer_decode : nullptr;
}

// Until a client's exchange is complete, no data may be sent or received. libldap (2.5) takes a
// server's early success for the end of the login, whatever the mechanism returned, and continues
// without protection: an attacker in between could remove the layer. libldap reads the strength,
// and encodes if it is above 0; layer_encode fails without a layer.
void forbid_data(sasl_out_params_t* oparams) noexcept {
  oparams->mech_ssf = 1;
  oparams->maxoutbuf = 1024;
  oparams->encode = layer_encode;
  oparams->decode = layer_decode;
}

void dispose(void* conn_context, const sasl_utils_t*) noexcept {
  delete static_cast<Exchange*>(conn_context);
}

// Client.

std::unique_ptr<ClientExchange> make_client(const ClientPlugin& plugin,
                                            const SaslMechanism& mechanism,
                                            const sasl_client_params_t& params) {
  switch (mechanism.family) {
    case Family::kGssapi:
      return std::make_unique<GssapiClient>(plugin, mechanism, params);
    case Family::kSpnego:
      return std::make_unique<SpnegoClient>(plugin, mechanism, params);
    case Family::kGs2:
      break;
  }
  return std::make_unique<Gs2Client>(plugin, mechanism, params);
}

int client_new(void* glob_context, sasl_client_params_t* params, void** conn_context) noexcept {
  return guarded(params->utils, [&] {
    const auto* entry = static_cast<ClientRegistration::Entry*>(glob_context);
    Exchange* const exchange = make_client(*entry->shared, entry->mechanism, *params).release();
    *conn_context = exchange;
    return SASL_OK;
  });
}

int client_step(void* conn_context, sasl_client_params_t* params, const char* in, unsigned in_len,
                sasl_interact_t** prompt_need, const char** out, unsigned* out_len,
                sasl_out_params_t* oparams) noexcept {
  if (conn_context == nullptr) return SASL_NOTINIT;
  return guarded(params->utils, [&] {
    auto* exchange = static_cast<ClientExchange*>(static_cast<Exchange*>(conn_context));
    const int code = exchange->step(message(in, in_len), prompt_need, out, out_len, oparams);
    if (code == SASL_OK) set_layer(exchange, oparams);
    if (code == SASL_CONTINUE) forbid_data(oparams);
    return code;
  });
}

sasl_client_plug_t client_plug(ClientRegistration::Entry* entry) {
  static constexpr unsigned long kNoPrompts[] = {SASL_CB_LIST_END};
  sasl_client_plug_t plug{};
  plug.mech_name = entry->mechanism.sasl_name.c_str();
  plug.max_ssf = max_ssf(entry->mechanism);
  plug.security_flags = security_flags(entry->mechanism);
  plug.features = client_features(entry->mechanism);
  plug.required_prompts = kNoPrompts;
  plug.glob_context = entry;
  plug.mech_new = client_new;
  plug.mech_step = client_step;
  plug.mech_dispose = dispose;
  plug.mech_free = free_entry<ClientRegistration::Entry>;
  return plug;
}

// Server.

std::unique_ptr<ServerExchange> make_server(ServerPlugin* plugin, const SaslMechanism& mechanism,
                                            const sasl_server_params_t& params) {
  switch (mechanism.family) {
    case Family::kGssapi:
      return std::make_unique<GssapiServer>(plugin, mechanism, params);
    case Family::kSpnego:
      return std::make_unique<SpnegoServer>(plugin, mechanism, params);
    case Family::kGs2:
      break;
  }
  return std::make_unique<Gs2Server>(plugin, mechanism, params);
}

int server_new(void* glob_context, sasl_server_params_t* params, const char*, unsigned,
               void** conn_context) noexcept {
  return guarded(params->utils, [&] {
    const auto* entry = static_cast<ServerRegistration::Entry*>(glob_context);
    Exchange* const exchange = make_server(entry->shared, entry->mechanism, *params).release();
    *conn_context = exchange;
    return SASL_OK;
  });
}

int server_step(void* conn_context, sasl_server_params_t* params, const char* in, unsigned in_len,
                const char** out, unsigned* out_len, sasl_out_params_t* oparams) noexcept {
  // libsasl continues to call this function after it has disposed of a failed exchange.
  if (conn_context == nullptr) return SASL_NOTINIT;
  return guarded(params->utils, [&] {
    auto* exchange = static_cast<ServerExchange*>(static_cast<Exchange*>(conn_context));
    const int code = exchange->step(message(in, in_len), out, out_len, oparams);
    if (code == SASL_OK) set_layer(exchange, oparams);
    return code;
  });
}

// A server offers a mechanism only if it has an acceptor credential (R11).
int server_avail(void* glob_context, sasl_server_params_t* params, void**) noexcept {
  return guarded(params->utils, [&] {
    const auto* entry = static_cast<ServerRegistration::Entry*>(glob_context);
    const SaslUtils sasl(params->utils);
    // Wrong options do not matter here: the login fails with the error, in the application's log.
    if (params->gss_creds != nullptr) return SASL_OK;
    const AcceptorOptions options = AcceptorOptions::read(sasl);
    const AcceptorKey key = acceptor_key(entry->mechanism, *params, options);
    const auto credential = entry->shared->credentials.get(key);
    if (credential) return SASL_OK;
    const std::string& name = entry->mechanism.sasl_name;
    // Mechanisms of one GSS mechanism share the credential, and so this report.
    const bool was_offered = entry->shared->credentials.forget(key);
    const bool is_missed = options.is_told_to_offer(name, sasl) &&
                           !entry->shared->has_reported_missing_key.exchange(true);
    sasl.log(was_offered || is_missed ? SASL_LOG_ERR : SASL_LOG_NOTE,
             name + " is not offered: no credential for " + key.text() + ": " +
                 gssloop::loop::explain(credential.error()));
    return SASL_NOTDONE;  // a keytab may still come
  });
}

sasl_server_plug_t server_plug(ServerRegistration::Entry* entry) {
  sasl_server_plug_t plug{};
  plug.mech_name = entry->mechanism.sasl_name.c_str();
  plug.max_ssf = max_ssf(entry->mechanism);
  plug.security_flags = security_flags(entry->mechanism);
  plug.features = server_features(entry->mechanism);
  plug.glob_context = entry;
  plug.mech_new = server_new;
  plug.mech_step = server_step;
  plug.mech_dispose = dispose;
  plug.mech_free = free_entry<ServerRegistration::Entry>;
  plug.mech_avail = server_avail;
  return plug;
}

// Both.

// The checks that an init function must make first.
int check_libsasl(const sasl_utils_t* utils, int max_version, int plug_version) noexcept {
  try {
    const std::string why = why_refused(utils, max_version, plug_version);
    if (why.empty()) return SASL_OK;
    refuse(why);
  } catch (...) {
    // There is no memory for the line.
  }
  return SASL_BADVERS;
}

// Machine is the state that both roles read first.
struct Machine {
  std::optional<gss::MechanismRegistry> mechanisms;
  std::vector<std::string> sasl_names;
  Options options;

  explicit Machine(const SaslUtils& sasl) {
    if (auto indicated = gss::MechanismRegistry::indicate()) {
      mechanisms = *std::move(indicated);
      sasl_names = gss::sasl_names(*mechanisms);
    } else {
      sasl.log(SASL_LOG_ERR,
               "gssloop: cannot list the GSS-API mechanisms: " + indicated.error().text());
      return;
    }
    if (auto read = Options::read(sasl, sasl_names)) {
      options = *std::move(read);
    } else {
      // The module offers mechanisms with the defaults, so that logins fail with this sentence.
      // Otherwise the mechanisms would be missing without a reason.
      sasl.log(SASL_LOG_ERR, "gssloop: " + read.error().message);
    }
  }
};

void tell_of_gss_proxy(const SaslUtils& sasl) {
  if (!gss::is_behind_gss_proxy()) return;
  sasl.log(SASL_LOG_WARN, std::string("gssloop: GSS-Proxy handles Kerberos in this process: ") +
                              gss::kGssProxyHidesAttributes +
                              ", so a rule that uses one refuses, and none is published");
}

template <class Plug, class Shared, class MakePlug>
int register_plugs(const SaslUtils& sasl, const Machine& machine,
                   std::shared_ptr<Registration<Plug, Shared>> registration, MakePlug make_plug,
                   Plug** pluglist, int* plugcount) {
  for (auto& mechanism : registered_mechanisms(*machine.mechanisms, machine.options)) {
    registration->entries.push_back({nullptr, std::move(mechanism), &registration->shared});
  }
  if (registration->entries.empty()) {
    sasl.log(SASL_LOG_NOTE,
             "gssloop: no mechanism is offered: the command gssloop mechanisms shows why");
    return SASL_NOMECH;
  }
  // Nothing below throws, so either all entries refer to their registration or none does.
  registration->plugs.reserve(registration->entries.size());
  for (auto& entry : registration->entries) {
    entry.self = registration;
    registration->plugs.push_back(make_plug(&entry));
  }
  *pluglist = registration->plugs.data();
  *plugcount = static_cast<int>(registration->plugs.size());
  return SASL_OK;
}

}  // namespace
}  // namespace gssloop::plugin

using namespace gssloop::plugin;  // NOLINT: the two functions below belong to it

extern "C" int sasl_client_plug_init(const sasl_utils_t* utils, int max_version, int* out_version,
                                     sasl_client_plug_t** pluglist, int* plugcount) noexcept {
  if (const int code = check_libsasl(utils, max_version, SASL_CLIENT_PLUG_VERSION)) return code;
  *out_version = SASL_CLIENT_PLUG_VERSION;
  return guarded(utils, [&] {
    const SaslUtils sasl(utils);
    const Machine machine(sasl);
    if (!machine.mechanisms) return SASL_FAIL;
    return register_plugs(sasl, machine,
                          std::make_shared<ClientRegistration>(ClientPlugin{machine.sasl_names}),
                          client_plug, pluglist, plugcount);
  });
}

extern "C" int sasl_server_plug_init(const sasl_utils_t* utils, int max_version, int* out_version,
                                     sasl_server_plug_t** pluglist, int* plugcount) noexcept {
  if (const int code = check_libsasl(utils, max_version, SASL_SERVER_PLUG_VERSION)) return code;
  *out_version = SASL_SERVER_PLUG_VERSION;
  return guarded(utils, [&] {
    const SaslUtils sasl(utils);
    const Machine machine(sasl);
    if (!machine.mechanisms) return SASL_FAIL;
    auto registration = std::make_shared<ServerRegistration>(
        gssloop::gss::default_realm(), machine.mechanisms->policy_names(), machine.sasl_names);
    tell_of_gss_proxy(sasl);
    // Read now, because a server may change its root or its user before the first login.
    registration->shared.policies.current(machine.options.policy, sasl);
    return register_plugs(sasl, machine, std::move(registration), server_plug, pluglist, plugcount);
  });
}
