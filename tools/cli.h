// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_CLI_H_
#define GSSLOOP_TOOLS_CLI_H_

#include "tools/command.h"

namespace gssloop::tools {

// add_subcommand adds what is described to CLI11's `app`. When a line is read, *chosen becomes the
// command that it chose.
void add_subcommand(const Subcommand& described, CLI::App* app, Command* chosen);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_CLI_H_
