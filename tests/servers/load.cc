// SPDX-License-Identifier: BSD-2-Clause
//
// Many clients of the demo's server at once: each logs in, sends something under the layer if there
// is one, takes it back, and comes again. See kUsage.

#include <sasl/sasl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "examples/demo/layer.h"
#include "examples/demo/threads.h"
#include "examples/demo/wire.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr char kUsage[] =
    "Usage: load PORT [OPTION...]\n"
    "  --processes N     that many processes (default: 2)\n"
    "  --threads N       that many threads in each, one login at a time (default: 8)\n"
    "  --logins N        in all (default: 1000)\n"
    "  --seconds N       end after N seconds if there are logins left (default: 600)\n"
    "  --service NAME    first part of the service's principal (default: imap)\n"
    "  --host NAME       second part (default: localhost)\n"
    "  --mechanism NAME  use this one (default: GS2-KRB5)\n"
    "  --exchange N      after each login send N octets, and take them back (default: 0)\n";
constexpr char kExitStatus[] =
    "Prints one line: logins, failures, seconds, median and 99th percentile of a login's time in\n"
    "milliseconds (connection, login and exchange), CPU seconds of all clients. SIGTERM ends it\n"
    "early. Exit status: 0 no login failed, 1 some did, 2 it could not start.\n";

struct Options {
  std::string port;
  unsigned num_processes = 2;
  unsigned num_threads = 8;
  unsigned num_logins = 1000;
  unsigned num_seconds = 600;
  std::string service = "imap";
  std::string host = "localhost";
  std::string mechanism = "GS2-KRB5";
  unsigned exchange_len = 0;
  demo::LayerOptions layer;
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

bool fail(sasl_conn_t* connection) { return fail(sasl_errdetail(connection)); }

// The mechanism's last word, if success brought one: only after it has the server proved itself.
bool finish(sasl_conn_t* connection, int result, const std::string& body) {
  const std::optional<std::string> token = demo::decode_optional(body);
  if (result == SASL_OK) return true;
  if (!token) return fail("the server says success before the mechanism is done");
  const char* out = nullptr;
  unsigned out_len = 0;
  result = sasl_client_step(connection, token->data(), static_cast<unsigned>(token->size()),
                            nullptr, &out, &out_len);
  return result == SASL_OK || fail(connection);
}

bool log_in(int fd, sasl_conn_t* connection, const Options& options) {
  const std::optional<demo::Frame> greeting = demo::receive_frame(fd);
  if (!greeting || greeting->kind != demo::Kind::kMechanisms) return fail("nobody greets");
  const char* out = nullptr;
  const char* chosen = nullptr;
  unsigned out_len = 0;
  int result =
      sasl_client_start(connection, options.mechanism.c_str(), nullptr, &out, &out_len, &chosen);
  if (result != SASL_OK && result != SASL_CONTINUE) return fail(connection);
  std::string message = options.mechanism + '\0' + demo::encode_optional(out, out_len);
  demo::Kind kind = demo::Kind::kStart;
  for (;;) {
    if (!demo::send_frame(fd, kind, message)) return fail("the server left");
    const std::optional<demo::Frame> frame = demo::receive_frame(fd);
    if (!frame) return fail("the server left");
    if (frame->kind == demo::Kind::kFailure) return fail("the server says: " + frame->body);
    if (frame->kind == demo::Kind::kSuccess) return finish(connection, result, frame->body);
    result = sasl_client_step(connection, frame->body.data(),
                              static_cast<unsigned>(frame->body.size()), nullptr, &out, &out_len);
    if (result != SASL_OK && result != SASL_CONTINUE) return fail(connection);
    kind = demo::Kind::kResponse;
    message = out == nullptr ? std::string() : std::string(out, out_len);
  }
}

bool exchange(int fd, sasl_conn_t* connection, const Options& options) {
  if (options.layer.min_ssf > 0 &&
      demo::number_property(connection, SASL_SSF) < options.layer.min_ssf) {
    return fail("there is no layer");
  }
  if (options.exchange_len == 0) return true;
  demo::Layer layer(fd, connection, options.layer);
  const std::string sent(options.exchange_len, 'x');
  if (layer.send(sent) && layer.receive() == sent) return true;
  return fail("other octets came back, or none: " + layer.error());
}

bool visit(const Options& options) {
  const demo::Socket server = demo::connect_to("127.0.0.1", options.port);
  if (!server.is_open()) return false;
  sasl_conn_t* connection = nullptr;
  const int result = sasl_client_new(options.service.c_str(), options.host.c_str(), nullptr,
                                     nullptr, nullptr, SASL_SUCCESS_DATA, &connection);
  if (result != SASL_OK) return fail(sasl_errstring(result, nullptr, nullptr));
  const demo::Connection owned(connection);
  options.layer.apply(connection,
                      SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS | SASL_SEC_MUTUAL_AUTH);
  return log_in(server.fd(), connection, options) && exchange(server.fd(), connection, options);
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

int run_process(const Options& options, Shared* shared, float* times_ms, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return 2;
  demo::set_sasl_mutexes();
  const int result = sasl_client_init(nullptr);
  if (result != SASL_OK) {
    fail(sasl_errstring(result, nullptr, nullptr));
    return 2;
  }
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.num_threads; ++i) {
    threads.emplace_back(visit_repeatedly, std::cref(options), shared, times_ms);
  }
  for (std::thread& thread : threads) thread.join();
  sasl_done();
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
  const double cpu_s = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  std::printf("logins %zu failures %u seconds %.3f median-ms %.2f p99-ms %.2f cpu %.3f\n",
              times.size(), shared.num_failed.load(), seconds,
              static_cast<double>(quantile(times, 0.5)), static_cast<double>(quantile(times, 0.99)),
              cpu_s);
}

Shared* signalled = nullptr;
void on_signal(int /*signal*/) { signalled->is_over = true; }

int run(const Options& options) {
  auto* shared = demo::new_shared<Shared>(1);
  auto* times_ms = demo::new_shared<float>(options.num_logins);
  if (shared == nullptr || times_ms == nullptr) return 2;
  signalled = shared;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  const pid_t parent = getpid();
  const auto begin = Clock::now();
  std::vector<pid_t> pids;
  for (unsigned i = 0; i < options.num_processes; ++i) {
    const pid_t pid = fork();
    if (pid == 0) _exit(run_process(options, shared, times_ms, parent));
    if (pid > 0) pids.push_back(pid);
  }
  bool all_well = pids.size() == options.num_processes;
  for (const pid_t pid : pids) {
    int how = 0;
    all_well = waitpid(pid, &how, 0) == pid && how == 0 && all_well;
  }
  report(*shared, times_ms, std::chrono::duration<double>(Clock::now() - begin).count());
  if (!all_well) return 2;
  return shared->num_failed == 0 && shared->num_done > 0 ? 0 : 1;
}

Options parse(int argc, char** argv) {
  Options options;
  const std::string usage = std::string(kUsage) + demo::LayerOptions::kUsage + kExitStatus;
  demo::Arguments arguments(argc, argv, usage.c_str());
  while (arguments.next()) {
    if (options.layer.take(&arguments)) {
      continue;
    }
    if (arguments.is("--processes")) {
      options.num_processes = std::max(arguments.number(), 1U);
    } else if (arguments.is("--threads")) {
      options.num_threads = std::max(arguments.number(), 1U);
    } else if (arguments.is("--logins")) {
      options.num_logins = std::max(arguments.number(), 1U);
    } else if (arguments.is("--seconds")) {
      options.num_seconds = arguments.number();
    } else if (arguments.is("--service")) {
      options.service = arguments.value();
    } else if (arguments.is("--host")) {
      options.host = arguments.value();
    } else if (arguments.is("--mechanism")) {
      options.mechanism = arguments.value();
    } else if (arguments.is("--exchange")) {
      options.exchange_len = arguments.number();
    } else if (arguments.is("--help")) {
      arguments.help();
    } else if (arguments.current().substr(0, 1) == "-" || !options.port.empty()) {
      arguments.fail("there is no option " + std::string(arguments.current()));
    } else {
      options.port = arguments.current();
    }
  }
  if (options.port.empty()) arguments.fail("PORT is needed");
  return options;
}

}  // namespace

int main(int argc, char** argv) { return run(parse(argc, argv)); }
