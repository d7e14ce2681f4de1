// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/injected.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>

#include "tests/support/shared_memory.h"

namespace gssloop::testing {
namespace {

auto* const num_injected = new_shared<std::atomic<unsigned long>>();  // children count as well

class Sum : public ::testing::Environment {
  void TearDown() override { std::printf("%lu faults injected\n", num_injected->load()); }
};
const auto* const registered = ::testing::AddGlobalTestEnvironment(new Sum);

}  // namespace

void note_injected(unsigned long num_faults) noexcept { *num_injected += num_faults; }

}  // namespace gssloop::testing
