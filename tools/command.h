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

// Each subcommand describes its part of the command line as data. cli.cc reads the line.

// Command does what the command line asks for. It runs after the whole line was read.
using Command = std::function<Exit(Output& output)>;

// Literal is a text that lives as long as the program. The compiler refuses any other.
class Literal {
 public:
  consteval Literal(const char* text) : text_(text) {}
  operator std::string() const { return text_; }

 private:
  const char* text_;
};

// Option is an option, a flag or a positional argument of a subcommand.
struct Option {
  // Target is the variable that receives the value. It must live until the line was read. Its
  // present content is the default. A bool makes a flag. A list receives one value each time that
  // the option is given. Every other option can be given once.
  using Target = std::variant<bool*, std::string*, std::optional<std::string>*,
                              std::vector<std::string>*, unsigned*, std::size_t*>;

  // Rules restrict the value. A range includes both its ends.
  struct Rules {
    bool is_required = false;
    std::optional<std::pair<int, int>> range = {};
    std::vector<const char*> allowed = {};  // empty: every value
    Literal excludes = "";                  // one option or argument before this one in the list
  };

  Literal names;  // "-p,--port"; a positional argument is a name without dashes
  Literal value;  // what help calls the value: "PORT"; empty for flags and arguments
  Literal help;
  Target target;
  Rules rules = {};
};

// Subcommand is `gssloop NAME`. The header of that name declares
//
//   Subcommand NAME_subcommand();
struct Subcommand {
  std::string name;
  std::string help;  // one line
  std::vector<Option> options = {};
  // choose is called after the line was read. It looks at the values, and does nothing else. It
  // returns the command to run, or says what is wrong with the line beyond the rules of each
  // option. It owns the variables that the options point to. A subcommand without `choose` has
  // `subcommands`.
  std::function<Result<Command, Error>()> choose = {};
  std::vector<Subcommand> subcommands = {};  // one of them must follow
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_COMMAND_H_
