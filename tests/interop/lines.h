// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_LINES_H_
#define GSSLOOP_TESTS_INTEROP_LINES_H_

#include <string>
#include <vector>

#include "tests/interop/login.h"

namespace gssloop::testing {

// A program, and the environment ("NAME=value") to run it in.
struct Command {
  std::vector<std::string> argv;
  std::vector<std::string> env;
};

// talk runs a client and a server that write to each other on their standard outputs, as Cyrus
// SASL's sample programs do: the client gets those lines of the server that begin with "S: ", the
// server those of the client that begin with "C: ". It kills what does not end in time.
Outcome talk(const Command& server, const Command& client);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_LINES_H_
