// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_COMMAND_H_
#define GSSLOOP_TOOLS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>

#include "tools/output.h"

namespace gssloop::tools {

// Exit is the status of the program, the same for every subcommand.
enum class Exit {
  kDone = 0,      // done; the answer is yes
  kFailed = 1,    // what was asked about failed: a login was refused, there are findings
  kUsage = 2,     // the command line makes no sense
  kNotTried = 3,  // it could not be tried: no ticket, no connection, an unreadable file
};

// Command is what the command line asked for. It runs when all of the line was understood.
using Command = std::function<Exit(Output& output)>;

// Each subcommand NAME has a file of that name and offers
//
//   void add_NAME(CLI::App* app, Command* chosen);
//
// which adds the subcommand with its options to `app`. Its CLI callback checks what CLI11 cannot
// (throw UsageError("..."), which main reports with status 2) and sets *chosen; it does nothing
// else, since the line may yet turn out to be wrong. Options live in a shared_ptr that the command
// holds:
//
//   const auto options = std::make_shared<Options>();
//   CLI::App* command = app->add_subcommand("name", "What it does in one line");
//   command->add_flag("--json", options->json, "Print JSON");
//   command->callback([=] { *chosen = [=](Output& output) { return run(*options, output); }; });
class UsageError : public CLI::ValidationError {
 public:
  explicit UsageError(const std::string& what) : CLI::ValidationError(what) {}
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_COMMAND_H_
