// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_FILE_H_
#define GSSLOOP_AUTHZ_POLICY_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/policy.h"
#include "gssloop/base/mechanism_name.h"

namespace gssloop::authz {

// PolicyText is one file of a policy, as read.
struct PolicyText {
  std::string file;  // for messages
  std::string text;  // TOML
};

using gssloop::MechanismName;

// Diagnostic is an error in a policy, or a warning about it.
struct Diagnostic {
  Place place;              // where
  bool is_warning = false;  // the policy is used all the same
  std::string message;      // for the administrator

  // text is "FILE:LINE:COLUMN: error: MESSAGE", or less of the place if less is known.
  std::string text() const;
};

// PolicyReading is a policy, or every reason why there is none; warnings come with both.
struct PolicyReading {
  std::optional<Policy> policy;         // nullopt: there are errors
  std::vector<Diagnostic> diagnostics;  // in the order of the files

  // num_errors counts the errors, without the warnings.
  std::size_t num_errors() const noexcept;
  // summary names the first error, and how many others there are; for a log line.
  std::string summary() const;
};

// parse_policy reads the files of one policy. A file that is not TOML ends the reading with only
// that error. Otherwise the files are checked together, and all errors are reported. A policy is
// never made from only a part of its files. `mechanisms` are those of this machine; "krb5" need not
// be among them, and a dotted OID is always accepted.
PolicyReading parse_policy(const std::vector<PolicyText>& files,
                           const std::vector<MechanismName>& mechanisms);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_FILE_H_
