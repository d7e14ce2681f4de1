// SPDX-License-Identifier: BSD-2-Clause
// Entry point for libFuzzer: one target a program, chosen by GSSLOOP_FUZZ_TARGET at compile time.
// fuzz/README.md says how to build and run it.

#include <cstddef>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gssloop::fuzz::GSSLOOP_FUZZ_TARGET({data, size});
  return 0;
}
