// SPDX-License-Identifier: BSD-2-Clause
// Entry points for libFuzzer. The environment variable GSSLOOP_FUZZ_TARGET names the target;
// without it, the program lists all. `./run fuzz` runs it.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/targets.h"

namespace {

const gssloop::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const name = std::getenv("GSSLOOP_FUZZ_TARGET");
  if (name == nullptr) {
    gssloop::fuzz::list();
    std::exit(0);
  }
  for (const auto& target : gssloop::fuzz::targets()) {
    if (std::strcmp(name, target.name) == 0) chosen = &target;
  }
  if (chosen == nullptr) {
    std::fprintf(stderr, "there is no fuzz target '%s'\n", name);
    std::exit(2);
  }
  gssloop::fuzz::prepare();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({data, size});
  return 0;
}
