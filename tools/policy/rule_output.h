// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_RULE_OUTPUT_H_
#define GSSLOOP_TOOLS_POLICY_RULE_OUTPUT_H_

#include <string>
#include <vector>

#include "gssloop/authz/evaluation.h"
#include "gssloop/authz/policy_file.h"
#include "tools/json.h"
#include "tools/output.h"

namespace gssloop::tools {

// to_json has the members "file", "line" and "column"; of a diagnostic also "severity" and
// "message", of a finding "kind", "rule", "truth" and "unknown".
Json to_json(const authz::Place& place);
Json to_json(const authz::Diagnostic& diagnostic);
Json to_json(const authz::Finding& finding);
Json to_json(const std::vector<authz::Finding>& findings);

// Cell is one text of a table, and its style.
struct Cell {
  std::string text;
  Style style = Style::kPlain;
};

// print_table prints rows with aligned columns, after an indent of two blanks. The last column has
// no padding.
void print_table(const std::vector<std::vector<Cell>>& rows, const Output& output);

// print_errors prints the errors of a policy or of another file on standard error.
void print_errors(const std::vector<authz::Diagnostic>& diagnostics, const Output& output);

// counted is "1 error", "2 errors".
std::string counted(std::size_t number, const char* what);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_RULE_OUTPUT_H_
