// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/test.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gssloop/gss/kerberos.h"
#include "tools/json.h"
#include "tools/policy/case_file.h"
#include "tools/policy/case_report.h"
#include "tools/policy/case_run.h"
#include "tools/policy/policy_login.h"
#include "tools/policy/rule_output.h"
#include "tools/trial/files.h"

namespace gssloop::tools {
namespace {

constexpr std::size_t kMaxFileLen = std::size_t{1} << 20;  // octets, as of a policy
constexpr std::string_view kEnding = ".test.toml";

struct TestOptions {
  std::string cases;
  std::optional<std::string> policy, junit;
  bool is_strict = false;
  bool json = false;
};

Result<CaseFile, Error> read_cases(const std::string& path) {
  const auto text = read_small_file(path, kMaxFileLen);
  if (!text) return text.error();
  return parse_cases({path, std::string(as_text(*text))}, mechanism_names(), gss::default_realm());
}

// The policy that the command line names, or the cases, or the name of their file.
std::optional<std::string> policy_path(const TestOptions& options, const CaseFile& cases) {
  if (options.policy) return absolute_policy(options.policy);
  if (cases.policy) {
    const auto path = std::filesystem::path(options.cases).parent_path() / *cases.policy;
    return absolute_policy(path.string());
  }
  if (!options.cases.ends_with(kEnding)) return std::nullopt;
  const std::size_t len = options.cases.size() - kEnding.size();
  return absolute_policy(options.cases.substr(0, len) + ".toml");
}

// Reads a policy without a check of its owner and rights. No login uses this copy, and a copy in a
// version control system often belongs to another user.
authz::PolicyReading read_tested_policy(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) return read_policy_at(path).reading;
  const auto text = read_small_file(path, kMaxFileLen);
  if (!text) return {std::nullopt, {{{path}, false, text.error().message}}};
  return authz::parse_policy({{path, std::string(as_text(*text))}}, mechanism_names());
}

std::optional<Error> write_file(const std::string& path, const std::string& text) {
  auto sink = Sink::open(path);
  if (!sink) return sink.error();
  if (auto error = sink->write(as_bytes(text))) return error;
  return sink->finish();
}

Exit report(const TestOptions& options, const std::string& policy, const CaseResults& results,
            const Output& output) {
  if (options.json) {
    Json json = json_of(results);
    json["file"] = options.cases;
    json["policy"] = policy;
    output.json(json);
  } else {
    print_results(results, output);
  }
  if (options.junit) {
    if (const auto error = write_file(*options.junit, junit_of(options.cases, results))) {
      output.error(error->message);
      return Exit::kNotTried;
    }
  }
  const bool is_failed =
      results.num_failed() > 0 || (options.is_strict && results.num_unused() > 0);
  return is_failed ? Exit::kFailed : Exit::kDone;
}

Exit test(const TestOptions& options, const Output& output) {
  const auto cases = read_cases(options.cases);
  if (!cases) {
    output.error(cases.error().message);
    return Exit::kNotTried;
  }
  print_errors(cases->errors, output);
  if (!cases->errors.empty()) return Exit::kNotTried;
  const auto path = policy_path(options, *cases);
  if (!path) {
    output.error(shown(options.cases, 1024) +
                 " names no policy: write policy = \"FILE\" at its beginning, or use --policy");
    return Exit::kNotTried;
  }
  const auto reading = read_tested_policy(*path);
  print_errors(reading.diagnostics, output);
  if (!reading.policy) return Exit::kFailed;
  const auto results = run_cases(*reading.policy, cases->cases);
  print_errors(results.errors, output);
  if (!results.errors.empty()) return Exit::kNotTried;
  return report(options, *path, results, output);
}

}  // namespace

Subcommand test_subcommand() {
  const auto options = std::make_shared<TestOptions>();
  const auto choose = [=]() -> Result<Command, Error> {
    return Command([=](Output& output) { return test(*options, output); });
  };
  return {"test",
          "Show whether a policy decides the cases in a file as expected",
          {{"FILE", "", "The cases", &options->cases, {.is_required = true}},
           {"-p,--policy", "FILE", "The policy, instead of the one of the cases", &options->policy},
           {"-s,--strict", "", "Fail if a rule decides no case, too", &options->is_strict},
           {"--junit", "FILE", "Also write the results as JUnit's XML", &options->junit},
           {"--json", "", "Print JSON", &options->json}},
          choose};
}

}  // namespace gssloop::tools
