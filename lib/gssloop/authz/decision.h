// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_DECISION_H_
#define GSSLOOP_AUTHZ_DECISION_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/evaluation.h"
#include "gssloop/authz/rule_context.h"
#include "gssloop/base/result.h"

namespace gssloop::authz {

// PublishedAttribute becomes a property although no application asked for it.
struct PublishedAttribute {
  const Definition* definition = nullptr;  // borrowed from the policy
  bool is_asserted = false;                // what the peer said of itself
};

// LoginDecision is all that a policy decides about one login.
struct LoginDecision {
  // What refused the login. The order is that of the decisions.
  enum class Refusal {
    kNone,              // the login is admitted
    kAnonymity,         // the peer is anonymous, and the policy gives it no name
    kIdentity,          // the peer's name cannot be used
    kPolicyIdentity,    // the policy makes the name of something else, which cannot be used
    kRules,             // a deny or a require
    kCanonicalization,  // the application does not accept a name
    kAuthorize,         // the peer may not act as the identity that it asked for
  };

  Refusal refusal = Refusal::kNone;
  std::string reason;   // why, for the log; empty where the login is admitted
  std::string authid;   // who the peer is; empty where that cannot be told
  std::string authzid;  // as whom the peer acts
  // Every deny and require, and every authorize rule if the peer asks to act as another identity:
  // all of them, also behind the one that refused.
  std::vector<Finding> rules, authorize;
  std::vector<PublishedAttribute> published;

  bool is_admitted() const noexcept { return refusal == Refusal::kNone; }
};

// Canonicalize has the application make the canonical names of decision->authid and authzid, which
// it may change; it is called once, and only for a login that nothing has refused before. Fails
// where the application does not accept a name.
using Canonicalize = std::function<std::optional<Error>(LoginDecision* decision)>;

// decide_login makes the whole decision of a login, in this order: identity, deny and require, what
// is published, canonical names, authorize. `authzid` is the identity that the peer asks to act as;
// empty: its own. No `canonicalize`: the names are canonical already. The module and the command
// decide by this function.
LoginDecision decide_login(RuleContext* context, const std::string& authzid,
                           const Canonicalize& canonicalize = {});

// attributes_needed lists, each once, the GSS name attributes that decide_login needs of a peer,
// and those of `requested`, which the application asked for. `peer` has no attributes yet.
std::vector<std::string> attributes_needed(const Policy& policy, const PeerInfo& peer,
                                           const std::vector<Definition>& requested);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_DECISION_H_
