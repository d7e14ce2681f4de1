// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/login.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/interop/eavesdropper.h"
#include "tests/kdc/process.h"
#include "tests/support/socket.h"
#include "tests/support/wire.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Beyond kTimeoutSeconds, which a peer program waits for the other one.
constexpr auto kLoginTimeout = 30s;
constexpr auto kStartTimeout = 20s;

std::unique_ptr<Lab>& instance() {
  static std::unique_ptr<Lab> lab;
  return lab;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path our_module() { return fs::path(variable("GSSLOOP_PLUGIN_DIR")) / "libgssloop_sasl.so"; }
fs::path stock_folder() { return variable("GSSLOOP_STOCK_PLUGIN_DIR"); }
fs::path stock_gs2() { return stock_folder() / "libgs2.so"; }
fs::path stock_gssapi() { return stock_folder() / "libgssapiv2.so"; }

// Its package cannot be installed beside the one for MIT; `./run check` unpacks it here.
fs::path heimdal_gssapi() {
  return variable("GSSLOOP_SRCDIR") + "/.cache/libsasl2-modules-gssapi-heimdal" +
         stock_gssapi().string();
}
fs::path heimdal_library() { return stock_folder().parent_path() / "libgssapi.so.3"; }

void link_into(const fs::path& folder, const fs::path& file) {
  fs::create_directories(folder);
  fs::create_symlink(fs::canonical(file), folder / file.filename());
}

// The rest of the last line that has `word` after its first word.
std::string last_value(const std::string& text, const std::string& word) {
  const std::string marker = "    " + word + " ";
  const std::size_t found = text.rfind(marker);
  if (found == std::string::npos) return "";
  const std::size_t begin = text.find_first_not_of(' ', found + marker.size());
  return text.substr(begin, text.find('\n', begin) - begin);
}

RealmOptions realm_options() {
  RealmOptions options;
  options.services = {"imap/localhost"};
  return options;
}

}  // namespace

std::string program(const std::string& path) { return variable("GSSLOOP_BUILDDIR") + "/" + path; }

std::string source_file(const std::string& path) { return variable("GSSLOOP_SRCDIR") + "/" + path; }

const char* name_of(Peer peer) {
  switch (peer) {
    case Peer::kOurs:
      return "gssloop";
    case Peer::kStock:
      return "Cyrus SASL";
    case Peer::kHeimdal:
      return "Cyrus, Heimdal";
    case Peer::kMixed:
      return "gssloop+Cyrus";
    case Peer::kGnu:
      return "GNU SASL";
    case Peer::kForger:
      return "forger";
  }
  return "?";
}

std::string Outcome::authid() const { return last_value(server, "authid"); }
std::string Outcome::authzid() const { return last_value(server, "authzid"); }

std::string Outcome::text() const {
  return "client ended with " + std::to_string(client_status) + ":\n" + client +
         "server ended with " + std::to_string(server_status) + ":\n" + server;
}

Lab& Lab::get() {
  if (!instance()) instance().reset(new Lab);
  return *instance();
}

void Lab::close() { instance().reset(); }

Lab::Lab() : realm_(realm_options()) {
  realm_.apply_to_this_process();
  realm_.add_user(kUser, "password");
  realm_.kinit(kUser, "password");
  fs::create_directories(realm_.path("sasl-conf"));
  make_folders();
}

// A folder a peer, with links to the very files: libsasl opens all that a folder holds.
void Lab::make_folders() {
  const fs::path ours = our_module();
  if (!fs::exists(ours)) throw RealmError(ours.string() + " is not built");
  link_into(realm_.path("ours"), ours);
  const fs::path any_user = program("tests/interop/.libs/any_user.so");
  if (fs::exists(heimdal_gssapi())) {
    link_into(realm_.path("heimdal"), heimdal_gssapi());
    link_into(realm_.path("heimdal"), any_user);
  }
  if (!fs::exists(stock_gs2())) return;
  link_into(realm_.path("stock"), stock_gs2());
  link_into(realm_.path("stock"), stock_gssapi());
  link_into(realm_.path("stock"), any_user);
  link_into(realm_.path("mixed"), ours);
  for (const auto& entry : fs::directory_iterator(stock_folder())) {
    // An installed module of ours would take part instead of the built one.
    const bool is_module = entry.path().extension() == ".so";
    if (is_module && entry.path().filename() != ours.filename()) {
      link_into(realm_.path("mixed"), entry.path());
    }
  }
}

std::string Lab::folder(Peer peer) const {
  switch (peer) {
    case Peer::kStock:
      return realm_.path("stock");
    case Peer::kHeimdal:
      return realm_.path("heimdal");
    case Peer::kMixed:
      return realm_.path("mixed");
    default:
      return realm_.path("ours");
  }
}

std::string Lab::missing(Peer peer) {
  if (std::string reason = Realm::missing(); !reason.empty()) return reason;
  if ((peer == Peer::kStock || peer == Peer::kMixed) && !fs::exists(stock_gs2())) {
    return stock_gs2().string() + " is not there (Debian: libsasl2-modules-gssapi-mit)";
  }
  if (peer == Peer::kHeimdal && !fs::exists(heimdal_gssapi())) {
    return heimdal_gssapi().string() + " is not there: ./run check unpacks it";
  }
  if (peer == Peer::kHeimdal && !fs::exists(heimdal_library())) {
    return heimdal_library().string() + " is not there (Debian: libgssapi3-heimdal)";
  }
  if (peer == Peer::kGnu && !fs::exists(program("tests/interop/gsasl_peer"))) {
    return "this build has no GNU SASL (Debian: libgsasl-dev)";
  }
  return "";
}

std::string program_of(Peer peer) {
  if (peer == Peer::kForger) return program("examples/demo/forger");
  return program(peer == Peer::kGnu ? "tests/interop/gsasl_peer" : "tests/interop/sasl_peer");
}

std::vector<std::string> Lab::environment(const Side& side) const {
  std::vector<std::string> variables = {"SASL_PATH=" + folder(side.peer),
                                        "SASL_CONF_PATH=" + realm_.path("sasl-conf")};
  if (!side.ccache.empty()) variables.push_back("KRB5CCNAME=" + side.ccache);
  // Cyrus SASL's module and GNU SASL leak at each start, which is not what is tested here.
  if (side.peer != Peer::kOurs)
    variables.push_back("ASAN_OPTIONS=" + variable("ASAN_OPTIONS") + ":detect_leaks=0");
  return environment_with(variables);
}

std::string Lab::next_file(const std::string& name) {
  return realm_.path(name + std::to_string(++num_files_));
}

Lab::Server Lab::start_server(const Side& side, int num_connections) {
  const std::string port_file = next_file("port");
  std::vector<std::string> argv = {program_of(side.peer), "--port-file", port_file};
  if (side.peer != Peer::kGnu) {
    argv.insert(argv.end(), {"--count", std::to_string(num_connections)});
  }
  // Cyrus' whole folder holds sasldb too, and that reads /etc.
  if (side.peer == Peer::kMixed) {
    argv.insert(argv.end(), {"--option", "auxprop_plugin=any-user"});
  }
  argv.insert(argv.end(), side.arguments.begin(), side.arguments.end());
  return start_server(argv, environment(side), port_file);
}

Lab::Server Lab::start_server(const std::vector<std::string>& argv,
                              const std::vector<std::string>& env, const std::string& port_file) {
  Server server{std::make_unique<Child>(argv, env, next_file("server")), 0};
  const auto deadline = Child::Clock::now() + kStartTimeout;
  while (!fs::exists(port_file)) {
    if (!server.process->is_running() || Child::Clock::now() > deadline) {
      throw RealmError("the server did not start:\n" + server.process->output());
    }
    std::this_thread::sleep_for(2ms);
  }
  server.port = std::stoi(read_file(port_file));
  return server;
}

std::unique_ptr<Child> Lab::start_client(const Side& side, int port) {
  std::vector<std::string> argv = {program_of(side.peer), "--port", std::to_string(port)};
  if (side.peer == Peer::kForger) argv[1] = "localhost";
  argv.insert(argv.end(), side.arguments.begin(), side.arguments.end());
  return std::make_unique<Child>(argv, environment(side), next_file("client"));
}

Outcome Lab::finish(Server* server, Child* client) const {
  const auto deadline = Child::Clock::now() + kLoginTimeout;
  Outcome outcome;
  outcome.client_status = client->wait(deadline);
  outcome.server_status = server->process->wait(deadline);
  outcome.client = client->output();
  outcome.server = server->process->output();
  return outcome;
}

Outcome Lab::log_in(const Side& server_side, const Side& client_side) {
  Server server = start_server(server_side, 1);
  const std::unique_ptr<Child> client = start_client(client_side, server.port);
  return finish(&server, client.get());
}

Outcome Lab::replay(const Side& server_side, const Side& client_side) {
  Server server = start_server(server_side, 2);
  Eavesdropper eavesdropper(server.port);
  const std::unique_ptr<Child> client = start_client(client_side, eavesdropper.port());
  Outcome outcome = finish(&server, client.get());
  // The server's status is of both connections; the stolen message is expected to get in.
  if (!eavesdropper.got_in()) outcome.server_status = -1;
  return outcome;
}

Verdict send_raw(int port, const std::string& mechanism, const std::string& message) {
  const Socket server = connect_to_loopback(static_cast<unsigned>(port));
  if (!server.is_open() || !wire::receive_frame(server.fd())) return {};
  wire::send_frame(server.fd(), wire::Kind::kStart, wire::encode_start({mechanism, message}));
  std::optional<wire::Frame> frame = wire::receive_frame(server.fd());
  constexpr int kMaxChallenges = 4;
  for (int i = 0; i < kMaxChallenges && frame && frame->kind == wire::Kind::kChallenge; ++i) {
    wire::send_frame(server.fd(), wire::Kind::kResponse, "");
    frame = wire::receive_frame(server.fd());
  }
  if (!frame) return {};
  return {frame->kind == wire::Kind::kSuccess, frame->kind == wire::Kind::kFailure, frame->body};
}

}  // namespace gssloop::testing
