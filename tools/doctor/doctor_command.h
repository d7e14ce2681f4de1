// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_DOCTOR_COMMAND_H_
#define GSSLOOP_TOOLS_DOCTOR_DOCTOR_COMMAND_H_

#include "tools/command.h"

namespace gssloop::tools {

// doctor_subcommand is `gssloop doctor`. It says why logins on this machine fail. Its status is
// Exit::kFailed if it finds problems.
Subcommand doctor_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_DOCTOR_COMMAND_H_
