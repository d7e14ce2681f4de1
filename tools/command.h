// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_COMMAND_H_
#define GSSLOOP_TOOLS_COMMAND_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gssloop/base/result.h"
#include "tools/exit.h"
#include "tools/output.h"

namespace gssloop::tools {

// The subcommands describe their part of the command line as data; cli.cc reads lines by it.

// Command is what the command line asked for. It runs when the whole line was understood.
using Command = std::function<Exit(Output& output)>;

// Option is an option, a flag or a positional argument of a subcommand.
struct Option {
  // Target is the variable that holds the value. It must outlive the reading of the line. What it
  // holds before is the default. A bool makes a flag. A list takes one value each time that the
  // option is given; any other option is given once.
  using Target = std::variant<bool*, std::string*, std::optional<std::string>*,
                              std::vector<std::string>*, unsigned*, std::size_t*>;

  // Rules restrict the value. Both ends of a range belong to it.
  struct Rules {
    bool is_required = false;
    std::optional<std::pair<int, int>> range = {};
    std::vector<std::string> allowed = {};  // empty: every value
    std::string excludes = {};              // one option or argument before this one in the list
  };

  std::string names;  // "-p,--port"; a positional argument is a name without dashes
  std::string value;  // what help calls the value: "PORT"; empty for flags and arguments
  std::string help;
  Target target;
  Rules rules = {};
};

// Subcommand is `gssloop NAME`. Each has a file of its own, which offers
//
//   Subcommand NAME_subcommand();
struct Subcommand {
  std::string name;
  std::string help;  // one line
  std::vector<Option> options = {};
  // choose is called when the line was read, and does nothing but look at the values: it returns
  // the command to run, or what is wrong with the line beyond the rules of each option. It holds
  // the variables that the options point to. Empty where `subcommands` are not.
  std::function<Result<Command, Error>()> choose = {};
  std::vector<Subcommand> subcommands = {};  // one of them must follow
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_COMMAND_H_
