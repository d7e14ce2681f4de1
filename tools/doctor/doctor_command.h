// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_DOCTOR_COMMAND_H_
#define GSSLOOP_TOOLS_DOCTOR_DOCTOR_COMMAND_H_

#include "tools/command.h"

namespace gssloop::tools {

// add_doctor adds `gssloop doctor`: what stops a login on this machine. Its status is Exit::kFailed
// when it finds problems.
void add_doctor(CLI::App* app, Command* chosen);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_DOCTOR_COMMAND_H_
