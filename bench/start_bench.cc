// SPDX-License-Identifier: BSD-2-Clause
//
// What it costs an application to start libsasl with this module, and with Cyrus SASL's two.

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/setting.h"
#include "bench/statistics.h"
#include "tests/kdc/process.h"
#include "tests/support/arguments.h"

namespace gssloop::bench {
namespace {

constexpr char kUsage[] = "Usage: start_bench [OPTION...]\n";
constexpr char kNotes[] = R"(
Measures the CPU time of sasl_server_init, sasl_client_init and their ends in a program in C, in a
new process each time, in turns: with this module alone, and with Cyrus SASL's gs2 and gssapiv2
modules alone. The ratio is the median of the quotients of each turn.
)";

// CPU time in microseconds.
double start_once(const std::vector<std::string>& environment) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return std::stod(testing::checked_run({self.parent_path() / "start", "GSSAPI"}, environment));
}

int run(unsigned num_rounds) {
  const Setting setting;
  const auto environment = [&](const std::string& modules) {
    return setting.environment(modules, ReplayCache::kFile);
  };
  const auto with_ours = environment(Setting::module_folder());
  const std::string stock_folder = setting.stock_folder();
  const auto with_stock = environment(stock_folder);
  std::vector<double> ours, stock;
  start_once(with_ours);  // reads the files from the disk
  for (unsigned i = 0; i < num_rounds; ++i) {
    ours.push_back(start_once(with_ours));
    if (!stock_folder.empty()) stock.push_back(start_once(with_stock));
  }
  std::printf("\nStart and end of libsasl in a new process, median of %u\n", num_rounds);
  std::printf("  %-22s %10s %8s\n", "", "us", "x cyrus");
  std::printf("  %-22s %10.0f %8.2f\n", "gssloop", median(ours), median_ratio(ours, stock));
  std::printf("  %-22s %10.0f\n", "cyrus", median(stock));
  return 0;
}

}  // namespace
}  // namespace gssloop::bench

int main(int argc, char** argv) {
  using namespace gssloop;
  unsigned num_rounds = 101;
  return testing::run_program(argc, argv,
                              {bench::kUsage,
                               {{"--rounds N", &num_rounds, "how often both are started (101)"}},
                               std::string(bench::kNotes) + bench::kEnvironmentNotes},
                              [&] { return bench::run(num_rounds); });
}
