// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_MATRIX_H_
#define GSSLOOP_TESTS_INTEROP_MATRIX_H_

#include <string>

namespace gssloop::testing {

// One line of the table that the program prints at its end.
struct MatrixRow {
  std::string client;
  std::string server;
  std::string mechanism;
  std::string what;    // binding, identity, attack
  std::string result;  // as it went
};

void add_to_matrix(MatrixRow row);
void print_matrix();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_MATRIX_H_
