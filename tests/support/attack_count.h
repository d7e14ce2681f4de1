// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_ATTACK_COUNT_H_
#define GSSLOOP_TESTS_SUPPORT_ATTACK_COUNT_H_

#include <gtest/gtest.h>

namespace gssloop::testing {

// count_attack notes in the test's XML one more thing that an attacker sends or does. The report
// adds the numbers of all tests up. For the thread that runs the test.
inline void count_attack() {
  static const ::testing::TestInfo* counted = nullptr;
  static int num_attacks = 0;
  const auto* const current = ::testing::UnitTest::GetInstance()->current_test_info();
  if (current != counted) num_attacks = 0;
  counted = current;
  ::testing::Test::RecordProperty("attacks", ++num_attacks);
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_ATTACK_COUNT_H_
