// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_ACCEPT_H_
#define GSSLOOP_TOOLS_TRIAL_ACCEPT_H_

#include "tools/command.h"

namespace gssloop::tools {

// accept_subcommand is `gssloop accept`. It accepts logins over TCP, explains them leg by leg, and
// writes the received data to a file, which appears when the data is complete. It admits every peer
// with a ticket: it is for trying logins, and does nothing that a peer asks for.
Subcommand accept_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_ACCEPT_H_
