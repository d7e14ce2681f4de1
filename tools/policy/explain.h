// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_EXPLAIN_H_
#define GSSLOOP_TOOLS_POLICY_EXPLAIN_H_

#include "tools/command.h"

namespace gssloop::tools {

// explain_subcommand is `gssloop policy explain`: what a policy decides about one peer.
Subcommand explain_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_EXPLAIN_H_
