// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/rule_output.h"

#include <algorithm>

namespace gssloop::tools {

Json to_json(const authz::Place& place) {
  return {{"file", place.file}, {"line", place.line}, {"column", place.column}};
}

Json to_json(const authz::Diagnostic& diagnostic) {
  Json json = to_json(diagnostic.place);
  json["severity"] = diagnostic.is_warning ? "warning" : "error";
  json["message"] = diagnostic.message;
  return json;
}

Json to_json(const authz::Finding& finding) {
  Json json = to_json(finding.rule->place);
  json["kind"] = authz::to_string(finding.kind);
  json["rule"] = finding.rule->text;
  json["truth"] = authz::to_string(finding.truth);
  json["unknown"] = finding.unknown.empty() ? Json() : Json(finding.unknown);
  return json;
}

Json to_json(const std::vector<authz::Finding>& findings) {
  Json json = Json::array();
  for (const authz::Finding& finding : findings) json.push_back(to_json(finding));
  return json;
}

void print_table(const std::vector<std::vector<Cell>>& rows, const Output& output) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].text.size());
    }
  }
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += " " + output.styled(row[i].style, row[i].text);
      if (i + 1 < row.size()) line.append(widths[i] - row[i].text.size() + 1, ' ');
    }
    output.line(line);
  }
}

void print_errors(const std::vector<authz::Diagnostic>& diagnostics, const Output& output) {
  for (const authz::Diagnostic& diagnostic : diagnostics) {
    if (!diagnostic.is_warning) output.error(shown(diagnostic.text(), 4096));
  }
}

std::string counted(std::size_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace gssloop::tools
