// SPDX-License-Identifier: BSD-2-Clause
//
// Policies as the tests of their reader give them, and what the reader says of them.

#ifndef GSSLOOP_TESTS_UNIT_POLICY_READING_H_
#define GSSLOOP_TESTS_UNIT_POLICY_READING_H_

#include <string>
#include <vector>

#include "gssloop/authz/policy_file.h"

namespace gssloop::authz {

using Strings = std::vector<std::string>;

// The mechanisms of the machine.
inline const std::vector<MechanismName>& mechanisms() {
  static const std::vector<MechanismName> names{
      {"krb5", "1.2.840.113554.1.2.2"},
      {"krb5", "1.3.6.1.5.2.5"},
      {"spnego", "1.3.6.1.5.5.2"},
      {"eap-aes128-cts-hmac-sha1-96", "1.3.6.1.5.5.15.1.1.17", "EAP-AES128"}};
  return names;
}

// read reads one file, p.
inline PolicyReading read(const std::string& text) {
  return parse_policy({{"p", text}}, mechanisms());
}

// places gives "LINE:COLUMN" of each diagnostic.
inline Strings places(const PolicyReading& reading) {
  Strings found;
  for (const Diagnostic& diagnostic : reading.diagnostics) {
    found.push_back(std::to_string(diagnostic.place.line) + ":" +
                    std::to_string(diagnostic.place.column));
  }
  return found;
}

// messages gives the text of each diagnostic in a line.
inline std::string messages(const PolicyReading& reading) {
  std::string all;
  for (const Diagnostic& diagnostic : reading.diagnostics) all += diagnostic.text() + "\n";
  return all;
}

}  // namespace gssloop::authz

#endif  // GSSLOOP_TESTS_UNIT_POLICY_READING_H_
