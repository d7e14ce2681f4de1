// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_CASE_REPORT_H_
#define GSSLOOP_TOOLS_POLICY_CASE_REPORT_H_

#include <string>

#include "tools/json.h"
#include "tools/output.h"
#include "tools/policy/case_run.h"

namespace gssloop::tools {

// The results of a test of a policy, for people and for programs.

// print_results prints a line for each case, why a case failed, and the rules that decide no case.
void print_results(const CaseResults& results, const Output& output);

// json_of has the members "cases" and "rules" with their results, and the numbers of cases that
// passed and failed and of rules that decide no case.
Json json_of(const CaseResults& results);

// junit_of is an XML document as JUnit writes it, with one test case for each case. `suite` names
// the test. Characters that XML cannot have are shown as \xHH.
std::string junit_of(const std::string& suite, const CaseResults& results);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_CASE_REPORT_H_
