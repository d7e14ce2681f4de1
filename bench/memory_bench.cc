// SPDX-License-Identifier: BSD-2-Clause
//
// What stays in memory: of many logins in one process, and of connections that are idle.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "bench/sasl_calls.h"
#include "bench/variants.h"
#include "tests/support/arguments.h"
#include "tests/support/idle_memory.h"

namespace gssloop::bench {
namespace {

constexpr char kUsage[] = "Usage: memory_bench [OPTION...]\n";
constexpr char kNotes[] = R"(
The first table is of a process for each line, which makes complete logins, client and server, with
a policy and without: memory in use (from malloc) and resident, in KiB, and open file descriptors,
after the first logins and after all. What is in use must not grow by more than 64 KiB.

The second table is what a login leaves in use while its connection is idle, without what
sasl_server_new took before, beside the context and the name of the peer that
gss_accept_sec_context makes. A connection without a security layer does not keep the context.
)";
constexpr const char* kMeasured[] = {"gssloop",        "gssloop-policy",
                                     "gssloop-gssapi", "gssloop-gssapi-policy",
                                     "gssloop-spnego", "gssloop-spnego-policy"};
constexpr const char* kMechanisms[] = {"GS2-KRB5", "GSSAPI", "GSS-SPNEGO"};

struct Options {
  unsigned num_logins = 100'000;
  unsigned num_first = 1000;
};

struct Row {
  const char* name;
  Worker::Cost first, all;
};

void measure(Worker* worker, const Options& options, Row* row) {
  row->first = worker->run(options.num_first, 1);
  row->all = worker->run(options.num_logins - options.num_first, 1);
}

// One process for each processor at once: time is not measured.
std::vector<Row> measure_all(const Setting& setting, const Options& options) {
  std::vector<Row> rows;
  for (const char* name : kMeasured) rows.push_back({name, {}, {}});
  const std::size_t num_at_once = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t begin = 0; begin < rows.size(); begin += num_at_once) {
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::thread> threads;
    for (std::size_t i = begin; i < std::min(begin + num_at_once, rows.size()); ++i) {
      workers.push_back(start_worker(setting, find_variant(rows[i].name), ReplayCache::kNone));
      threads.emplace_back(measure, workers.back().get(), options, &rows[i]);
    }
    for (std::thread& thread : threads) thread.join();
  }
  return rows;
}

void print_growth(const std::vector<Row>& rows, const Options& options) {
  std::printf("\nMemory of a process after %u and %u logins, KiB\n", options.num_first,
              options.num_logins);
  std::printf("  %-22s %8s %8s %8s %10s %10s %12s\n", "", "in use", "then", "grown", "resident",
              "then", "descriptors");
  for (const auto& [name, first, all] : rows) {
    std::printf("  %-22s %8ld %8ld %8.1f %10ld %10ld %5ld %6ld\n", name, first.in_use / 1024,
                all.in_use / 1024, static_cast<double>(all.in_use - first.in_use) / 1024,
                first.resident / 1024, all.resident / 1024, first.num_descriptors,
                all.num_descriptors);
  }
}

void print_idle() {
  std::printf("\nMemory of an idle connection after its login, octets\n");
  std::printf("  %-22s %8s %8s %10s\n", "", "login", "context", "x context");
  for (const char* mechanism : kMechanisms) {
    const testing::IdleMemory memory = testing::idle_memory(mechanism);
    std::printf("  %-22s %8ld %8ld %10.2f\n", mechanism, memory.of_login, memory.of_context,
                memory.ratio());
  }
}

int run(const Options& options) {
  const Setting setting;
  print_growth(measure_all(setting, options), options);
  setting.use_module();
  const Library library;
  print_idle();
  return 0;
}

}  // namespace
}  // namespace gssloop::bench

int main(int argc, char** argv) {
  using namespace gssloop;
  bench::Options options;
  std::string child;
  return testing::run_program(
      argc, argv,
      {bench::kUsage,
       {{"--logins N", &options.num_logins, "all logins of a process (100000)"},
        {"--first N", &options.num_first, "logins after which memory must not grow (1000)"},
        {"--child VARIANT", &child}},  // for Worker
       std::string(bench::kNotes) + bench::kEnvironmentNotes},
      [&] { return child.empty() ? bench::run(options) : bench::serve_variant(child); });
}
