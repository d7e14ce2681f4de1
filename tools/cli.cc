// SPDX-License-Identifier: BSD-2-Clause
#include "tools/cli.h"

#include <CLI/CLI.hpp>
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
        // One value each time, or it would take the positional arguments behind it as well.
        added->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      }
      return added;
    }
  };
  return std::visit(add, option.target);
}

void add_option(const Option& option, CLI::App* app) {
  const Option::Rules& rules = option.rules;
  CLI::Option* added = add_variable(option, app);
  // This text takes the place of what CLI11 writes about types, bounds and exclusions.
  const bool is_positional = !option.names.starts_with('-');
  if (!option.value.empty() || is_positional || !rules.excludes.empty()) {
    added->option_text(option.value.empty() ? " " : option.value);
  }
  added->required(rules.is_required);
  if (rules.range) {
    added->check(CLI::Range(rules.range->first, rules.range->second).description(""));
  }
  if (!rules.allowed.empty()) added->check(CLI::IsMember(rules.allowed));
  if (!rules.excludes.empty()) added->excludes(app->get_option(rules.excludes));
}

// A subcommand takes settings of `app` over when it is added, so that they come first.
void add_contents(const Subcommand& described, Command* chosen, CLI::App* app) {
  for (const Option& option : described.options) add_option(option, app);
  if (described.choose) {
    app->callback([choose = described.choose, chosen] {
      auto command = choose();
      if (!command) throw UsageError(command.error().message);
      *chosen = *std::move(command);
    });
  }
  if (!described.subcommands.empty()) app->require_subcommand(1);
  for (const Subcommand& below : described.subcommands) {
    add_contents(below, chosen, app->add_subcommand(below.name, below.help));
  }
}

}  // namespace

void add_subcommand(const Subcommand& described, CLI::App* app, Command* chosen) {
  CLI::App* added = app->add_subcommand(described.name, described.help);
  add_contents(described, chosen, added);
}

}  // namespace gssloop::tools
