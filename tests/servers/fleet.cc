// SPDX-License-Identifier: BSD-2-Clause
//
// A server as large sites run theirs: many processes, each with many threads, accept on one port.
// It counts its logins. libsasl gets mutexes (SaslLibrary sets them) and is initialised in each
// process. The processes share nothing of libsasl or Kerberos but files: the keytab and the replay
// cache.

#include <sasl/sasl.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "tests/servers/workers.h"
#include "tests/support/sasl_session.h"
#include "tests/support/shared_memory.h"
#include "tests/support/socket.h"

namespace gssloop::testing {
namespace {

constexpr char kUsage[] = "Usage: fleet [OPTION...]\n";
constexpr char kNotes[] =
    "SIGTERM or SIGINT ends it, after the connections that are open. It prints what each process\n"
    "served; errors of the log go to stderr. Exit status: 0 all went well, even if a client was\n"
    "refused; 1 a process failed; 2 it could not start.\n";

struct Options {
  unsigned num_processes = 2;
  unsigned num_threads = 4;
  std::string port_file;
  std::string host = "localhost";
  SaslOptions binding;  // one pair
  SaslOptions sasl_options;
  SessionOptions session;
};

// What a process counts; the first process reads it when the others are gone.
struct Tally {
  std::atomic<unsigned> num_logins;
  std::atomic<unsigned> num_refused;
};

LogSettings errors_alone() {
  return {SASL_LOG_ERR, [](const LogLine& line) {
            const std::size_t end = line.text.find_last_not_of('\n');
            if (line.level != SASL_LOG_ERR) return;
            // One write, since many may log at once.
            std::fputs(("fleet: " + line.text.substr(0, end + 1) + "\n").c_str(), stderr);
          }};
}

ServerSetup setup_of(const Options& options) {
  ServerSetup setup;
  setup.host = options.host;
  setup.options = options.sasl_options;
  for (const auto& [name, data] : options.binding) setup.binding = ChannelBinding{name, data};
  setup.security_flags = options.session.security_flags();
  setup.strength = options.session.strength;
  setup.log = errors_alone();
  return setup;
}

// One connection: a login, and messages that are sent back.
bool serve(const Socket& peer, const ServerSetup& setup, const SessionOptions& session) {
  SaslServer server(setup);
  if (!accept_login(peer.fd(), &server).is_login) return false;
  Layer layer(peer.fd(), &server, session);
  return echo(&layer);
}

// A thread's work: one connection after another, until the listening socket is shut down.
void accept_connections(const Socket& listener, const Options& options, Tally* tally) {
  const ServerSetup setup = setup_of(options);
  for (;;) {
    const Socket peer = accept_from(listener);
    if (peer.is_open()) {
      ++(serve(peer, setup, options.session) ? tally->num_logins : tally->num_refused);
    } else if (errno != ECONNABORTED && errno != EMFILE && errno != ENFILE) {
      return;
    }
  }
}

int run_process(const Socket& listener, const Options& options, Tally* tally) {
  const SaslLibrary library(
      LibrarySetup{.server = options.sasl_options, .client = {}, .log = errors_alone()});
  run_threads(options.num_threads, [&] { accept_connections(listener, options, tally); });
  return 0;
}

// Waits for all, and prints what each served. 0, or 1 if one failed.
int report(const std::vector<pid_t>& pids, const Tally* tallies) {
  int status = 0;
  for (std::size_t i = 0; i < pids.size(); ++i) {
    const bool is_well = ended_well(pids[i]);
    if (!is_well) status = 1;
    std::printf("process %d logins %u refused %u%s\n", static_cast<int>(pids[i]),
                tallies[i].num_logins.load(), tallies[i].num_refused.load(),
                is_well ? "" : " FAILED");
  }
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  std::printf("cpu user %.6f system %.6f\n", seconds_of(usage.ru_utime),
              seconds_of(usage.ru_stime));
  return status;
}

int run(const Options& options) {
  const Listener listener = listen_on_loopback();
  if (!options.port_file.empty()) write_port(options.port_file, listener.port);
  auto* tallies = new_shared<Tally>(options.num_processes);
  // The first process alone waits for these. The others end when the socket is shut down, or with
  // the first one: a signal of the terminal must not cut their connections.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const std::vector<pid_t> pids = fork_workers(options.num_processes, [&](unsigned i) {
    return run_process(listener.socket, options, tallies + i);
  });
  const bool all_started = pids.size() == options.num_processes;
  int signal = SIGTERM;
  if (all_started) sigwait(&signals, &signal);
  // On Linux this wakes all threads in accept4, in every process.
  shutdown(listener.socket.fd(), SHUT_RDWR);
  const int status = report(pids, tallies);
  return all_started ? status : 2;
}

CommandLine command_line(Options* options) {
  const std::vector<Option> rows = {
      {"--processes N", &options->num_processes, "that many processes (default: 2)"},
      {"--threads N", &options->num_threads, "that many threads in each (default: 4)"},
      {"--port-file FILE", &options->port_file,
       "write the port there once it is open (the kernel chooses it)"},
      {"--host NAME", &options->host,
       "second part of the service's principal (default: localhost)"},
      {"--cbinding NAME=DATA", &options->binding, "channel binding, as TLS would give it"},
      {"--option NAME=VALUE", &options->sasl_options,
       "a line of the SASL configuration; may be repeated"}};
  return {kUsage, rows + options->session.rows(), kNotes};
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  Options options;
  return run_program(argc, argv, command_line(&options), [&] { return run(options); });
}
