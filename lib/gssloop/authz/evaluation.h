// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_EVALUATION_H_
#define GSSLOOP_AUTHZ_EVALUATION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/expression.h"
#include "gssloop/authz/policy.h"
#include "gssloop/authz/rule_context.h"
#include "gssloop/base/result.h"

namespace gssloop::authz {

// The parts of a decision about one login; decision.h combines them. All functions are pure.

// identify returns the name that the application gets for the peer. An anonymous peer gets a name
// only if the policy gives it one. Fails with a message that names the missing attribute or the
// reason, never a value.
Result<std::string, Error> identify(const RuleContext& context);
// is_given_by_policy: the policy takes the name from another source than the principal.
bool is_given_by_policy(const Identity& identity) noexcept;

// Finding is the result of one rule.
struct Finding {
  // The key of the rule in the policy.
  enum class Kind { kRequire, kDeny, kAuthorize };
  Kind kind = Kind::kRequire;   // of this one
  const Rule* rule = nullptr;   // borrowed from the scope
  Truth truth = Truth::kFalse;  // of the rule, for this peer
  std::string unknown;          // of Truth::kUnknown: the attribute and the reason, never a value

  // is_objection: a require that is not true, a deny that is not false.
  bool is_objection() const noexcept;
  // text names the rule by file, line and column, for a log. It never contains the text of the
  // rule: for a deny that is true, that would reveal the peer's attributes.
  std::string text() const;
};

// to_string is the key in the policy: "require", "deny" or "authorize".
std::string_view to_string(Finding::Kind kind) noexcept;

// evaluate_rules applies every deny and every require, in this order.
std::vector<Finding> evaluate_rules(const RuleContext& context);
// objection is the first finding that refuses the login, or null.
const Finding* objection(const std::vector<Finding>& findings);

// authorize_findings applies every authorize rule to the peer's identities; empty if the policy has
// none.
std::vector<Finding> authorize_findings(const RuleContext& context);
// authorize returns the reason, from those findings, why the peer may not act as peer().authzid;
// nullopt: the policy does not forbid it. A peer may always act as itself.
std::optional<Error> authorize(const RuleContext& context, const std::vector<Finding>& findings);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_EVALUATION_H_
