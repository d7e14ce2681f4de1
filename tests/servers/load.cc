// SPDX-License-Identifier: BSD-2-Clause
//
// Many clients of one server at once: each logs in, sends something under the layer if there is
// one, takes it back, and comes again.

#include <sasl/sasl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>

#include "tests/servers/workers.h"
#include "tests/support/sasl_session.h"
#include "tests/support/shared_memory.h"
#include "tests/support/socket.h"

namespace gssloop::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kUsage[] = "Usage: load PORT [OPTION...]\n";
constexpr char kNotes[] =
    "Prints one line: logins, failures, seconds, median and 99th percentile of a login's time in\n"
    "milliseconds (connection, login and exchange), CPU seconds of all clients. SIGTERM ends it\n"
    "early. Exit status: 0 no login failed, 1 some did, 2 it could not start.\n";

struct Options {
  unsigned port = 0;
  unsigned num_processes = 2;
  unsigned num_threads = 8;
  unsigned num_logins = 1000;
  unsigned num_seconds = 600;
  std::string host = "localhost";
  std::string mechanism = "GS2-KRB5";
  unsigned exchange_len = 0;
  SessionOptions session;
};

// What the processes share. Threads take the next login's number, and write down how long it took.
struct Shared {
  std::atomic<unsigned> next;
  std::atomic<unsigned> num_done;
  std::atomic<unsigned> num_failed;
  std::atomic<bool> is_over;
};

// ---- One login

bool fail(const std::string& why) {
  // Lines of one write each, since many may say so at once.
  std::fprintf(stderr, "%s", ("load: " + why + "\n").c_str());
  return false;
}

bool exchange(const Socket& server, SaslClient* client, const Options& options) {
  if (client->ssf() < options.session.strength.min_ssf) return fail("there is no layer");
  if (options.exchange_len == 0) return true;
  Layer layer(server.fd(), client, options.session);
  const std::string sent(options.exchange_len, 'x');
  if (layer.send(sent) && layer.receive() == sent) return true;
  return fail("other octets came back, or none: " + layer.error());
}

bool visit(const Options& options) {
  const Socket server = connect_to_loopback(options.port);
  if (!server.is_open()) return fail("cannot connect");
  ClientSetup setup;
  setup.host = options.host;
  setup.security_flags = options.session.security_flags() | SASL_SEC_MUTUAL_AUTH;
  setup.strength = options.session.strength;
  setup.log.level = SASL_LOG_NONE;
  SaslClient client(setup);
  const Ending ending = request_login(server.fd(), &client, options.mechanism);
  return ending.is_login ? exchange(server, &client, options) : fail(ending.error);
}

// ---- Many of them

void visit_repeatedly(const Options& options, Shared* shared, float* times_ms) {
  const auto end = Clock::now() + std::chrono::seconds(options.num_seconds);
  for (unsigned i = 0; !shared->is_over && (i = shared->next++) < options.num_logins;) {
    const auto begin = Clock::now();
    if (begin >= end) return;
    if (visit(options)) {
      times_ms[shared->num_done++] =
          std::chrono::duration<float, std::milli>(Clock::now() - begin).count();
    } else {
      ++shared->num_failed;
    }
  }
}

int run_process(const Options& options, Shared* shared, float* times_ms) {
  const SaslLibrary library(LibrarySetup{.server = {}, .log = {SASL_LOG_NONE}});
  run_threads(options.num_threads, [&] { visit_repeatedly(options, shared, times_ms); });
  return 0;
}

float quantile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void report(const Shared& shared, const float* times_ms, double seconds) {
  std::vector<float> times(times_ms, times_ms + shared.num_done);
  std::sort(times.begin(), times.end());
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const double cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  std::printf("logins %zu failures %u seconds %.3f median-ms %.2f p99-ms %.2f cpu %.3f\n",
              times.size(), shared.num_failed.load(), seconds,
              static_cast<double>(quantile(times, 0.5)), static_cast<double>(quantile(times, 0.99)),
              cpu_s);
}

Shared* signalled = nullptr;
void on_signal(int /*signal*/) { signalled->is_over = true; }

int run(const Options& options) {
  auto* shared = new_shared<Shared>();
  auto* times_ms = new_shared<float>(options.num_logins);
  signalled = shared;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  const auto begin = Clock::now();
  const std::vector<pid_t> pids = fork_workers(
      options.num_processes, [&](unsigned) { return run_process(options, shared, times_ms); });
  bool all_well = pids.size() == options.num_processes;
  for (const pid_t pid : pids) all_well = ended_well(pid) && all_well;
  report(*shared, times_ms, std::chrono::duration<double>(Clock::now() - begin).count());
  if (!all_well) return 2;
  return shared->num_failed == 0 && shared->num_done > 0 ? 0 : 1;
}

CommandLine command_line(Options* options) {
  const std::vector<Option> rows = {
      {"PORT", &options->port},
      {"--processes N", &options->num_processes, "that many processes (default: 2)"},
      {"--threads N", &options->num_threads,
       "that many threads in each, one login at a time (default: 8)"},
      {"--logins N", &options->num_logins, "in all (default: 1000)"},
      {"--seconds N", &options->num_seconds,
       "end after N seconds if there are logins left (default: 600)"},
      {"--host NAME", &options->host,
       "second part of the service's principal (default: localhost)"},
      {"--mechanism NAME", &options->mechanism, "use this one (default: GS2-KRB5)"},
      {"--exchange N", &options->exchange_len,
       "after each login send N octets, and take them back (default: 0)"}};
  return {kUsage, rows + options->session.rows(), kNotes};
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  Options options;
  return run_program(argc, argv, command_line(&options), [&] { return run(options); });
}
