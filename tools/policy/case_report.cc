// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/case_report.h"

#include <utility>
#include <vector>

#include "tools/policy/rule_output.h"

namespace gssloop::tools {
namespace {

constexpr std::size_t kMaxTextLen = 8192;  // octets that are shown of a text

std::string escaped(std::string_view text) {
  std::string xml;
  for (const char c : shown(text, kMaxTextLen)) {
    switch (c) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '"':
        xml += "&quot;";
        break;
      default:
        xml += c;
    }
  }
  return xml;
}

std::string attribute(const char* name, std::string_view value) {
  return std::string(" ") + name + "=\"" + escaped(value) + "\"";
}

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

Json json_of(const CaseOutcome& outcome) {
  Json json = to_json(outcome.tested->place);
  json["name"] = outcome.tested->name;
  json["passed"] = outcome.is_as_expected;
  json["expected"] = outcome.expected;
  json["decided"] = outcome.decided;
  json["admitted_as"] = or_null(outcome.admitted_as);
  json["refused_by"] = or_null(outcome.refused_by);
  return json;
}

Json json_of(const CountedRule& counted) {
  Json json = to_json(counted.rule->place);
  json["kind"] = authz::to_string(counted.kind);
  json["rule"] = counted.rule->text;
  json["cases"] = counted.num_cases;
  return json;
}

void print_case(const CaseOutcome& outcome, const Output& output) {
  const std::string name = shown(outcome.tested->name, kMaxTextLen);
  if (outcome.is_as_expected) {
    return output.line(output.styled(Style::kGood, "ok") + "      " + name);
  }
  output.line(output.styled(Style::kBad, "FAILED") + "  " + name);
  output.line("        case at " + shown(outcome.tested->place.text(), 1024));
  output.line("        expected: " + shown(outcome.expected, kMaxTextLen));
  output.line("        decided:  " + shown(outcome.decided, kMaxTextLen));
}

void print_unused(const CaseResults& results, const Output& output) {
  if (results.num_unused() == 0) return;
  output.line(output.styled(
      Style::kNote, counted(results.num_unused(), "rule") + " of " +
                        std::to_string(results.rules.size()) +
                        (results.num_unused() == 1 ? " decides no case:" : " decide no case:")));
  std::vector<std::vector<Cell>> rows;
  for (const CountedRule& rule : results.rules) {
    if (rule.num_cases > 0) continue;
    rows.push_back({{shown(rule.rule->place.text(), 1024)},
                    {std::string(authz::to_string(rule.kind))},
                    {shown(rule.rule->text, 4096)}});
  }
  print_table(rows, output);
}

}  // namespace

void print_results(const CaseResults& results, const Output& output) {
  for (const CaseOutcome& outcome : results.outcomes) print_case(outcome, output);
  print_unused(results, output);
  const std::size_t num_failed = results.num_failed();
  output.line(counted(results.outcomes.size(), "case") + ", " + std::to_string(num_failed) +
              " failed; " + counted(results.rules.size(), "rule") + ", " +
              std::to_string(results.num_unused()) + " without a case");
}

Json json_of(const CaseResults& results) {
  Json cases = Json::array(), rules = Json::array();
  for (const CaseOutcome& outcome : results.outcomes) cases.push_back(json_of(outcome));
  for (const CountedRule& rule : results.rules) rules.push_back(json_of(rule));
  return {{"passed", results.outcomes.size() - results.num_failed()},
          {"failed", results.num_failed()},
          {"rules_without_a_case", results.num_unused()},
          {"cases", std::move(cases)},
          {"rules", std::move(rules)}};
}

std::string junit_of(const std::string& suite, const CaseResults& results) {
  const std::string counts = attribute("tests", std::to_string(results.outcomes.size())) +
                             attribute("failures", std::to_string(results.num_failed())) +
                             attribute("errors", "0");
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + counts +
                    ">\n  <testsuite" + attribute("name", suite) + counts +
                    attribute("skipped", "0") + ">\n";
  for (const CaseOutcome& outcome : results.outcomes) {
    xml += "    <testcase" + attribute("classname", suite) +
           attribute("name", outcome.tested->name) + attribute("file", outcome.tested->place.file) +
           attribute("line", std::to_string(outcome.tested->place.line));
    if (outcome.is_as_expected) {
      xml += "/>\n";
      continue;
    }
    xml += ">\n      <failure" +
           attribute("message", "expected: " + outcome.expected + "; decided: " + outcome.decided) +
           "/>\n    </testcase>\n";
  }
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace gssloop::tools
