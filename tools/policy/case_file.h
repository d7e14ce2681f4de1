// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_CASE_FILE_H_
#define GSSLOOP_TOOLS_POLICY_CASE_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/policy_file.h"
#include "tools/policy/supposed_peer.h"

namespace gssloop::tools {

// PolicyCase is one case of a test of a policy: a peer, and what the policy must decide about it.
struct PolicyCase {
  // Given is one entry of "attributes" or "unknown".
  struct Given {
    std::string name;
    std::optional<std::string> value;  // nullopt: unknown
    authz::Place place;
  };
  std::string name;
  authz::Place place;  // of its table
  SupposedPeer peer;
  std::vector<Given> attributes;
  // Exactly one of them. `refused_by` is "require RULE", "deny RULE", "authorize", "identity" or
  // "anonymous".
  std::optional<std::string> admitted_as, refused_by;
};

// CaseFile is a file of cases, as read.
struct CaseFile {
  std::optional<std::string> policy;  // as in the file: relative to the file's folder
  std::vector<PolicyCase> cases;
  std::vector<authz::Diagnostic> errors;  // if there are any, the rest must not be used
};

// parse_cases reads the text of a file of cases and finds all its errors. `mechanisms` and
// `default_realm` are those of this machine; the file can name another realm.
CaseFile parse_cases(const authz::PolicyText& text,
                     const std::vector<authz::MechanismName>& mechanisms,
                     const std::string& default_realm);

// suppose_attributes adds the attributes of a case, and appends an error for each one that the
// policy does not use or whose values are not possible.
void suppose_attributes(const PolicyCase& tested, SupposedAttributes* attributes,
                        std::vector<authz::Diagnostic>* errors);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_CASE_FILE_H_
