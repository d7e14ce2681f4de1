// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_EVALUATION_H_
#define GSSLOOP_AUTHZ_EVALUATION_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/expression.h"
#include "gssloop/authz/policy.h"
#include "gssloop/authz/rule_context.h"
#include "gssloop/base/result.h"

namespace gssloop::authz {

// The parts of a decision about one login; decision.h puts them together. All are pure.

// identify says as whom the application sees the peer. A peer without a name gets one only where
// the policy says so. Fails with a message that names what is missing, never a value.
Result<std::string, Error> identify(const RuleContext& context);
// is_given_by_policy: the policy makes the name of something else than the principal.
bool is_given_by_policy(const Identity& identity) noexcept;

// Finding is what one rule came to.
struct Finding {
  // Under which key the rule stands.
  enum class Kind { kRequire, kDeny, kAuthorize };
  Kind kind = Kind::kRequire;   // of this one
  const Rule* rule = nullptr;   // borrowed from the scope
  Truth truth = Truth::kFalse;  // of the rule, for this peer
  std::string unknown;          // of Truth::kUnknown: what could not be had, never a value

  // is_objection: a require that is not true, a deny that is not false.
  bool is_objection() const noexcept;
  // text names the rule by file and line, for a log: never what it says, which for a deny that
  // holds would be what the peer is.
  std::string text() const;
};

// evaluate_rules applies every deny and every require, in this order.
std::vector<Finding> evaluate_rules(const RuleContext& context);
// objection is the first finding that keeps the peer out, or null.
const Finding* objection(const std::vector<Finding>& findings);

// authorize_findings applies every authorize rule to the peer's identities; empty where the policy
// has none.
std::vector<Finding> authorize_findings(const RuleContext& context);
// authorize says why the peer may not act as peer().authzid, by those findings; nullopt: it may, as
// far as the policy decides that. A peer may always act as itself.
std::optional<Error> authorize(const RuleContext& context, const std::vector<Finding>& findings);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_EVALUATION_H_
