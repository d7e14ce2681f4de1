// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_CHECK_H_
#define GSSLOOP_AUTHZ_POLICY_CHECK_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/policy.h"
#include "gssloop/authz/policy_file.h"
#include "gssloop/base/result.h"

namespace gssloop::authz {

// What is wrong with a policy beyond its syntax. policy_file.cc says where.

// mechanism_name is what PeerInfo::mechanism will say for a mechanism that a policy gives by its
// name or OID. Fails for one that this machine does not know by name.
Result<std::string, Error> mechanism_name(const std::string& given,
                                          const std::vector<MechanismName>& mechanisms);

// check_local_name and check_property say what is wrong with the names of a definition.
std::optional<Error> check_local_name(std::string_view name);
std::optional<Error> check_property(std::string_view name);

// check_term says what is wrong with a rule's question: a name that nothing defines, or a
// comparison that could never hold, which would keep everybody out, or nobody. `knows_identities`:
// the rule may ask for authid and authzid.
std::optional<Error> check_term(const Term& term, bool knows_identities, const Policy& policy,
                                const std::vector<MechanismName>& mechanisms);

// AbsenceCheck looks for rules that a client passes by making an attribute absent, of which it can
// make many: absent is false, so that a deny does not fire and a negation holds.
class AbsenceCheck {
 public:
  // look appends a warning for each such attribute of a rule, once for all scopes.
  void look(const std::string& service, const Scope& scope, std::vector<Diagnostic>* diagnostics);

 private:
  std::set<std::string> warned_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_CHECK_H_
