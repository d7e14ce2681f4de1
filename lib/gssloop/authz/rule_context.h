// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_RULE_CONTEXT_H_
#define GSSLOOP_AUTHZ_RULE_CONTEXT_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gssloop/authz/expression.h"
#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy.h"

namespace gssloop::authz {

// RuleContext is one login as a policy sees it: it answers what rules and the identity ask about
// the peer, and what applications see of it. Each attribute is decoded once, when it is first asked
// for. One thread at a time.
class RuleContext {
 public:
  // Borrows `policy`, which must outlive the object.
  RuleContext(const Policy& policy, PeerInfo peer);
  RuleContext(const RuleContext&) = delete;
  RuleContext& operator=(const RuleContext&) = delete;

  // policy and peer are what it was made of; scope is the policy's for the peer's service and
  // mechanism.
  const Policy& policy() const noexcept { return policy_; }
  const PeerInfo& peer() const noexcept { return peer_; }
  const Scope& scope() const noexcept { return scope_; }

  // attribute answers a rule: a local attribute of the policy, or a reserved name. Empty for a name
  // that the peer has nothing of. Borrowed, like those below.
  const LocalAttribute& attribute(std::string_view name) const;
  // authenticated are the values of a definition of the policy, or of a raw one, that may decide.
  // asserted are what the peer said of itself, which decides nothing.
  const LocalAttribute& authenticated(const Definition& definition) const;
  const LocalAttribute& asserted(const Definition& definition) const;

  // set_identities says who the peer is and as whom it wants to act, once that is known.
  void set_identities(std::string authid, std::string authzid);

 private:
  using Attributes = std::map<std::string, LocalAttribute, std::less<>>;
  std::optional<LocalAttribute> reserved_attribute(std::string_view name) const;

  const Policy& policy_;
  PeerInfo peer_;
  const Scope& scope_;
  // By the name of the definition, or the reserved name.
  mutable Attributes authenticated_, asserted_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_RULE_CONTEXT_H_
