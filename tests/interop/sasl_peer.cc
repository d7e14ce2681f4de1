// SPDX-License-Identifier: BSD-2-Clause
//
// libsasl as a server or a client, with the modules that SASL_PATH names: ours, Cyrus SASL's, or
// all of them. It prints what became of each login, and all that is logged.

#include <sasl/sasl.h>

#include <climits>
#include <cstdio>
#include <cstring>

#include "tests/interop/meeting.h"
#include "tests/support/sasl_session.h"

namespace gssloop::testing {
namespace {

constexpr char kUsage[] = "Usage: sasl_peer --port-file FILE | --port N [OPTION...]\n";
constexpr char kNotes[] =
    "Exit status: 0 logged in, and all bytes came back; a server: each client logged in; 1 not "
    "so;\n"
    "2 it could not start.\n";

const std::vector<std::string> kRequests = {"*auth-indicators", "auth-indicators",
                                            "*urn:mspac:client-info"};

struct Options {
  Meeting meeting;
  std::string mechanisms;
  SaslOptions binding;  // one pair
  SessionOptions session;
  // Of the client.
  std::string authzid;
  std::string authname;
  unsigned exchange_len = 0;
  // Of the server.
  std::vector<std::string> requests;
  SaslOptions sasl_options;
  bool takes_any_authzid = false;
  unsigned num_connections = 1;
};

CommandLine command_line(Options* options) {
  return {kUsage,
          options->meeting.rows() +
              std::vector<Option>{
                  {"--mechanism \"A B\"", &options->mechanisms,
                   "use one of these (default: what libsasl chooses, or offers)"},
                  {"--cbinding NAME=DATA", &options->binding,
                   "channel binding, as TLS would give it; a client insists on it"},
                  {"--authzid NAME", &options->authzid, "client: act as this user"},
                  {"--authname NAME", &options->authname,
                   "client: whose ticket to use (default: the default one)"},
                  {"--exchange N", &options->exchange_len,
                   "client: after the login send N bytes, protected, and take them back"},
                  {"--request PROPERTY", &options->requests,
                   "server: ask for this auxiliary property; may be repeated"},
                  {"--option NAME=VALUE", &options->sasl_options,
                   "server: a line of the SASL configuration; may be repeated"},
                  {"--allow-any-authzid", &options->takes_any_authzid,
                   "server: each user may act as each other one"},
                  {"--count N", &options->num_connections, "server: end after N connections (1)"}} +
              options->session.rows(),
          kNotes};
}

LogSettings print_log(const char* role) {
  return {SASL_LOG_DEBUG, [role](const LogLine& line) {
            // Some modules end their messages with a line feed, some do not.
            const std::size_t end = line.text.find_last_not_of('\n');
            if (line.level == SASL_LOG_NONE || end == std::string::npos) return;
            std::printf("%s    log: %s\n", role, line.text.substr(0, end + 1).c_str());
          }};
}

std::optional<ChannelBinding> binding_of(const Options& options, bool is_critical) {
  if (options.binding.empty()) return std::nullopt;
  const auto& [name, data] = *options.binding.begin();
  return ChannelBinding{name, data, is_critical};
}

// ---- Client

Reply name_or_nothing(const std::string& name) { return name.empty() ? Reply{} : says(name); }

// What no other order of the pieces gives.
std::string pattern(std::size_t len) {
  std::string text(len, '\0');
  for (std::size_t i = 0; i < len; ++i) text[i] = static_cast<char>(i * 2654435761U >> 16);
  return text;
}

bool exchange(Layer* layer, std::size_t len) {
  std::printf("client    layer: %s\n", layer->text().c_str());
  if (len == 0) return true;
  const std::string sent = pattern(len);
  const auto received = layer->send(sent) ? layer->receive() : std::optional<std::string>();
  if (received == sent) {
    std::printf("client  LAYER %s: %zu bytes there and back\n", layer->text().c_str(), len);
    return true;
  }
  std::printf("client  LAYER FAILED: %s\n", received                 ? "other bytes came back"
                                            : layer->error().empty() ? "the server left"
                                                                     : layer->error().c_str());
  return false;
}

int run_client(const Options& options) {
  const SaslLibrary library(LibrarySetup{.server = {}, .log = print_log("client")});
  const Socket server = options.meeting.connect();
  ClientSetup setup;
  setup.user = name_or_nothing(options.authzid);
  setup.authname = name_or_nothing(options.authname);
  setup.binding = binding_of(options, true);
  setup.security_flags = options.session.security_flags() | SASL_SEC_MUTUAL_AUTH;
  setup.strength = options.session.strength;
  setup.log = print_log("client");
  SaslClient client(setup);
  const Ending ending = request_login(server.fd(), &client, options.mechanisms);
  if (!ending.is_login) {
    std::printf("client  NOT LOGGED IN: %s\n", ending.error.c_str());
    return 1;
  }
  std::printf("client  LOGGED IN with %s\n", client.mechanism().c_str());
  Layer layer(server.fd(), &client, options.session);
  return exchange(&layer, options.exchange_len) ? 0 : 1;
}

// ---- Server

void print_login(const SaslServer& server) {
  std::printf("server  LOGGED IN with %s\n", server.property(SASL_MECHNAME).c_str());
  std::printf("server    authid  %s\n", server.authid().c_str());
  std::printf("server    authzid %s\n", server.authzid().c_str());
  for (const auto& [name, values] : server.properties()) {
    for (const std::string& value : values) {
      std::printf("server      %-24s %s\n", name.c_str(), value.c_str());
    }
  }
  if (server.pointer(SASL_DELEGATEDCREDS) != nullptr) {
    std::printf("server    has the user's credentials, too\n");
  }
}

bool serve(const Socket& peer, const Options& options) {
  ServerSetup setup;
  setup.options = options.sasl_options;
  setup.binding = binding_of(options, false);
  setup.security_flags = options.session.security_flags();
  setup.requested = options.requests.empty() ? kRequests : options.requests;
  if (options.takes_any_authzid) setup.proxy_policy = [](const ProxyCall&) { return SASL_OK; };
  setup.strength = options.session.strength;
  setup.log = print_log("server");
  SaslServer server(setup);
  const Ending ending = accept_login(peer.fd(), &server);
  if (!ending.is_login) {
    std::printf("server  REFUSED: %s\n", ending.error.c_str());
    return false;
  }
  print_login(server);
  Layer layer(peer.fd(), &server, options.session);
  std::printf("server    layer: %s\n", layer.text().c_str());
  const bool is_through = echo(&layer, [&](std::size_t len) {
    std::printf("server  LAYER %s: %zu bytes sent back\n", layer.text().c_str(), len);
  });
  if (!is_through) std::printf("server  LAYER FAILED: %s\n", layer.error().c_str());
  return is_through;
}

int run_server(Options options) {
  if (!options.mechanisms.empty()) options.sasl_options["mech_list"] = options.mechanisms;
  options.sasl_options["log_level"] = std::to_string(SASL_LOG_DEBUG);
  const SaslLibrary library(
      LibrarySetup{.server = options.sasl_options, .client = {}, .log = print_log("server")});
  const Listener listener = listen_on_loopback();
  write_port(options.meeting.port_file, listener.port);
  bool all_logged_in = true;
  for (unsigned i = 0; i < options.num_connections; ++i) {
    const Socket peer = accept_from(listener.socket);
    if (!peer.is_open()) throw std::runtime_error(std::string("accept: ") + std::strerror(errno));
    std::printf("server  a client connects\n");
    all_logged_in = serve(peer, options) && all_logged_in;
  }
  return all_logged_in ? 0 : 1;
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  Options options;
  return run_program(argc, argv, command_line(&options), [&] {
    return options.meeting.is_server() ? run_server(options) : run_client(options);
  });
}
