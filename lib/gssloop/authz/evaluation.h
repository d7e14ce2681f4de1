// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_EVALUATION_H_
#define GSSLOOP_AUTHZ_EVALUATION_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/expression.h"
#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy.h"
#include "gssloop/base/result.h"

namespace gssloop::authz {

// The decisions of a policy about one peer, in the order in which they fall: identify;
// evaluate_rules; after the names were made canonical, authorize. All are pure.

// identify says as whom the peer is seen. A peer without a name gets one only where the policy says
// so. Fails with a message that names what is missing, never a value.
Result<std::string, Error> identify(const Scope& scope, const PeerInfo& peer,
                                    const RuleContext& context);

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

// evaluate_rules applies every require and deny, the denials first.
std::vector<Finding> evaluate_rules(const Scope& scope, const RuleContext& context);
// objection is the first finding that keeps the peer out, or null.
const Finding* objection(const std::vector<Finding>& findings);

// authorize says whether the peer may act as peer.authzid, as far as the policy has a say: always
// as itself. Fails with a message for the log.
std::optional<Error> authorize(const Scope& scope, const PeerInfo& peer,
                               const RuleContext& context);
// authorize_findings shows the same rule by rule; empty where the policy has no say.
std::vector<Finding> authorize_findings(const Scope& scope, const RuleContext& context);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_EVALUATION_H_
