// SPDX-License-Identifier: BSD-2-Clause
// Runs every fuzz target over the seeds, their truncations and many mutations of them, always the
// same ones: what `make check` can do without a fuzzing compiler. Then it shows that each target
// can fail.
//
//   fuzz_test --list             the targets: name, "fast" or "slow", source files
//   fuzz_test CORPUS TARGET      one target, over the files below that folder as they are: what
//                                `./run fuzz --coverage` measures

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/targets.h"

namespace {

using gssloop::Bytes;
using gssloop::ByteView;
using gssloop::fuzz::Target;

std::vector<Bytes> read_seeds(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

// One change: an octet replaced, removed, inserted or doubled, or a bit flipped.
void mutate(Bytes* octets, std::mt19937* random) {
  const auto pick = [&](std::size_t bound) { return (*random)() % bound; };
  const auto octet = static_cast<std::uint8_t>(pick(256));
  if (octets->empty()) return octets->push_back(octet);
  const auto at = octets->begin() + static_cast<std::ptrdiff_t>(pick(octets->size()));
  switch (pick(4)) {
    case 0:
      *at = octet;
      break;
    case 1:
      octets->erase(at);
      break;
    case 2:
      octets->insert(at, octet);
      break;
    default:
      *at = static_cast<std::uint8_t>(*at ^ 1U << pick(8));
      break;
  }
}

// What a target runs on: its failure must name it.
ByteView current;

void print_current(int) {
  std::fputs("the input, in hexadecimal: ", stderr);
  for (const std::uint8_t octet : current) std::fprintf(stderr, "%02x", octet);
  std::fputc('\n', stderr);
}

void run(const Target& target, ByteView input) {
  current = input;
  target.run(input);
}

void replay(const Target& target, const Bytes& seed) {
  for (std::size_t len = 0; len <= seed.size(); ++len) run(target, ByteView(seed).first(len));
  std::mt19937 random(1);  // the same each time
  const int num_rounds = target.is_slow ? 300 : 3000;
  for (int round = 0; round < num_rounds; ++round) {
    Bytes octets = seed;
    for (std::size_t i = 0; i <= random() % 4; ++i) mutate(&octets, &random);
    run(target, octets);
  }
}

// Whether the target aborts over its seeds if it falsifies what it observes. In a process of its
// own, which is silent and leaves no core.
bool can_fail(const Target& target, const std::vector<Bytes>& seeds) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGABRT, SIG_DFL);
    std::freopen("/dev/null", "w", stderr);
    gssloop::fuzz::is_control = true;
    for (const Bytes& seed : seeds) target.run(seed);
    _exit(0);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
         WTERMSIG(status) == SIGABRT;
}

std::filesystem::path committed_corpus() {
  const char* const source = std::getenv("GSSLOOP_SRCDIR");
  return std::string(source != nullptr ? source : ".") + "/fuzz/corpus";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    gssloop::fuzz::list();
    return 0;
  }
  gssloop::fuzz::prepare();
  std::signal(SIGABRT, print_current);
  int num_seeds = 0;
  bool is_good = true;
  for (const Target& target : gssloop::fuzz::targets()) {
    if (argc == 3 && std::strcmp(argv[2], target.name) != 0) continue;
    const auto seeds =
        read_seeds(argc == 3 ? std::filesystem::path(argv[1]) : committed_corpus() / target.name);
    num_seeds += static_cast<int>(seeds.size());
    for (const Bytes& seed : seeds) argc == 3 ? run(target, seed) : replay(target, seed);
    if (argc == 3 || can_fail(target, seeds)) continue;
    std::printf("%s: falsified observations are not noticed\n", target.name);
    is_good = false;
  }
  std::printf("SPEC G3 G4 R3 R4 P1 P3 P4 P5 P10\n%d seeds\n", num_seeds);
  return is_good && num_seeds > 0 ? 0 : 1;
}
