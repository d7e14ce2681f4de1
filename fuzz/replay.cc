// SPDX-License-Identifier: BSD-2-Clause
// Runs every fuzz target over the seeds, their truncations and many mutations of them, always the
// same ones: what `make check` can do without a fuzzing compiler.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "fuzz/targets.h"

namespace {

using gssloop::Bytes;

Bytes read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
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

void replay(const gssloop::fuzz::Target& target, const Bytes& seed) {
  for (std::size_t len = 0; len <= seed.size(); ++len) {
    target.run(gssloop::ByteView(seed).first(len));
  }
  std::mt19937 random(1);  // the same each time
  for (int round = 0; round < 20000; ++round) {
    Bytes octets = seed;
    for (std::size_t i = 0; i <= random() % 4; ++i) mutate(&octets, &random);
    target.run(octets);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* source = std::getenv("GSSLOOP_SRCDIR");
  const std::filesystem::path corpus =
      argc > 1 ? argv[1] : std::string(source != nullptr ? source : ".") + "/fuzz/corpus";
  int num_seeds = 0;
  for (const auto& target : gssloop::fuzz::kTargets) {
    for (const auto& entry : std::filesystem::directory_iterator(corpus / target.name)) {
      replay(target, read(entry.path()));
      ++num_seeds;
    }
  }
  std::printf("SPEC G3 G4 R3 R4 P1 P3 P4 P5 P10\n%d seeds\n", num_seeds);
  return num_seeds > 0 ? 0 : 1;
}
