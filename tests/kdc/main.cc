// SPDX-License-Identifier: BSD-2-Clause

// main() of a test program that does nothing without a KDC.

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/kdc/realm.h"

int main(int argc, char** argv) {
  constexpr int kExitSkip = 77;  // Automake's
  ::testing::InitGoogleTest(&argc, argv);
  const std::string reason = gssloop::testing::Realm::missing();
  if (reason.empty()) return RUN_ALL_TESTS();
  std::fprintf(stderr, "skipped: %s\n", reason.c_str());
  return kExitSkip;
}
