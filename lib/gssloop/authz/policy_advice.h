// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_ADVICE_H_
#define GSSLOOP_AUTHZ_POLICY_ADVICE_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/policy.h"
#include "gssloop/authz/policy_file.h"

namespace gssloop::authz {

// Warnings about parts of a policy that are right by themselves, but probably never apply.

// doubt_about_realm is the warning about a realm in a rule or a source, and doubt_about_term the
// one about a term that compares an attribute of the policy; empty if there is none. No warning
// contains a value that the policy compares with.
std::string doubt_about_realm(std::string_view realm);
std::string doubt_about_term(const Term& term, const Policy& policy);

// PolicySurroundings is what a machine has that a policy can name.
struct PolicySurroundings {
  std::set<std::string, std::less<>> services;  // of the keytab
  std::vector<MechanismName> mechanisms;        // as for parse_policy
};

// advise warns, for the author of a policy and not for the server's log, of services and attributes
// that this machine does not have, and of services that the policy does not restrict.
std::vector<Diagnostic> advise(const Policy& policy, const PolicySurroundings& surroundings);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_ADVICE_H_
