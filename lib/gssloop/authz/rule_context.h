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

// RuleContext is the data of one login for a policy: the peer's attributes for rules, for the
// identity and for applications. Each attribute is decoded once, at its first use. One thread at a
// time.
class RuleContext {
 public:
  // Borrows `policy`, which must outlive the object.
  RuleContext(const Policy& policy, PeerInfo peer);
  RuleContext(const RuleContext&) = delete;
  RuleContext& operator=(const RuleContext&) = delete;

  // policy and peer are the arguments of the constructor; scope is the policy's scope for the
  // peer's service and mechanism.
  const Policy& policy() const noexcept { return policy_; }
  const PeerInfo& peer() const noexcept { return peer_; }
  const Scope& scope() const noexcept { return scope_; }

  // attribute returns a local attribute of the policy, or a reserved name. Empty if the peer has no
  // value for the name. Borrowed, like the results below.
  const LocalAttribute& attribute(std::string_view name) const;
  // authenticated returns the values of a definition of the policy, or of a raw one, that decisions
  // may use. asserted returns the values that the peer asserted of itself, which no decision uses.
  const LocalAttribute& authenticated(const Definition& definition) const;
  const LocalAttribute& asserted(const Definition& definition) const;

  // suppose sets the authenticated values of a definition, instead of those of its sources. For
  // programs that show what a policy would decide about a peer that need not exist; a login must
  // not call it. Call it before the values are used.
  void suppose(const Definition& definition, LocalAttribute attribute);

  // set_identities sets the authentication and the authorization identity, after they are known.
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
