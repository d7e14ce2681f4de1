// SPDX-License-Identifier: BSD-2-Clause

// main() of each test program that uses the scripted mechanism.

#include <gtest/gtest.h>

#include "tests/mech/loader.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  gssloop::testing::scripted();  // before the first GSS call
  return RUN_ALL_TESTS();
}
