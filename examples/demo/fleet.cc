// SPDX-License-Identifier: BSD-2-Clause
//
// The demo's server as large sites run theirs: many processes, each with many threads, accept on
// one port. It shows what such a server needs beside what server.cc shows (libsasl's mutexes, one
// initialisation a process), and counts instead of telling. The processes share nothing of
// libsasl's or Kerberos' but what lies in files: the keytab and the replay cache.

#include <sasl/sasl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>
#include <vector>

#include "examples/demo/layer.h"
#include "examples/demo/threads.h"
#include "examples/demo/wire.h"

namespace {

constexpr char kUsage[] =
    "Usage: fleet [OPTION...]\n"
    "  --processes N         that many processes (default: 2)\n"
    "  --threads N           that many threads in each (default: 4)\n"
    "  --port-file FILE      write the port there once it is open (it is chosen by the kernel)\n"
    "  --service NAME        first part of the service's principal (default: imap)\n"
    "  --host NAME           second part (default: localhost)\n"
    "  --cbinding NAME=DATA  channel binding, as TLS would give it\n"
    "  --option NAME=VALUE   a line of the SASL configuration; may be repeated\n";
constexpr char kExitStatus[] =
    "SIGTERM or SIGINT ends it, after the connections that are open. It says what each process\n"
    "served; errors of the log go to stderr. Exit status: 0 all went well, whoever was refused;\n"
    "1 a process failed; 2 it could not start.\n";

struct Options {
  unsigned num_processes = 2;
  unsigned num_threads = 4;
  std::string port_file;
  std::string service = "imap";
  std::string host = "localhost";
  std::optional<demo::ChannelBinding> binding;
  std::vector<std::pair<std::string, std::string>> sasl_options;
  demo::LayerOptions layer;
};

// What a process counts; the first process reads it when the others are gone.
struct Tally {
  std::atomic<unsigned> num_logins;
  std::atomic<unsigned> num_refused;
};

// ---- What libsasl asks the application; by several threads at once

int on_log(void* /*context*/, int level, const char* message) {
  if (message == nullptr || level != SASL_LOG_ERR) return SASL_OK;
  std::string_view text(message);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::fprintf(stderr, "fleet: %.*s\n", static_cast<int>(text.size()), text.data());
  return SASL_OK;
}

int on_getopt(void* context, const char* /*plugin*/, const char* option, const char** result,
              unsigned* len) {
  for (const auto& [name, value] : static_cast<const Options*>(context)->sasl_options) {
    if (name != option) continue;
    *result = value.c_str();
    if (len != nullptr) *len = static_cast<unsigned>(value.size());
    return SASL_OK;
  }
  return SASL_FAIL;
}

// libsasl keeps callbacks of every signature as int (*)(). The step over void (*)() tells the
// compiler that the cast is meant.
template <typename Function>
int (*generic(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

// ---- One connection

demo::Connection new_connection(const Options& options) {
  sasl_conn_t* connection = nullptr;
  if (sasl_server_new(options.service.c_str(), options.host.c_str(), nullptr, nullptr, nullptr,
                      nullptr, SASL_SUCCESS_DATA, &connection) != SASL_OK) {
    return nullptr;
  }
  demo::Connection owned(connection);
  if (options.layer.apply(connection, SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS) != SASL_OK) {
    return nullptr;
  }
  return owned;
}

// Runs the exchange; true if somebody logged in.
bool log_in(int fd, sasl_conn_t* connection) {
  const char* out = nullptr;
  unsigned out_len = 0;
  int result = sasl_listmech(connection, nullptr, "", " ", "", &out, nullptr, nullptr);
  if (result != SASL_OK || !demo::send_frame(fd, demo::Kind::kMechanisms, out)) return false;
  const std::optional<demo::Frame> start = demo::receive_frame(fd);
  if (!start || start->kind != demo::Kind::kStart) return false;
  const std::size_t nul = start->body.find('\0');
  if (nul == std::string::npos) return false;
  const auto initial = demo::decode_optional(std::string_view(start->body).substr(nul + 1));
  result = sasl_server_start(connection, start->body.c_str(), initial ? initial->data() : nullptr,
                             initial ? static_cast<unsigned>(initial->size()) : 0, &out, &out_len);
  while (result == SASL_CONTINUE) {
    if (!demo::send_frame(fd, demo::Kind::kChallenge, {out, out_len})) return false;
    const std::optional<demo::Frame> response = demo::receive_frame(fd);
    if (!response || response->kind != demo::Kind::kResponse) return false;
    result = sasl_server_step(connection, response->body.data(),
                              static_cast<unsigned>(response->body.size()), &out, &out_len);
  }
  if (result != SASL_OK) {
    demo::send_frame(fd, demo::Kind::kFailure, sasl_errdetail(connection));
    return false;
  }
  return demo::send_frame(fd, demo::Kind::kSuccess, demo::encode_optional(out, out_len));
}

bool serve(int fd, const Options& options) {
  demo::set_timeout(fd);
  const demo::Connection connection = new_connection(options);
  if (!connection) return false;
  // Held until the end of the connection: libsasl keeps the pointer.
  sasl_channel_binding_t binding{};
  if (options.binding) {
    binding.name = options.binding->name.c_str();
    binding.data = reinterpret_cast<const unsigned char*>(options.binding->value.data());
    binding.len = options.binding->value.size();
    sasl_setprop(connection.get(), SASL_CHANNEL_BINDING, &binding);
  }
  if (!log_in(fd, connection.get())) return false;
  demo::Layer layer(fd, connection.get(), options.layer);
  while (const std::optional<std::string> message = layer.receive()) {
    if (!layer.send(*message)) break;
  }
  return layer.error().empty();
}

// ---- The processes

// A thread's life: one connection after another, until the listening socket is shut down.
void accept_connections(int listener, const Options& options, Tally* tally) {
  for (;;) {
    const demo::Socket peer(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.is_open()) {
      ++(serve(peer.fd(), options) ? tally->num_logins : tally->num_refused);
    } else if (errno != EINTR && errno != ECONNABORTED && errno != EMFILE && errno != ENFILE) {
      return;
    }
  }
}

int run_process(int listener, Options* options, Tally* tally, pid_t parent) {
  // Without the first process nobody would ever shut the socket down.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return 1;
  const sasl_callback_t callbacks[] = {{SASL_CB_LOG, generic(&on_log), nullptr},
                                       {SASL_CB_GETOPT, generic(&on_getopt), options},
                                       {SASL_CB_LIST_END, nullptr, nullptr}};
  demo::set_sasl_mutexes();
  const int result = sasl_server_init(callbacks, "gssloop-demo");
  if (result != SASL_OK) {
    std::fprintf(stderr, "fleet: sasl_server_init: %s\n", sasl_errstring(result, nullptr, nullptr));
    return 1;
  }
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options->num_threads; ++i) {
    threads.emplace_back(accept_connections, listener, std::cref(*options), tally);
  }
  for (std::thread& thread : threads) thread.join();
  sasl_done();
  return 0;
}

// Waits for all; says what each served. 0, or 1 if one failed.
int report(const std::vector<pid_t>& pids, const Tally* tallies) {
  int status = 0;
  for (std::size_t i = 0; i < pids.size(); ++i) {
    int how = 0;
    if (waitpid(pids[i], &how, 0) != pids[i] || how != 0) status = 1;
    std::printf("process %d logins %u refused %u%s\n", static_cast<int>(pids[i]),
                tallies[i].num_logins.load(), tallies[i].num_refused.load(),
                how == 0 ? "" : " FAILED");
  }
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  std::printf("cpu user %ld.%06ld system %ld.%06ld\n", usage.ru_utime.tv_sec,
              usage.ru_utime.tv_usec, usage.ru_stime.tv_sec, usage.ru_stime.tv_usec);
  return status;
}

int run(const demo::Socket& listener, Options* options) {
  auto* tallies = demo::new_shared<Tally>(options->num_processes);
  if (tallies == nullptr) return 2;
  // Waited for by the first process alone. The others end when the socket is shut down, or with
  // the first one: a signal of the terminal must not cut their connections.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::vector<pid_t> pids;
  while (pids.size() < options->num_processes) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) _exit(run_process(listener.fd(), options, tallies + pids.size(), parent));
    if (pid < 0) break;
    pids.push_back(pid);
  }
  const bool all_started = pids.size() == options->num_processes;
  int signal = SIGTERM;
  if (all_started) sigwait(&signals, &signal);
  // On Linux this wakes all who wait in accept4, in every process.
  shutdown(listener.fd(), SHUT_RDWR);
  const int status = report(pids, tallies);
  return all_started ? status : 2;
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
    } else if (arguments.is("--port-file")) {
      options.port_file = arguments.value();
    } else if (arguments.is("--service")) {
      options.service = arguments.value();
    } else if (arguments.is("--host")) {
      options.host = arguments.value();
    } else if (arguments.is("--cbinding")) {
      options.binding = demo::ChannelBinding::parse(arguments.value());
      if (!options.binding) arguments.fail("--cbinding takes NAME=DATA");
    } else if (arguments.is("--option")) {
      const auto pair = demo::ChannelBinding::parse(arguments.value());
      if (!pair) arguments.fail("--option takes NAME=VALUE");
      options.sasl_options.emplace_back(pair->name, pair->value);
    } else if (arguments.is("--help")) {
      arguments.help();
    } else {
      arguments.fail("there is no option " + std::string(arguments.current()));
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Options options = parse(argc, argv);
  unsigned port = 0;
  const demo::Socket listener = demo::listen_on_loopback(options.port_file, &port);
  return listener.is_open() ? run(listener, &options) : 2;
}
