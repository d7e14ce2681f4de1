// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_ARGUMENTS_H_
#define GSSLOOP_TESTS_SUPPORT_ARGUMENTS_H_

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace gssloop::testing {

// As SaslOptions.
using NamesAndValues = std::map<std::string, std::string, std::less<>>;

// Option is one row of a test program's command line.
struct Option {
  // Where the value goes. A bool becomes true and takes no value. A map takes NAME=VALUE. A vector
  // and a map take the option any number of times.
  using Target =
      std::variant<bool*, unsigned*, std::string*, std::vector<std::string>*, NamesAndValues*>;

  // "--len N" takes a value. A name without "--" is an argument, which must be there; one that ends
  // with "..." takes all words that are left, whatever they are.
  std::string name;
  Target target;
  std::string help = {};  // lines; the first one is shown beside the name
};

// The rows of a table after those of another one.
std::vector<Option> operator+(std::vector<Option> rows, const std::vector<Option>& more);

struct CommandLine {
  std::string usage;  // the first lines of the help; the table of options follows
  std::vector<Option> options;
  std::string notes = {};  // the last lines of the help
  int mistake_status = 2;  // what the program ends with after a mistake
};

// parse_arguments fills the targets. It ends the program after --help, and after a mistake, which
// it names on stderr.
void parse_arguments(int argc, char** argv, const CommandLine& command_line);

// run_program is main() of a test program. After reading the command line it ends with what `run`
// returns, or with 2 and a message if that throws. Each line of output appears at once.
int run_program(int argc, char** argv, const CommandLine& command_line,
                const std::function<int()>& run);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_ARGUMENTS_H_
