// SPDX-License-Identifier: BSD-2-Clause
//
// What a security layer costs beside bare gss_wrap and gss_unwrap. Both are measured in turns, some
// messages at a time, and compared turn by turn: machines change their speed meanwhile.

#include <benchmark/benchmark.h>
#include <time.h>

#include <cstdio>
#include <stdexcept>
#include <vector>

#include "bench/layers.h"
#include "bench/sasl_calls.h"
#include "bench/setting.h"
#include "bench/statistics.h"

namespace gssloop::bench {
namespace {

constexpr std::int64_t kSizes[] = {1 << 10, 16 << 10, 64 << 10};  // octets
constexpr std::size_t kNumMessages = 16;                          // a turn

// As Google Benchmark counts by default: other processes' time is not ours.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double protect_some(Layer& layer, const std::string& message) {
  const double before = cpu_seconds();
  for (std::size_t i = 0; i < kNumMessages; ++i) {
    benchmark::DoNotOptimize(layer.protect(message));
  }
  return cpu_seconds() - before;
}

// Each packet can be opened once: they are made first, and the opening alone is counted.
double open_some(Layer& layer, const std::string& message) {
  std::vector<std::string> packets(kNumMessages);
  for (std::string& packet : packets) packet = layer.protect(message);
  const double before = cpu_seconds();
  for (const std::string& packet : packets) {
    if (layer.open(packet).size() != message.size()) throw std::runtime_error("wrong message");
  }
  return cpu_seconds() - before;
}

using Turn = double (*)(Layer& layer, const std::string& message);

void compare(benchmark::State& state, Turn turn, bool is_confidential) {
  const auto raw = raw_layer(is_confidential);
  const auto ours = sasl_layer(is_confidential);
  const std::string message(static_cast<std::size_t>(state.range(0)), 'x');
  std::vector<double> raw_s, ours_s, ratios;
  for ([[maybe_unused]] auto unused : state) {
    // The order changes, so that neither always runs with the caches that the other left.
    const bool is_raw_first = ratios.size() % 2 == 0;
    if (is_raw_first) raw_s.push_back(turn(*raw, message));
    ours_s.push_back(turn(*ours, message));
    if (!is_raw_first) raw_s.push_back(turn(*raw, message));
    ratios.push_back(raw_s.back() / ours_s.back());
    state.SetIterationTime(raw_s.back() + ours_s.back());
  }
  const double num_octets = static_cast<double>(message.size() * kNumMessages);
  state.counters["raw_MB/s"] = num_octets / median(raw_s) / 1e6;
  state.counters["gssloop_MB/s"] = num_octets / median(ours_s) / 1e6;
  state.counters["x_raw"] = median(ratios);
}

void register_all() {
  for (const bool is_confidential : {false, true}) {
    for (const bool is_encode : {true, false}) {
      const std::string name = std::string(is_confidential ? "confidentiality" : "integrity") +
                               (is_encode ? "/encode" : "/decode");
      const Turn turn = is_encode ? protect_some : open_some;
      auto* const registered = benchmark::RegisterBenchmark(
          name.c_str(), [=](benchmark::State& state) { compare(state, turn, is_confidential); });
      registered->UseManualTime();
      for (const std::int64_t size : kSizes) registered->Arg(size);
    }
  }
}

// One line for each measurement, at once.
class Table final : public benchmark::ConsoleReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-24s %8s %10s %14s %7s\n", "layer", "octets", "raw MB/s", "gssloop MB/s",
                "x raw");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto counter = [&](const char* name) { return run.counters.at(name).value; };
      std::printf("%-24s %8s %10.1f %14.1f %7.3f\n", run.run_name.function_name.c_str(),
                  run.run_name.args.c_str(), counter("raw_MB/s"), counter("gssloop_MB/s"),
                  counter("x_raw"));
    }
    std::fflush(stdout);
  }
};

void run() {
  const Setting setting;
  // Each measurement has a login of its own, several within a second: no replay cache.
  setting.use_module();
  const Library library;
  register_all();
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
}

}  // namespace
}  // namespace gssloop::bench

int main(int argc, char** argv) {
  // The user's arguments come later and win.
  std::vector<const char*> arguments = {argv[0], "--benchmark_min_time=2"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int num_arguments = static_cast<int>(arguments.size());
  benchmark::Initialize(&num_arguments, const_cast<char**>(arguments.data()));
  if (benchmark::ReportUnrecognizedArguments(num_arguments, const_cast<char**>(arguments.data()))) {
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
