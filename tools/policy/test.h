// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_TEST_H_
#define GSSLOOP_TOOLS_POLICY_TEST_H_

#include "tools/command.h"

namespace gssloop::tools {

// test_subcommand is `gssloop policy test`: what a policy must decide, as cases in a file.
Subcommand test_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_TEST_H_
