// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_POLICY_H_
#define GSSLOOP_TOOLS_POLICY_POLICY_H_

#include "tools/command.h"

namespace gssloop::tools {

// add_policy adds `gssloop policy check`, which shows all that is wrong with a policy file, and
// `gssloop policy explain`, which shows what one decides about a login, and why.
void add_policy(CLI::App* app, Command* chosen);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_POLICY_H_
