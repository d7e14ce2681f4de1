// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_CASE_RUN_H_
#define GSSLOOP_TOOLS_POLICY_CASE_RUN_H_

#include <string>
#include <vector>

#include "gssloop/authz/evaluation.h"
#include "gssloop/authz/policy.h"
#include "tools/policy/case_file.h"

namespace gssloop::tools {

// CaseOutcome is what a policy decided in one case.
struct CaseOutcome {
  const PolicyCase* tested = nullptr;  // borrowed
  bool is_as_expected = false;
  std::string expected;  // for a person: "admitted as alice"
  std::string decided;   // the same, with the place of a rule
  // As PolicyCase has them; exactly one is set.
  std::optional<std::string> admitted_as, refused_by;
};

// CountedRule is a rule of the policy, and the number of cases that it decides: a require or a deny
// refuses the login, an authorize allows it. A rule that decides no case can be removed without a
// failure of a case.
struct CountedRule {
  authz::Finding::Kind kind = authz::Finding::Kind::kRequire;
  const authz::Rule* rule = nullptr;  // borrowed from the policy
  std::size_t num_cases = 0;
};

// CaseResults is the result of all cases.
struct CaseResults {
  std::vector<CaseOutcome> outcomes;      // in the order of the cases
  std::vector<CountedRule> rules;         // each once, in the order of the file
  std::vector<authz::Diagnostic> errors;  // in the cases; if there are any, the rest is empty

  // num_failed and num_unused count the cases that are not as expected, and the rules that decide
  // none.
  std::size_t num_failed() const noexcept;
  std::size_t num_unused() const noexcept;
};

// run_cases asks decide_login(), as the module does, about each case.
CaseResults run_cases(const authz::Policy& policy, const std::vector<PolicyCase>& cases);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_CASE_RUN_H_
