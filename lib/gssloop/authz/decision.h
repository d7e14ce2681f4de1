// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_DECISION_H_
#define GSSLOOP_AUTHZ_DECISION_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/evaluation.h"
#include "gssloop/authz/rule_context.h"
#include "gssloop/base/result.h"

namespace gssloop::authz {

// PublishedAttribute becomes a property without a request of the application.
struct PublishedAttribute {
  const Definition* definition = nullptr;  // borrowed from the policy
  bool is_asserted = false;                // the values that the peer asserted of itself
};

// LoginDecision is the decision of a policy about one login.
struct LoginDecision {
  // The reason for a refusal, in the order of the decisions.
  enum class Refusal {
    kNone,              // the login is admitted
    kAnonymity,         // the peer is anonymous, and the policy gives it no name
    kIdentity,          // the peer's name cannot be used
    kPolicyIdentity,    // the policy takes the name from another source, and it cannot be used
    kRules,             // a deny or a require
    kCanonicalization,  // the application does not accept a name
    kAuthorize,         // the peer may not act as the requested identity
  };

  Refusal refusal = Refusal::kNone;  // of this login
  std::string reason;                // why, for the log; empty if the login is admitted
  std::string authid;                // the authentication identity; empty if it is unknown
  std::string authzid;               // the authorization identity
  // The result of every deny and require, also of the rules after the one that refused the login.
  std::vector<Finding> rules;
  // The same of every authorize rule; empty if the peer acts as itself.
  std::vector<Finding> authorize;
  std::vector<PublishedAttribute> published;  // without a request of the application

  // is_admitted: no step refused the login.
  bool is_admitted() const noexcept { return refusal == Refusal::kNone; }
};

// DecidingRule is the rule that refused a login, or that allowed the authorization identity.
struct DecidingRule {
  std::string_view key;          // "deny", "require", "authorize" or "identity"
  const Place* place = nullptr;  // borrowed from the policy
};
// deciding_rule returns nullopt if no single rule decided: the login is admitted and the peer acts
// as itself, or the refusal is not the policy's.
std::optional<DecidingRule> deciding_rule(const LoginDecision& decision, const Scope& scope);

// Canonicalize lets the application make the canonical names: it may change decision->authid and
// decision->authzid. It is called at most once, and only if no earlier step refused the login.
// Fails if the application does not accept a name.
using Canonicalize = std::function<std::optional<Error>(LoginDecision* decision)>;

// decide_login makes the whole decision about a login, in this order: identity, deny and require,
// published attributes, canonical names, authorize. `authzid` is the requested authorization
// identity; empty: the peer's own. Without `canonicalize` the names are canonical already. The
// module and the command both use this function.
LoginDecision decide_login(RuleContext* context, const std::string& authzid,
                           const Canonicalize& canonicalize = {});

// attributes_needed lists, each once, the GSS name attributes of a peer that decide_login needs,
// and those of `requested`, the application's requests. `peer` has no attributes yet.
std::vector<std::string> attributes_needed(const Policy& policy, const PeerInfo& peer,
                                           const std::vector<Definition>& requested);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_DECISION_H_
