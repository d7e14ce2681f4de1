// SPDX-License-Identifier: BSD-2-Clause
// The command gssloop: see man/gssloop.1.

#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>

#include "config.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/doctor/doctor_command.h"
#include "tools/mechanisms.h"
#include "tools/policy/attributes.h"
#include "tools/policy/policy.h"
#include "tools/trial/accept.h"
#include "tools/trial/cleanup.h"
#include "tools/trial/initiate.h"

namespace gssloop::tools {
namespace {

struct Globals {
  std::string colour = "auto";
};

Output::Colour colour_of(const Globals& globals) {
  if (globals.colour == "always") return Output::Colour::kAlways;
  return globals.colour == "never" ? Output::Colour::kNever : Output::Colour::kAuto;
}

void set_up(CLI::App* app, Globals* globals, Command* chosen) {
  app->set_help_flag("-h,--help", "Print this help and exit");
  app->set_version_flag("--version", "gssloop " PACKAGE_VERSION, "Print the version and exit");
  app->require_subcommand(1);
  // --color may stand behind the subcommand as well.
  app->fallthrough();
  app->add_option("--color", globals->colour,
                  "Colours: auto (a terminal, and no NO_COLOR), always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->option_text("WHEN");
  app->footer(
      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 could not be tried. See gssloop(1).");
  add_subcommand(mechanisms_subcommand(), app, chosen);
  add_subcommand(accept_subcommand(), app, chosen);
  add_subcommand(initiate_subcommand(), app, chosen);
  add_subcommand(attributes_subcommand(), app, chosen);
  add_subcommand(policy_subcommand(), app, chosen);
  add_subcommand(doctor_subcommand(), app, chosen);
}

// The help that belongs to what the user was about to write.
std::string help_command(const CLI::App& app) {
  std::string command = "gssloop";
  for (const CLI::App* used : app.get_subcommands()) command += " " + used->get_name();
  return command + " --help";
}

// What is wrong with the line, in words; CLI11 takes an unknown subcommand for none at all.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining();
  if (!app.get_subcommands().empty() || unknown.empty()) return shown(error.what(), 1024);
  return "there is no subcommand or option '" + shown(unknown.front()) + "'";
}

Exit run(int argc, char** argv) {
  CLI::App app("See, try and test the GSS-API logins of this machine.", "gssloop");
  Globals globals;
  Command chosen;
  set_up(&app, &globals, &chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error, std::cout, std::cerr);
      return std::cout.flush() ? Exit::kDone : Exit::kNotTried;
    }
    const Output output(colour_of(globals));
    output.error(usage_error(app, error));
    output.note("Try '" + help_command(app) + "'.");
    return Exit::kUsage;
  }
  Output output(colour_of(globals));
  clean_up_on_signals();
  const Exit status = chosen(output);
  if (output.flush()) return status;
  output.error("standard output could not be written");
  return Exit::kNotTried;
}

}  // namespace
}  // namespace gssloop::tools

int main(int argc, char** argv) {
  using gssloop::tools::Exit;
  try {
    return static_cast<int>(gssloop::tools::run(argc, argv));
  } catch (const std::bad_alloc&) {
    std::fputs("gssloop: out of memory\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gssloop: internal error: %s\n", error.what());
  }
  return static_cast<int>(Exit::kNotTried);
}
