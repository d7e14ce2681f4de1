// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/injected.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace gssloop::testing {
namespace {

using Count = std::atomic<unsigned long>;

// In memory that forked children share.
Count* make_count() {
  void* const shared =
      mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) std::abort();
  return new (shared) Count(0);
}

Count* const num_injected = make_count();

class Sum : public ::testing::Environment {
  void TearDown() override { std::printf("%lu faults injected\n", num_injected->load()); }
};
const auto* const registered = ::testing::AddGlobalTestEnvironment(new Sum);

}  // namespace

void note_injected(unsigned long num_faults) noexcept { *num_injected += num_faults; }

}  // namespace gssloop::testing
