// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_CLI_H_
#define GSSLOOP_TOOLS_CLI_H_

#include <string>
#include <variant>
#include <vector>

#include "tools/command.h"

namespace gssloop::tools {

// cli.cc reads the command line. It alone includes CLI11, which takes ten seconds to compile.

// Program describes the whole command line.
struct Program {
  Subcommand root;      // the program itself: its options may follow a subcommand, too
  std::string version;  // what --version prints; empty: there is no --version
  std::string footer;   // below every help text
};

// Answer is the text that --help or --version asked for, with its last newline.
struct Answer {
  std::string text;
};

// UsageError says what is wrong with a line, and which command prints the help for it. Both can be
// printed as they are.
struct UsageError {
  std::string message;
  std::string help_command;
};

using ParsedLine = std::variant<Command, Answer, UsageError>;

// parse reads the arguments of a program, without its name, into the variables of the options.
ParsedLine parse(const Program& program, std::vector<std::string> arguments);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_CLI_H_
