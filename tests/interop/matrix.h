// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_MATRIX_H_
#define GSSLOOP_TESTS_INTEROP_MATRIX_H_

#include <string>

namespace gssloop::testing {

// One line of the first table that the program prints at its end.
struct MatrixRow {
  std::string client;
  std::string server;
  std::string mechanism;
  std::string what;    // binding, identity, attack
  std::string result;  // as it went
};

void add_to_matrix(MatrixRow row);

// One line of the second: a login with data after it.
struct LayerRow {
  std::string peer;
  std::string role;  // the peer's: client or server
  std::string mechanism;
  std::string layer;   // as it was asked for
  std::string result;  // as it went; what the peer cannot do, and why
};

void add_to_layers(LayerRow row);

void print_matrix();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_MATRIX_H_
