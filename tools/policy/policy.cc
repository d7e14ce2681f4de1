// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/policy.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tools/json.h"
#include "tools/policy/explain.h"
#include "tools/policy/policy_login.h"
#include "tools/policy/rule_output.h"
#include "tools/policy/test.h"

namespace gssloop::tools {
namespace {

struct CheckOptions {
  std::optional<std::string> path;
  bool is_strict = false;
  bool json = false;
};

void print(const authz::Diagnostic& diagnostic, const Output& output) {
  const Style style = diagnostic.is_warning ? Style::kNote : Style::kBad;
  output.line(output.styled(style, shown(diagnostic.text(), 4096)));
}

Exit check(const CheckOptions& options, const Output& output) {
  const auto named = absolute_policy(options.path);
  const std::string path = named.value_or(GSSLOOP_POLICY_PATH);
  auto read = read_policy_at(named);
  if (read.reading.policy && !read.is_absent) {
    const auto advice = advice_about(*read.reading.policy);
    read.reading.diagnostics.insert(read.reading.diagnostics.end(), advice.begin(), advice.end());
  }
  const std::size_t num_errors = read.reading.num_errors();
  const std::size_t num_warnings = read.reading.diagnostics.size() - num_errors;
  if (options.json) {
    Json diagnostics = Json::array();
    for (const auto& diagnostic : read.reading.diagnostics) {
      diagnostics.push_back(to_json(diagnostic));
    }
    output.json({{"policy", path},
                 {"present", !read.is_absent},
                 {"valid", num_errors == 0},
                 {"diagnostics", std::move(diagnostics)}});
  } else {
    for (const auto& diagnostic : read.reading.diagnostics) print(diagnostic, output);
    if (read.is_absent && num_errors == 0) {
      output.line("there is no policy " + shown(path, 1024) +
                  ": attributes do not decide about logins");
    } else if (num_errors == 0 && num_warnings == 0) {
      output.line(output.styled(Style::kGood, "ok") + "  " + shown(path, 1024));
    } else {
      output.line(counted(num_errors, "error") + ", " + counted(num_warnings, "warning"));
    }
  }
  if (is_missing(read)) return Exit::kNotTried;
  return num_errors > 0 || (options.is_strict && num_warnings > 0) ? Exit::kFailed : Exit::kDone;
}

Subcommand check_subcommand() {
  const auto options = std::make_shared<CheckOptions>();
  const auto choose = [=]() -> Result<Command, Error> {
    return Command([=](Output& output) { return check(*options, output); });
  };
  return {"check",
          "Show every error in a policy file or folder",
          {{"FILE", "", "The policy (the module's default policy)", &options->path},
           {"-s,--strict", "", "Fail for warnings, too", &options->is_strict},
           {"--json", "", "Print JSON", &options->json}},
          choose};
}

}  // namespace

Subcommand policy_subcommand() {
  return {.name = "policy",
          .help = "Check and test a policy file, or show what it decides",
          .subcommands = {check_subcommand(), explain_subcommand(), test_subcommand()}};
}

}  // namespace gssloop::tools
