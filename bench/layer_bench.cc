// SPDX-License-Identifier: BSD-2-Clause
//
// What a security layer costs beside bare gss_wrap and gss_unwrap. All that is measured is measured
// many times in random order, so that what the machine does meanwhile falls on everything alike;
// the table at the end compares the medians.

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <vector>

#include "bench/layers.h"
#include "bench/sasl_calls.h"
#include "tests/kdc/realm.h"

namespace gssloop::bench {
namespace {

using MakeLayer = std::unique_ptr<Layer> (*)(bool is_confidential);

constexpr struct {
  const char* name;
  MakeLayer make;
} kSides[] = {{"raw", raw_layer}, {"gssloop", sasl_layer}};

constexpr std::int64_t kSizes[] = {1 << 10, 16 << 10, 64 << 10};

void run_protect(benchmark::State& state, MakeLayer make, bool is_confidential) {
  const auto layer = make(is_confidential);
  const std::string message(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto unused : state) benchmark::DoNotOptimize(layer->protect(message));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// As Google Benchmark counts by default: other processes' time is not ours.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Each packet can be opened once: a batch is made first, and the opening alone is counted.
void run_open(benchmark::State& state, MakeLayer make, bool is_confidential) {
  constexpr std::size_t kNumPackets = 32;
  const auto layer = make(is_confidential);
  const std::string message(static_cast<std::size_t>(state.range(0)), 'x');
  std::vector<std::string> packets(kNumPackets);
  for (auto unused : state) {
    for (std::string& packet : packets) packet = layer->protect(message);
    const double before = cpu_seconds();
    for (const std::string& packet : packets) {
      if (layer->open(packet).size() != message.size()) throw std::runtime_error("wrong message");
    }
    state.SetIterationTime(cpu_seconds() - before);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) *
                          static_cast<std::int64_t>(kNumPackets));
}

void register_all() {
  for (const auto& side : kSides) {
    for (const bool is_confidential : {false, true}) {
      const std::string layer = is_confidential ? "confidentiality" : "integrity";
      for (const std::int64_t size : kSizes) {
        const MakeLayer make = side.make;
        benchmark::RegisterBenchmark(
            (layer + "/encode/" + side.name).c_str(),
            [=](benchmark::State& state) { run_protect(state, make, is_confidential); })
            ->Arg(size);
        benchmark::RegisterBenchmark(
            (layer + "/decode/" + side.name).c_str(),
            [=](benchmark::State& state) { run_open(state, make, is_confidential); })
            ->Arg(size)
            ->UseManualTime();
      }
    }
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// Collects the speed of each run, and prints one table of them all.
class Table final : public benchmark::ConsoleReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto speed = run.counters.find("bytes_per_second");
      if (run.run_type != Run::RT_Iteration || speed == run.counters.end()) continue;
      speeds_[run.run_name.function_name + "/" + run.run_name.args].push_back(speed->second / 1e6);
    }
  }
  void Finalize() override {
    std::printf("%-17s %-7s %8s %12s %12s %8s\n", "layer", "", "octets", "raw MB/s", "gssloop MB/s",
                "x raw");
    for (const char* layer : {"integrity", "confidentiality"}) {
      for (const char* way : {"encode", "decode"}) {
        for (const std::int64_t size : kSizes) print(layer, way, size);
      }
    }
  }

 private:
  void print(const std::string& layer, const std::string& way, std::int64_t size) {
    const auto speed = [&](const char* side) {
      return median(speeds_[layer + "/" + way + "/" + side + "/" + std::to_string(size)]);
    };
    const double raw = speed("raw"), ours = speed("gssloop");
    if (raw == 0 || ours == 0) return;  // left out by --benchmark_filter
    std::printf("%-17s %-7s %8ld %12.1f %12.1f %8.2f\n", layer.c_str(), way.c_str(),
                static_cast<long>(size), raw, ours, ours / raw);
  }

  std::map<std::string, std::vector<double>> speeds_;
};

void run() {
  testing::RealmOptions options;
  options.services = {"imap/localhost"};
  testing::Realm realm(options);
  realm.apply_to_this_process();
  setenv("SASL_PATH", std::getenv("GSSLOOP_PLUGIN_DIR"), 1);
  setenv("SASL_CONF_PATH", realm.dir().c_str(), 1);
  // Each measurement logs in anew, several within a second.
  setenv("KRB5RCACHENAME", "none:", 1);
  realm.add_user("alice", "password");
  realm.kinit("alice", "password");
  start_library();
  register_all();
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  sasl_done();
}

}  // namespace
}  // namespace gssloop::bench

int main(int argc, char** argv) {
  // What a user gives comes later, and wins.
  std::vector<const char*> arguments = {argv[0], "--benchmark_enable_random_interleaving=true",
                                        "--benchmark_repetitions=15", "--benchmark_min_time=0.05"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int num_arguments = static_cast<int>(arguments.size());
  benchmark::Initialize(&num_arguments, const_cast<char**>(arguments.data()));
  if (benchmark::ReportUnrecognizedArguments(num_arguments, const_cast<char**>(arguments.data()))) {
    return 2;
  }
  if (std::getenv("GSSLOOP_PLUGIN_DIR") == nullptr) {
    std::fprintf(stderr, "layer_bench: GSSLOOP_PLUGIN_DIR must name the module's folder\n");
    return 2;
  }
  try {
    gssloop::bench::run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "layer_bench: %s\n", error.what());
    return 1;
  }
}
