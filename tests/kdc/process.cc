// SPDX-License-Identifier: BSD-2-Clause
#include "tests/kdc/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/support/child.h"

namespace gssloop::testing {
namespace {

std::string read_all(int fd) {
  std::string all;
  char chunk[4096];
  for (;;) {
    const ssize_t n = read(fd, chunk, sizeof chunk);
    if (n > 0) all.append(chunk, static_cast<size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return all;
  }
}

// Both ends of a pipe.
struct Pipe {
  Pipe() {
    if (pipe2(fds, O_CLOEXEC) != 0) throw RealmError("pipe: " + std::string(strerror(errno)));
  }
  ~Pipe() {
    close(fds[0]);
    close_writing_end();
  }
  void close_writing_end() {
    if (fds[1] >= 0) close(fds[1]);
    fds[1] = -1;
  }
  int fds[2];
};

}  // namespace

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) +
                             ":/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/usr/lib/mit/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/" + name;
    if (!folder.empty() && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw RealmError("cannot find the program " + name +
                   ": install MIT krb5's KDC and its admin server (for openssl: package openssl)");
}

std::string name_in_branch(std::string_view name) {
  if (name == "SASL_PATH") return "SASL_PLUGINDIR";
  if (name == "SASL_CONF_PATH") return "SASL_CONFDIR";
  return "";
}

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> overrides = changes;
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    const std::string other = name_in_branch(std::string_view(change).substr(0, equals));
    if (!other.empty()) overrides.push_back(other + change.substr(equals));
  }
  std::vector<std::string> env = overrides;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    bool is_overridden = false;
    for (const std::string& o : overrides) is_overridden |= o.compare(0, name.size(), name) == 0;
    if (!is_overridden) env.emplace_back(text);
  }
  return env;
}

ProgramResult run_program(const std::vector<std::string>& argv,
                          const std::vector<std::string>& env) {
  Pipe pipe;
  Child child(argv, env, "", {.output = pipe.fds[1], .error = pipe.fds[1]});
  pipe.close_writing_end();
  ProgramResult result;
  result.output = read_all(pipe.fds[0]);
  result.exit_code = child.wait();
  return result;
}

std::string checked_run(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
  ProgramResult result = run_program(argv, env);
  if (result.exit_code == 0) return result.output;
  std::string command;
  for (const std::string& word : argv) command += (command.empty() ? "" : " ") + word;
  throw RealmError("`" + command + "` ended with status " + std::to_string(result.exit_code) +
                   " and said:\n" + result.output);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw RealmError("cannot write " + path + ": " + std::strerror(errno));
}

PortReservation::PortReservation() {
  constexpr int kTries = 50;
  for (int i = 0; i < kTries; ++i) {
    if (try_reserve()) return;
    release();
  }
  throw RealmError("cannot reserve a port on 127.0.0.1 for the KDC: " +
                   std::string(std::strerror(errno)));
}

PortReservation::~PortReservation() { release(); }

// Takes any free TCP port; fails if another process has the UDP port of the same number.
bool PortReservation::try_reserve() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t len = sizeof address;
  const int on = 1;
  tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (const int fd : {tcp_, udp_}) {
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return false;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) return false;
  }
  if (bind(tcp_, generic, len) != 0 || getsockname(tcp_, generic, &len) != 0) return false;
  port_ = ntohs(address.sin_port);
  return bind(udp_, generic, len) == 0;
}

void PortReservation::release() {
  if (tcp_ >= 0) close(tcp_);
  if (udp_ >= 0) close(udp_);
  tcp_ = udp_ = -1;
}

}  // namespace gssloop::testing
