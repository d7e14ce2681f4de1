// SPDX-License-Identifier: BSD-2-Clause
#include "tools/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <type_traits>

namespace gssloop::tools {
namespace {

CLI::Option* add_variable(const Option& option, CLI::App* app) {
  const auto add = [&](auto* variable) {
    using Variable = std::remove_pointer_t<decltype(variable)>;
    if constexpr (std::is_same_v<Variable, bool>) {
      return app->add_flag(option.names, *variable, option.help);
    } else {
      CLI::Option* added = app->add_option(option.names, *variable, option.help);
      if constexpr (std::is_same_v<Variable, std::vector<std::string>>) {
        // An option takes one value each time. Otherwise it would take the positional arguments
        // after it, too.
        const bool is_positional = !std::string(option.names).starts_with('-');
        added->allow_extra_args(is_positional)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      }
      return added;
    }
  };
  return std::visit(add, option.target);
}

void add_option(const Option& option, CLI::App* app) {
  const Option::Rules& rules = option.rules;
  CLI::Option* added = add_variable(option, app);
  // This text replaces the one that CLI11 writes about types, ranges and exclusions.
  const std::string value = option.value, excludes = rules.excludes;
  const std::string names = option.names;
  const bool is_positional = !names.starts_with('-');
  if (!value.empty() || is_positional || !excludes.empty()) {
    added->option_text(value.empty() ? " " : value);
  }
  added->required(rules.is_required);
  if (rules.range) {
    added->check(CLI::Range(rules.range->first, rules.range->second).description(""));
  }
  if (!rules.allowed.empty()) added->check(CLI::IsMember(rules.allowed));
  if (!excludes.empty()) added->excludes(app->get_option(excludes));
}

// A subcommand copies settings of `app` when it is added. So the settings are made before.
void add_contents(const Subcommand& described, CLI::App* app) {
  for (const Option& option : described.options) add_option(option, app);
  if (!described.subcommands.empty()) app->require_subcommand(1);
  for (const Subcommand& below : described.subcommands) {
    add_contents(below, app->add_subcommand(below.name, below.help));
  }
}

// The command that prints the help for this line.
std::string help_command(const CLI::App& app) {
  std::string command = app.get_name();
  for (const CLI::App* used : app.get_subcommands()) command += " " + used->get_name();
  return command + " --help";
}

// The message for the user. CLI11 says of an unknown subcommand that there is none.
std::string message_of(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining();
  if (!app.get_subcommands().empty() || unknown.empty()) return shown(error.what(), 1024);
  return "there is no subcommand or option '" + shown(unknown.front()) + "'";
}

ParsedLine outcome_of(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() != 0) return UsageError{message_of(app, error), help_command(app)};
  std::ostringstream text, unused;  // --help, --version
  app.exit(error, text, unused);
  return Answer{text.str()};
}

// The subcommand that the line names. `policy check` has two levels.
const Subcommand& chosen(const Subcommand& described, const CLI::App& app) {
  for (const CLI::App* used : app.get_subcommands()) {
    const auto below =
        std::ranges::find(described.subcommands, used->get_name(), &Subcommand::name);
    if (below != described.subcommands.end()) return chosen(*below, *used);
  }
  return described;
}

}  // namespace

ParsedLine parse(const Program& program, std::vector<std::string> arguments) {
  CLI::App app(program.root.help, program.root.name);
  app.set_help_flag("-h,--help", "Print this help and exit");
  if (!program.version.empty()) {
    app.set_version_flag("--version", program.version, "Print the version and exit");
  }
  app.fallthrough();
  app.footer(program.footer);
  add_contents(program.root, &app);
  std::ranges::reverse(arguments);  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return outcome_of(app, error);
  }
  auto command = chosen(program.root, app).choose();
  if (command) return *std::move(command);
  return UsageError{shown(command.error().message, 1024), help_command(app)};
}

}  // namespace gssloop::tools
