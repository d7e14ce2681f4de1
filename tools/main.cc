// SPDX-License-Identifier: BSD-2-Clause
// The command gssloop: see man/gssloop.1.

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config.h"
#include "tools/audit/audit.h"
#include "tools/cli.h"
#include "tools/doctor/doctor_command.h"
#include "tools/mechanisms.h"
#include "tools/policy/attributes.h"
#include "tools/policy/policy.h"
#include "tools/trial/accept.h"
#include "tools/trial/cleanup.h"
#include "tools/trial/initiate.h"

namespace gssloop::tools {
namespace {

Program program(std::string* colour) {
  return {
      .root = {.name = "gssloop",
               .help = "Show, try and test GSS-API logins on this machine.",
               .options = {{"--color",
                            "WHEN",
                            "Colours: auto (on a terminal, without NO_COLOR), always or never",
                            colour,
                            {.allowed = {"auto", "always", "never"}}}},
               .subcommands = {mechanisms_subcommand(), accept_subcommand(), initiate_subcommand(),
                               attributes_subcommand(), policy_subcommand(), audit_subcommand(),
                               doctor_subcommand()}},
      .version = "gssloop " PACKAGE_VERSION,
      .footer = "Exit status: 0 success, 1 failure, 2 wrong usage, 3 not tried. See gssloop(1)."};
}

Output::Colour colour_of(const std::string& when) {
  if (when == "always") return Output::Colour::kAlways;
  return when == "never" ? Output::Colour::kNever : Output::Colour::kAuto;
}

Exit carry_out(const Command& command, Output* output) {
  clean_up_on_signals();
  const Exit status = command(*output);
  if (output->flush()) return status;
  output->error("cannot write standard output");
  return Exit::kNotTried;
}

Exit run(std::vector<std::string> arguments) {
  std::string colour = "auto";
  const ParsedLine line = parse(program(&colour), std::move(arguments));
  Output output(colour_of(colour));
  if (const auto* command = std::get_if<Command>(&line)) return carry_out(*command, &output);
  if (const auto* answer = std::get_if<Answer>(&line)) {
    std::fputs(answer->text.c_str(), stdout);
    return output.flush() ? Exit::kDone : Exit::kNotTried;
  }
  const auto& error = std::get<UsageError>(line);
  output.error(error.message);
  output.note("Try '" + error.help_command + "'.");
  return Exit::kUsage;
}

}  // namespace
}  // namespace gssloop::tools

int main(int argc, char** argv) {
  using gssloop::tools::Exit;
  try {
    return static_cast<int>(gssloop::tools::run({argv + (argc > 0), argv + argc}));
  } catch (const std::bad_alloc&) {
    std::fputs("gssloop: out of memory\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gssloop: internal error: %s\n", error.what());
  }
  return static_cast<int>(Exit::kNotTried);
}
