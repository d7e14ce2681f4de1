// SPDX-License-Identifier: BSD-2-Clause
//
// What a login costs with this module, with bare GSS-API calls, and with Cyrus SASL's own
// module. See kNotes and variants.h.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/statistics.h"
#include "bench/variants.h"
#include "tests/support/arguments.h"

namespace gssloop::bench {
namespace {

constexpr char kUsage[] = "Usage: login_bench [OPTION...]\n";
constexpr char kNotes[] =
    R"(
Measures CPU time (user and system) per complete login of one user with a cached service ticket,
client and server in one process, a process per variant. A ratio is the median, over the rounds, of
two measurements of the same round, since machines change their speed meanwhile.

)";

constexpr const char* kThreaded[] = {"raw",
                                     "gssloop",
                                     "cyrus",
                                     "gssloop-gssapi",
                                     "cyrus-gssapi",
                                     "server-raw",
                                     "server-raw-each",
                                     "server-raw-kept",
                                     "server-gssloop",
                                     "server-cyrus",
                                     "server-gssloop-gssapi",
                                     "server-cyrus-gssapi"};
constexpr unsigned kNumThreads[] = {1, 2, 8};

struct Options {
  unsigned num_rounds = 40;
  unsigned num_logins = 100;
  std::vector<ReplayCache> caches = {ReplayCache::kFile, ReplayCache::kNone};
  bool is_json = false;
};

// What one replay cache gave: a number a round for each variant.
struct Series {
  std::string rcache;
  std::map<std::string, std::vector<double>> cpu_us;
  // Logins a second, with each number of threads.
  std::map<std::string, std::vector<double>> throughput[std::size(kNumThreads)];
};

using Workers = std::map<std::string, std::unique_ptr<Worker>>;

Workers start_workers(const Setting& setting, ReplayCache cache) {
  Workers workers;
  for (const Variant& variant : variants()) {
    if (auto worker = start_worker(setting, variant, cache))
      workers[variant.name] = std::move(worker);
  }
  return workers;
}

void measure_threads(Workers* workers, unsigned num_logins, Series* series) {
  for (std::size_t i = 0; i < std::size(kNumThreads); ++i) {
    for (const char* name : kThreaded) {
      if (workers->count(name) == 0) continue;
      const Worker::Cost cost = workers->at(name)->run(num_logins, kNumThreads[i]);
      series->throughput[i][name].push_back(num_logins * kNumThreads[i] / cost.wall_s);
    }
  }
}

Series measure(const Setting& setting, ReplayCache cache, const Options& options) {
  Series series;
  series.rcache = to_string(cache);
  Workers workers = start_workers(setting, cache);
  // In processes of their own: after its first thread a process stays slower (glibc).
  Workers threaded = start_workers(setting, cache);
  std::vector<std::string> names;
  for (const auto& [name, worker] : workers) names.push_back(name);
  std::minstd_rand random(1);  // NOLINT: the same order in each run
  for (unsigned round = 0; round < options.num_rounds; ++round) {
    // In another order each round, so that none always runs with the caches that the same one left.
    std::shuffle(names.begin(), names.end(), random);
    for (const std::string& name : names) {
      const Worker::Cost cost = workers[name]->run(options.num_logins, 1);
      series.cpu_us[name].push_back(cost.cpu_s * 1e6 / options.num_logins);
    }
    measure_threads(&threaded, options.num_logins, &series);
    if (isatty(STDERR_FILENO) == 0) continue;
    std::fprintf(stderr, "\rreplay cache %s: round %u of %u ", to_string(cache), round + 1,
                 options.num_rounds);
  }
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%*s\r", 60, "");
  return series;
}

void print_cpu(Series series) {
  std::printf("  %-22s %10s %8s %8s %8s %10s\n", "", "us/login", "x raw", "x floor", "x cyrus",
              "logins/s");
  for (const Variant& variant : variants()) {
    const auto& values = series.cpu_us[variant.name];
    const auto& raw = series.cpu_us[variant.raw];
    const auto& stock = series.cpu_us[variant.beside];
    if (values.empty()) {
      std::printf("  %-22s (module not found)\n", variant.name);
      continue;
    }
    const auto floor = combined(raw, series.cpu_us[variant.nothing()], std::plus<>());
    std::printf("  %-22s %10.1f %8.2f %8.2f", variant.name, median(values),
                median_ratio(values, raw), median_ratio(values, floor));
    if (stock.empty()) {
      std::printf(" %8s", "-");
    } else {
      std::printf(" %8.2f", median_ratio(values, stock));
    }
    std::printf(" %10.0f\n", 1e6 / median(values));
  }
}

// What the six attributes cost a server's login, with their raw calls and with this module.
void print_attributes(Series series) {
  const auto extra = [&](const char* with, const char* without) {
    return combined(series.cpu_us[with], series.cpu_us[without], std::minus<>());
  };
  const auto raw = extra("server-raw-attributes", "server-raw-each");
  const auto ours = extra("server-gssloop-attributes", "server-gssloop");
  std::printf("  %-22s %10.1f\n", "raw calls", median(raw));
  std::printf("  %-22s %10.1f %8.2f\n", "as properties", median(ours), median_ratio(ours, raw));
}

void print_throughput(Series series) {
  std::printf("  %-22s %10s %10s %10s %8s %8s\n", "", "1 thread", "2 threads", "8 threads", "2 : 1",
              "8 : 2");
  for (const char* name : kThreaded) {
    const auto& one = series.throughput[0][name];
    const auto& two = series.throughput[1][name];
    const auto& eight = series.throughput[2][name];
    if (one.empty()) continue;
    std::printf("  %-22s %10.0f %10.0f %10.0f %8.2f %8.2f\n", name, median(one), median(two),
                median(eight), median_ratio(two, one), median_ratio(eight, two));
  }
}

void print_tables(const Series& series, const Options& options) {
  std::printf("\nCPU time of a login, replay cache: %s; median of %u rounds of %u logins\n",
              series.rcache.c_str(), options.num_rounds, options.num_logins);
  print_cpu(series);
  std::printf("\nSix attributes more in a server's login, us and x raw\n");
  print_attributes(series);
  std::printf("\nLogins a second by the clock on the wall (%u processors)\n",
              std::thread::hardware_concurrency());
  print_throughput(series);
}

void print_json(Series series, bool is_last) {
  std::printf("  {\"replay_cache\": \"%s\", \"variants\": {", series.rcache.c_str());
  const char* separator = "";
  for (const auto& [name, values] : series.cpu_us) {
    if (values.empty()) continue;
    std::printf("%s\n    \"%s\": {\"cpu_us\": %.2f, \"ratio_to_raw\": %.3f", separator,
                name.c_str(), median(values), median_ratio(values, series.cpu_us["raw"]));
    for (std::size_t i = 0; i < std::size(kNumThreads); ++i) {
      const auto found = series.throughput[i].find(name);
      if (found == series.throughput[i].end()) continue;
      std::printf(", \"logins_per_s_%u_thread%s\": %.0f", kNumThreads[i],
                  kNumThreads[i] == 1 ? "" : "s", median(found->second));
    }
    std::printf("}");
    separator = ",";
  }
  std::printf("}}%s\n", is_last ? "" : ",");
}

void run(const Options& options) {
  const Setting setting;
  if (options.is_json) std::printf("[\n");
  for (const ReplayCache cache : options.caches) {
    const Series series = measure(setting, cache, options);
    if (options.is_json) {
      print_json(series, cache == options.caches.back());
    } else {
      print_tables(series, options);
    }
    std::fflush(stdout);
  }
  if (options.is_json) std::printf("]\n");
}

int main_of(int argc, char** argv) {
  Options options;
  std::string rcache = "both";
  std::string child;
  testing::parse_arguments(
      argc, argv,
      {kUsage,
       {{"--rounds N", &options.num_rounds, "how often everything is measured, in turns (40)"},
        {"--logins N", &options.num_logins, "logins a measurement (100)"},
        {"--rcache KIND", &rcache,
         "replay cache: file (as Kerberos does by default), none, or both\n(both)"},
        {"--json", &options.is_json, "the results as JSON"},
        {"--child VARIANT", &child}},  // for Worker, and for profilers
       std::string(kNotes) + kVariantNotes + kEnvironmentNotes});
  if (!child.empty()) return serve_variant(child);
  if (rcache == "file") options.caches = {ReplayCache::kFile};
  if (rcache == "none") options.caches = {ReplayCache::kNone};
  const bool is_cache = rcache == "both" || rcache == "file" || rcache == "none";
  if (!is_cache || options.num_rounds == 0 || options.num_logins == 0) {
    std::fprintf(stderr, "login_bench: there is no such number or cache; see login_bench --help\n");
    return 2;
  }
  run(options);
  return 0;
}

}  // namespace
}  // namespace gssloop::bench

int main(int argc, char** argv) {
  try {
    return gssloop::bench::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "login_bench: %s\n", error.what());
    return 1;
  }
}
