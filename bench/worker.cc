// SPDX-License-Identifier: BSD-2-Clause
#include "bench/worker.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace gssloop::bench {
namespace {

// Not counted: other workers ran meanwhile, and the processor's caches are theirs.
constexpr unsigned kNumWarmUp = 3;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

long resident() {
  long total_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

long num_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all)) - 1;  // without the one that reads the folder
}

void answer(double cpu_s, double wall_s) {
  std::printf("%.9f %.9f %ld %ld %ld\n", cpu_s, wall_s, static_cast<long>(mallinfo2().uordblks),
              resident(), num_descriptors());
  std::fflush(stdout);
}

// An exception in a thread would end the process without a message.
// costs_test.py counts what happens in this function.
[[gnu::noinline]] void log_in_repeatedly(Logins* logins, unsigned num_logins,
                                         std::atomic<bool>* has_failed) {
  try {
    for (unsigned i = 0; i < num_logins; ++i) logins->login();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "login_bench: %s\n", error.what());
    *has_failed = true;
  }
}

}  // namespace

Worker::Worker(const std::string& variant, const std::vector<std::string>& env)
    : variant_(variant) {
  int commands[2];
  int results[2];
  if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(results, O_CLOEXEC) != 0) {
    throw std::runtime_error("cannot make a pipe");
  }
  process_.emplace(std::vector<std::string>{"/proc/self/exe", "--child", variant}, env, "",
                   testing::Child::Streams{commands[0], results[1], STDERR_FILENO});
  close(commands[0]);
  close(results[1]);
  commands_ = fdopen(commands[1], "w");
  results_ = fdopen(results[0], "r");
  signal(SIGPIPE, SIG_IGN);  // a worker that is gone is seen by its missing answer
}

Worker::~Worker() {
  std::fclose(commands_);  // the end of its input ends it
  std::fclose(results_);
  process_->wait();
}

Worker::Cost Worker::run(unsigned num_logins, unsigned num_threads) {
  std::fprintf(commands_, "%u %u\n", num_logins, num_threads);
  std::fflush(commands_);
  Cost cost;
  char line[128];
  if (std::fgets(line, sizeof line, results_) == nullptr ||
      std::sscanf(line, "%lf %lf %ld %ld %ld", &cost.cpu_s, &cost.wall_s, &cost.in_use,
                  &cost.resident, &cost.num_descriptors) != 5) {
    throw std::runtime_error("the logins of variant " + variant_ + " failed");
  }
  return cost;
}

void serve_measurements(Logins* logins) {
  using Clock = std::chrono::steady_clock;
  char line[128];
  unsigned num_logins = 0;
  unsigned num_threads = 0;
  while (std::fgets(line, sizeof line, stdin) != nullptr &&
         std::sscanf(line, "%u %u", &num_logins, &num_threads) == 2) {
    std::atomic<bool> has_failed = false;
    logins->prepare(kNumWarmUp + num_logins * num_threads);
    log_in_repeatedly(logins, kNumWarmUp, &has_failed);
    const auto wall_before = Clock::now();
    const double cpu_before = cpu_seconds();
    std::vector<std::thread> others;
    for (unsigned i = 1; i < num_threads; ++i) {
      others.emplace_back([&] { log_in_repeatedly(logins, num_logins, &has_failed); });
    }
    log_in_repeatedly(logins, num_logins, &has_failed);
    for (std::thread& other : others) other.join();
    if (has_failed) return;
    const double cpu_s = cpu_seconds() - cpu_before;
    answer(cpu_s, std::chrono::duration<double>(Clock::now() - wall_before).count());
  }
}

}  // namespace gssloop::bench
