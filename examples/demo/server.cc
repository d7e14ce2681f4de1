// SPDX-License-Identifier: BSD-2-Clause
//
// A server application as libsasl sees one: it offers mechanisms, runs the exchange over TCP, and
// then asks who logged in and what is known of the user. It knows nothing of Kerberos and nothing
// of gssloop; libsasl loads the module. It prints all results, for a person.

#include <getopt.h>
#include <sasl/prop.h>
#include <sasl/sasl.h>

#include <fstream>
#include <vector>

#include "examples/demo/sasl.h"
#include "examples/demo/wire.h"

namespace {

constexpr char kService[] = "imap";  // the service's principal is imap/localhost
constexpr char kHost[] = "localhost";
constexpr char kUsage[] =
    "Usage: server [OPTION...]\n"
    "  --port-file FILE      write the port number to FILE when the port is open\n"
    "                        (the kernel chooses the port)\n"
    "  --once                end after one connection (default: accept more)\n"
    "  --cbinding NAME=DATA  channel binding, as from TLS\n"
    "  --allow-any-authzid   every user may act as every other user: only to show attacks\n"
    "  --error-log FILE      append the log's errors to FILE as well\n"
    "Exit status: 0 all clients logged in, 1 a client was refused, 2 could not start.\n";

// What the application asks about its users. A name with "*" gives the value only if it is
// authenticated; gssloop-sasl(7) tells the rest.
const char* const kRequests[] = {"*auth-indicators", "auth-indicators", "*urn:mspac:client-info",
                                 nullptr};

struct Options {
  std::string port_file;
  std::string binding;
  std::string error_log;
  bool any_authzid = false;
  bool once = false;
};

// ---- What libsasl asks the application

int on_log(void* context, int level, const char* message) {
  static constexpr const char* kNames[] = {"none", "error", "failure", "warning", "note", "debug"};
  if (message == nullptr || level < SASL_LOG_ERR || level > SASL_LOG_DEBUG) return SASL_OK;
  const std::string_view text = demo::log_text(message);
  std::printf("server    log (%s): %.*s\n", kNames[level], static_cast<int>(text.size()),
              text.data());
  const auto* options = static_cast<const Options*>(context);
  if (level == SASL_LOG_ERR && !options->error_log.empty()) {
    std::ofstream(options->error_log, std::ios::app) << text << '\n';
  }
  return SASL_OK;
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

// A daemon leaves SASL_CB_GETOPT to libsasl, which then reads /etc/sasl2/NAME.conf.
std::vector<sasl_callback_t> callbacks_of(Options* options) {
  return {
      {SASL_CB_LOG, demo::as_callback(&on_log), options},
      {SASL_CB_GETOPT, demo::as_callback(&demo::on_getopt), nullptr},
      {SASL_CB_PROXY_POLICY, demo::as_callback(&on_proxy_policy), options},
      {SASL_CB_LIST_END, nullptr, nullptr},
  };
}

// ---- One login

// For a person: a long value, base64 for instance, is cut.
std::string shortened(const char* value) {
  constexpr std::size_t kMaxShown = 48;
  std::string text(value);
  if (text.size() <= kMaxShown) return text;
  const std::string len = std::to_string(text.size());
  return text.substr(0, kMaxShown) + "... (" + len + " characters)";
}

std::string property_text(sasl_conn_t* connection, int property) {
  const void* value = nullptr;
  if (sasl_getprop(connection, property, &value) != SASL_OK || value == nullptr) return "(none)";
  return static_cast<const char*>(value);
}

void print_login(sasl_conn_t* connection) {
  std::printf("server  LOGGED IN with %s\n", property_text(connection, SASL_MECHNAME).c_str());
  std::printf("server    authid  %s   (the authenticated user)\n",
              property_text(connection, SASL_AUTHUSER).c_str());
  std::printf("server    authzid %s   (the user to act as)\n",
              property_text(connection, SASL_USERNAME).c_str());
  std::printf("server    auxiliary properties, as requested (with *: only if authenticated):\n");
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
// log has the full reason.
bool refuse(int fd, sasl_conn_t* connection, int result) {
  const std::string detail = sasl_errdetail(connection);
  std::printf("server  REFUSED: %s\n", sasl_errstring(result, nullptr, nullptr));
  std::printf("server    told the client: %s\n", detail.c_str());
  demo::send_frame(fd, demo::Kind::kFailure, detail);
  return false;
}

bool abandon(const char* why) {
  std::printf("server  GAVE UP: %s\n", why);
  return false;
}

demo::Connection new_connection() {
  sasl_conn_t* connection = nullptr;
  // SASL_SUCCESS_DATA: our protocol can carry the mechanism's last token along with the success.
  int result = sasl_server_new(kService, kHost, nullptr, nullptr, nullptr, nullptr,
                               SASL_SUCCESS_DATA, &connection);
  if (result != SASL_OK) {
    std::printf("server  sasl_server_new: %s\n", sasl_errstring(result, nullptr, nullptr));
    return nullptr;
  }
  demo::Connection owned(connection);
  demo::set_security(connection, 0);
  result = sasl_auxprop_request(connection, const_cast<const char**>(kRequests));
  if (result != SASL_OK) {
    std::printf("server  sasl_auxprop_request: %s\n", sasl_errstring(result, nullptr, nullptr));
    return nullptr;
  }
  return owned;
}

// Runs the exchange on `connection` until it ends; true if the user logged in.
bool exchange(int fd, sasl_conn_t* connection) {
  const char* mechanisms = nullptr;
  int result = sasl_listmech(connection, nullptr, "", " ", "", &mechanisms, nullptr, nullptr);
  if (result != SASL_OK) return refuse(fd, connection, result);
  std::printf("server    offers %s\n", mechanisms);
  if (!demo::send_frame(fd, demo::Kind::kMechanisms, mechanisms)) {
    return abandon("the client closed the connection");
  }

  const std::optional<demo::Frame> start = demo::receive_frame(fd);
  if (!start || start->kind != demo::Kind::kStart) return abandon("the client did not begin");
  const std::size_t nul = start->body.find('\0');
  if (nul == std::string::npos) return abandon("the client named no mechanism");
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
      return abandon("the client closed the connection");
    }
    const std::optional<demo::Frame> response = demo::receive_frame(fd);
    if (!response || response->kind != demo::Kind::kResponse) return abandon("the client gave up");
    std::printf("server    got a response of %zu bytes\n", response->body.size());
    result = sasl_server_step(connection, response->body.data(),
                              static_cast<unsigned>(response->body.size()), &out, &out_len);
  }
  if (result != SASL_OK) return refuse(fd, connection, result);
  // Printed before the peer gets the message, so that its own lines come after these.
  print_login(connection);
  std::printf("server    sends success%s\n",
              out == nullptr ? "" : (" with " + std::to_string(out_len) + " bytes").c_str());
  return demo::send_frame(fd, demo::Kind::kSuccess, demo::encode_optional(out, out_len));
}

bool serve(int fd, const Options& options) {
  const demo::ChannelBinding binding(options.binding);
  const demo::Connection connection = new_connection();
  if (!connection) return false;
  binding.apply_to(connection.get());
  if (!exchange(fd, connection.get())) return false;
  std::printf("server    security layer: %s\n", demo::layer_text(connection.get()).c_str());
  return true;
}

// ---- The process

Options parse(int argc, char** argv) {
  static const option kOptions[] = {{"port-file", required_argument, nullptr, 'p'},
                                    {"once", no_argument, nullptr, 'o'},
                                    {"cbinding", required_argument, nullptr, 'c'},
                                    {"allow-any-authzid", no_argument, nullptr, 'a'},
                                    {"error-log", required_argument, nullptr, 'e'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == 'p') options.port_file = optarg;
    if (c == 'o') options.once = true;
    if (c == 'c') options.binding = optarg;
    if (c == 'a') options.any_authzid = true;
    if (c == 'e') options.error_log = optarg;
    if (c == 'h' || c == '?') {
      std::fputs(kUsage, c == 'h' ? stdout : stderr);
      std::exit(c == 'h' ? 0 : 2);
    }
  }
  return options;
}

demo::Socket listen_and_say_so(const Options& options) {
  unsigned port = 0;
  demo::Socket listener = demo::listen_on_loopback(options.port_file, &port);
  if (listener.is_open()) {
    std::printf("server  listens on 127.0.0.1 port %u for %s@%s\n", port, kService, kHost);
  }
  return listener;
}

bool accept_connections(const demo::Socket& listener, const Options& options) {
  bool all_logged_in = true;
  do {
    const demo::Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open()) {
      std::perror("server: accept");
      return false;
    }
    demo::set_timeout(peer.fd());
    std::printf("server  a client connects\n");
    all_logged_in = serve(peer.fd(), options) && all_logged_in;
  } while (!options.once);
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
      status = accept_connections(listener, options) ? 0 : 1;
    }
  }
  sasl_done();
  return status;
}
