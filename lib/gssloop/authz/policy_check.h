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

// Checks of a policy beyond its syntax. policy_file.cc adds the places.

// mechanism_name returns the value that PeerInfo::mechanism has for a mechanism that a policy names
// by its name, its SASL name or its OID. Fails for a name that this machine does not know.
Result<std::string, Error> mechanism_name(const std::string& given,
                                          const std::vector<MechanismName>& mechanisms);

// check_local_name and check_property return the error in the names of a definition.
std::optional<Error> check_local_name(std::string_view name);
std::optional<Error> check_property(std::string_view name);

// check_alias_name returns the error in a name for a SID.
std::optional<Error> check_alias_name(std::string_view name);

// check_service_name returns the error in a name that no application has for its service.
std::optional<Error> check_service_name(std::string_view name);

// check_term returns the error in a term of a rule: an undefined name, or a comparison that is
// never true, so that the rule would refuse all peers or none. It must know the aliases.
// `knows_identities`: the rule may use authid and authzid.
std::optional<Error> check_term(const Term& term, bool knows_identities, const Policy& policy,
                                const std::vector<MechanismName>& mechanisms);

// AbsenceCheck finds rules that a client can satisfy by the omission of an attribute. A client can
// omit many attributes, and a test of an absent attribute is false: then a deny does not refuse,
// and a negation is true.
class AbsenceCheck {
 public:
  // look appends a warning for each such attribute of a rule, once for all scopes together.
  void look(const std::string& service, const Scope& scope, std::vector<Diagnostic>* diagnostics);

 private:
  std::set<std::string> warned_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_CHECK_H_
