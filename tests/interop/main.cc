// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "tests/interop/login.h"
#include "tests/interop/matrix.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const int status = RUN_ALL_TESTS();
  gssloop::testing::print_matrix();
  gssloop::testing::Lab::close();
  return status;
}
