// SPDX-License-Identifier: BSD-2-Clause
//
// A server application as libsasl sees one: it offers mechanisms, runs the exchange over TCP, and
// then asks who logged in and what is known about them. It knows nothing of Kerberos and nothing of
// gssloop; the module is loaded by libsasl. All that it learns it prints, for a person.

#include <sasl/prop.h>
#include <sasl/sasl.h>

#include <fstream>
#include <vector>

#include "examples/demo/layer.h"
#include "examples/demo/wire.h"

namespace {

constexpr char kUsage[] =
    "Usage: server [OPTION...]\n"
    "  --port-file FILE      write the port there once it is open (it is chosen by the kernel)\n"
    "  --service NAME        first part of the service's principal (default: imap)\n"
    "  --host NAME           second part (default: localhost)\n"
    "  --mechanism \"A B\"     offer only these (default: all that have what they need)\n"
    "  --cbinding NAME=DATA  channel binding, as TLS would give it\n"
    "  --request PROPERTY    ask for this auxiliary property; may be repeated (default:\n"
    "                        *auth-indicators auth-indicators *urn:mspac:client-info)\n"
    "  --option NAME=VALUE   a line of the SASL configuration; may be repeated\n"
    "  --allow-any-authzid   everybody may act as whomever they name: for showing attacks only\n"
    "  --count N, --once     end after N connections, or one (default: go on)\n"
    "  --log LEVEL           show log messages up to this level, 1 to 5 (default: 5)\n"
    "  --error-log FILE      append the log's errors to FILE as well\n";
constexpr char kExitStatus[] =
    "What a client sends after its login is decoded and sent back, protected.\n"
    "Exit status: 0 all who came logged in, 1 somebody was refused, 2 it could not start.\n";

struct Options {
  std::string port_file;
  std::string service = "imap";
  std::string host = "localhost";
  std::optional<demo::ChannelBinding> binding;
  std::vector<std::string> requests;
  std::vector<std::pair<std::string, std::string>> sasl_options;
  demo::LayerOptions layer;
  bool any_authzid = false;
  int num_connections = -1;
  // 5 is SASL_LOG_DEBUG. Levels above may log passwords.
  int log_level = SASL_LOG_DEBUG;
  std::string error_log;
};

// ---- What libsasl asks the application

int on_log(void* context, int level, const char* message) {
  static constexpr const char* kNames[] = {"none", "error", "failure", "warning",
                                           "note", "debug", "trace",   "secret"};
  const auto* options = static_cast<const Options*>(context);
  if (message == nullptr || level < SASL_LOG_ERR || level > options->log_level) return SASL_OK;
  // Some modules end their messages with a line feed, some do not.
  std::string_view text(message);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::printf("server    log (%s): %.*s\n", kNames[level], static_cast<int>(text.size()),
              text.data());
  if (level == SASL_LOG_ERR && !options->error_log.empty()) {
    std::ofstream(options->error_log, std::ios::app) << text << '\n';
  }
  return SASL_OK;
}

// In a daemon these answers come from its own configuration, or from /etc/sasl2/NAME.conf.
int on_getopt(void* context, const char* /*plugin*/, const char* option, const char** result,
              unsigned* len) {
  const auto* options = static_cast<const Options*>(context);
  for (const auto& [name, value] : options->sasl_options) {
    if (name != option) continue;
    *result = value.c_str();
    if (len != nullptr) *len = static_cast<unsigned>(value.size());
    return SASL_OK;
  }
  return SASL_FAIL;
}

// May `authid` act as `authzid`? Asked after the login and before its success.
int on_proxy_policy(sasl_conn_t* connection, void* context, const char* authzid,
                    unsigned authzid_len, const char* authid, unsigned authid_len,
                    const char* /*realm*/, unsigned /*realm_len*/, propctx* /*properties*/) {
  const std::string requested(authzid, authzid_len);
  const std::string authenticated(authid, authid_len);
  const bool allowed =
      requested == authenticated || static_cast<const Options*>(context)->any_authzid;
  std::printf("server    may %s act as %s? %s\n", authenticated.c_str(), requested.c_str(),
              allowed ? "yes" : "no");
  if (allowed) return SASL_OK;
  sasl_seterror(connection, 0, "%s may not act as %s", authenticated.c_str(), requested.c_str());
  return SASL_BADAUTH;
}

// libsasl keeps callbacks of every signature as int (*)(). The step over void (*)() tells the
// compiler that the cast is meant.
template <typename Function>
int (*generic(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

std::vector<sasl_callback_t> callbacks_of(Options* options) {
  return {
      {SASL_CB_LOG, generic(&on_log), options},
      {SASL_CB_GETOPT, generic(&on_getopt), options},
      {SASL_CB_PROXY_POLICY, generic(&on_proxy_policy), options},
      {SASL_CB_LIST_END, nullptr, nullptr},
  };
}

// ---- One login

// For the eye: what is long, base64 for instance, is cut.
std::string shortened(const char* value) {
  constexpr std::size_t kMaxShown = 48;
  std::string text(value);
  if (text.size() <= kMaxShown) return text;
  const std::string len = std::to_string(text.size());
  return text.substr(0, kMaxShown) + "... (" + len + " characters)";
}

std::string property_text(sasl_conn_t* connection, int property) {
  const void* value = nullptr;
  if (sasl_getprop(connection, property, &value) != SASL_OK || value == nullptr) return "(nobody)";
  return static_cast<const char*>(value);
}

void print_login(sasl_conn_t* connection) {
  std::printf("server  LOGGED IN with %s\n", property_text(connection, SASL_MECHNAME).c_str());
  std::printf("server    authid  %s   (who proved to be there)\n",
              property_text(connection, SASL_AUTHUSER).c_str());
  std::printf("server    authzid %s   (whom they act as)\n",
              property_text(connection, SASL_USERNAME).c_str());
  std::printf("server    auxiliary properties, as requested:\n");
  const propval* property = prop_get(sasl_auxprop_getctx(connection));
  for (; property != nullptr && property->name != nullptr; ++property) {
    // libsasl asks for userPassword and the like on behalf of its own mechanisms.
    if (property->values == nullptr) {
      std::printf("server      %-24s (none)\n", property->name);
      continue;
    }
    for (const char** value = property->values; *value != nullptr; ++value) {
      std::printf("server      %-24s %s\n", value == property->values ? property->name : "",
                  shortened(*value).c_str());
    }
  }
}

// The peer is a stranger: it gets sasl_errdetail, which says no more than a stranger may know. The
// reason in full stands in the log.
bool refuse(int fd, sasl_conn_t* connection, int result) {
  const std::string detail = sasl_errdetail(connection);
  std::printf("server  REFUSED: %s\n", sasl_errstring(result, nullptr, nullptr));
  std::printf("server    told the peer: %s\n", detail.c_str());
  demo::send_frame(fd, demo::Kind::kFailure, detail);
  return false;
}

bool abandon(const char* why) {
  std::printf("server  GAVE UP: %s\n", why);
  return false;
}

demo::Connection new_connection(const Options& options, const sasl_callback_t* callbacks) {
  sasl_conn_t* connection = nullptr;
  // SASL_SUCCESS_DATA: our protocol can carry the mechanism's last token along with the success.
  int result = sasl_server_new(options.service.c_str(), options.host.c_str(), nullptr, nullptr,
                               nullptr, callbacks, SASL_SUCCESS_DATA, &connection);
  if (result != SASL_OK) {
    std::printf("server  sasl_server_new: %s\n", sasl_errstring(result, nullptr, nullptr));
    return nullptr;
  }
  demo::Connection owned(connection);
  options.layer.apply(connection, SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS);

  std::vector<const char*> names;
  for (const std::string& name : options.requests) names.push_back(name.c_str());
  names.push_back(nullptr);
  result = sasl_auxprop_request(connection, names.data());
  if (result != SASL_OK) {
    std::printf("server  sasl_auxprop_request: %s\n", sasl_errstring(result, nullptr, nullptr));
    return nullptr;
  }
  return owned;
}

// Runs the exchange on `connection` until it ends; true if somebody logged in.
bool exchange(int fd, sasl_conn_t* connection) {
  const char* mechanisms = nullptr;
  int result = sasl_listmech(connection, nullptr, "", " ", "", &mechanisms, nullptr, nullptr);
  if (result != SASL_OK) return refuse(fd, connection, result);
  std::printf("server    offers %s\n", mechanisms);
  if (!demo::send_frame(fd, demo::Kind::kMechanisms, mechanisms)) return abandon("the peer left");

  const std::optional<demo::Frame> start = demo::receive_frame(fd);
  if (!start || start->kind != demo::Kind::kStart) return abandon("the peer did not begin");
  const std::size_t nul = start->body.find('\0');
  if (nul == std::string::npos) return abandon("the peer named no mechanism");
  const std::string mechanism = start->body.substr(0, nul);
  const auto initial = demo::decode_optional(start->body.substr(nul + 1));
  std::printf("server    got %s and %zu bytes\n", mechanism.c_str(), initial ? initial->size() : 0);

  const char* out = nullptr;
  unsigned out_len = 0;
  result = sasl_server_start(connection, mechanism.c_str(), initial ? initial->data() : nullptr,
                             initial ? static_cast<unsigned>(initial->size()) : 0, &out, &out_len);
  while (result == SASL_CONTINUE) {
    std::printf("server    sends a challenge of %u bytes\n", out_len);
    if (!demo::send_frame(fd, demo::Kind::kChallenge, {out, out_len})) {
      return abandon("the peer left");
    }
    const std::optional<demo::Frame> response = demo::receive_frame(fd);
    if (!response || response->kind != demo::Kind::kResponse) return abandon("the peer gave up");
    std::printf("server    got a response of %zu bytes\n", response->body.size());
    result = sasl_server_step(connection, response->body.data(),
                              static_cast<unsigned>(response->body.size()), &out, &out_len);
  }
  if (result != SASL_OK) return refuse(fd, connection, result);
  // Printed before the peer hears of it, so that its own lines come after these.
  print_login(connection);
  std::printf("server    sends success%s\n",
              out == nullptr ? "" : (" with " + std::to_string(out_len) + " bytes").c_str());
  return demo::send_frame(fd, demo::Kind::kSuccess, demo::encode_optional(out, out_len));
}

// Sends back what the client sends, as long as it does.
bool echo_data(int fd, sasl_conn_t* connection, const Options& options) {
  demo::Layer layer(fd, connection, options.layer);
  const void* delegated = nullptr;
  if (sasl_getprop(connection, SASL_DELEGATEDCREDS, &delegated) == SASL_OK &&
      delegated != nullptr) {
    std::printf("server    has the user's credentials, too\n");
  }
  std::printf("server    layer: %s\n", layer.text().c_str());
  while (const std::optional<std::string> message = layer.receive()) {
    if (!layer.send(*message)) break;
    std::printf("server  LAYER %s: %zu bytes sent back\n", layer.text().c_str(), message->size());
  }
  if (layer.error().empty()) return true;
  std::printf("server  LAYER FAILED: %s\n", layer.error().c_str());
  return false;
}

bool serve(int fd, const Options& options, const sasl_callback_t* callbacks) {
  const demo::Connection connection = new_connection(options, callbacks);
  if (!connection) return false;
  // Held until the end of the connection: libsasl keeps the pointer.
  sasl_channel_binding_t binding{};
  if (options.binding) {
    binding.name = options.binding->name.c_str();
    binding.data = reinterpret_cast<const unsigned char*>(options.binding->value.data());
    binding.len = options.binding->value.size();
    sasl_setprop(connection.get(), SASL_CHANNEL_BINDING, &binding);
  }
  return exchange(fd, connection.get()) && echo_data(fd, connection.get(), options);
}

// ---- The process

Options parse(int argc, char** argv) {
  Options options;
  const std::string usage = std::string(kUsage) + demo::LayerOptions::kUsage + kExitStatus;
  demo::Arguments arguments(argc, argv, usage.c_str());
  while (arguments.next()) {
    if (options.layer.take(&arguments)) {
      continue;
    }
    if (arguments.is("--port-file")) {
      options.port_file = arguments.value();
    } else if (arguments.is("--service")) {
      options.service = arguments.value();
    } else if (arguments.is("--host")) {
      options.host = arguments.value();
    } else if (arguments.is("--mechanism")) {
      options.sasl_options.emplace_back("mech_list", arguments.value());
    } else if (arguments.is("--cbinding")) {
      options.binding = demo::ChannelBinding::parse(arguments.value());
      if (!options.binding) arguments.fail("--cbinding takes NAME=DATA");
    } else if (arguments.is("--request")) {
      options.requests.push_back(arguments.value());
    } else if (arguments.is("--option")) {
      const auto pair = demo::ChannelBinding::parse(arguments.value());
      if (!pair) arguments.fail("--option takes NAME=VALUE");
      options.sasl_options.emplace_back(pair->name, pair->value);
    } else if (arguments.is("--allow-any-authzid")) {
      options.any_authzid = true;
    } else if (arguments.is("--once")) {
      options.num_connections = 1;
    } else if (arguments.is("--count")) {
      options.num_connections = std::atoi(arguments.value().c_str());
      if (options.num_connections < 1) arguments.fail("--count takes a number from 1 up");
    } else if (arguments.is("--log")) {
      options.log_level = std::atoi(arguments.value().c_str());
    } else if (arguments.is("--error-log")) {
      options.error_log = arguments.value();
    } else if (arguments.is("--help")) {
      arguments.help();
    } else {
      arguments.fail("there is no option " + std::string(arguments.current()));
    }
  }
  options.sasl_options.emplace_back("log_level", std::to_string(options.log_level));
  if (options.requests.empty()) {
    options.requests = {"*auth-indicators", "auth-indicators", "*urn:mspac:client-info"};
  }
  return options;
}

demo::Socket listen_and_say_so(const Options& options) {
  unsigned port = 0;
  demo::Socket listener = demo::listen_on_loopback(options.port_file, &port);
  if (listener.is_open()) {
    std::printf("server  listens on 127.0.0.1 port %u for %s@%s\n", port, options.service.c_str(),
                options.host.c_str());
  }
  return listener;
}

bool accept_connections(const demo::Socket& listener, const Options& options,
                        const sasl_callback_t* callbacks) {
  bool all_logged_in = true;
  for (int i = 0; i != options.num_connections; ++i) {
    const demo::Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open()) {
      if (errno == EINTR) continue;
      std::perror("server: accept");
      return false;
    }
    demo::set_timeout(peer.fd());
    std::printf("server  somebody connects\n");
    all_logged_in = serve(peer.fd(), options, callbacks) && all_logged_in;
  }
  return all_logged_in;
}

}  // namespace

int main(int argc, char** argv) {
  // Whole lines at once: client and server often share a terminal.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Options options = parse(argc, argv);
  const std::vector<sasl_callback_t> callbacks = callbacks_of(&options);
  const int result = sasl_server_init(callbacks.data(), "gssloop-demo");
  if (result != SASL_OK) {
    std::fprintf(stderr, "server: sasl_server_init: %s\n",
                 sasl_errstring(result, nullptr, nullptr));
    return 2;
  }
  int status = 2;
  {
    const demo::Socket listener = listen_and_say_so(options);
    if (listener.is_open()) {
      status = accept_connections(listener, options, callbacks.data()) ? 0 : 1;
    }
  }
  sasl_done();
  return status;
}
