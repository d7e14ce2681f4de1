// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_POLICY_H_
#define GSSLOOP_TOOLS_POLICY_POLICY_H_

#include "tools/command.h"

namespace gssloop::tools {

// policy_subcommand is `gssloop policy`. `policy check` shows all errors of a policy file; the
// files explain.h and test.h have the others.
Subcommand policy_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_POLICY_H_
