// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_ACCEPT_H_
#define GSSLOOP_TOOLS_TRIAL_ACCEPT_H_

#include "tools/command.h"

namespace gssloop::tools {

// accept_subcommand is `gssloop accept`: takes logins over TCP, explains them leg by leg, and
// writes what is sent to a file that appears only when it is whole. It lets in whoever has a
// ticket: it is there to try logins, and never acts on what a peer says.
Subcommand accept_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_ACCEPT_H_
