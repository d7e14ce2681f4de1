// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_AUDIT_RECORD_H_
#define GSSLOOP_PLUGIN_AUDIT_RECORD_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gssloop::plugin::audit {

// The longest line, in bytes, with its end.
inline constexpr std::size_t kMaxLineLen = 32768;

// Record is what the audit trail says about one login (gssloop-sasl(7), section AUDIT). What is not
// known is empty, and its member is then not in the line. Texts may be any octets.
struct Record {
  enum class Outcome {
    kAdmitted,
    kRefused,
    kAbandoned,  // the client ended the exchange, or never continued it
  };
  Outcome outcome = Outcome::kAbandoned;
  // What the application told libsasl.
  std::string service = {}, host = {};
  std::string mechanism = {};              // the SASL name
  std::string peer = {}, local = {};       // "address;port", as libsasl writes it
  std::string principal = {}, realm = {};  // of the authenticated peer
  std::string authid = {};
  std::string authzid = {};           // as requested, until there is an authid
  std::optional<bool> is_bound = {};  // to the channel
  std::optional<unsigned> ssf = {};   // bits, as peer.ssf of a rule
  std::string error = {};             // the class of the failure, as a client may see it
  std::string reason = {};            // the whole sentence, as in the log
  // The rule of the policy that refused the login, or allowed the authorization identity: its key
  // ("deny") and its place.
  std::string rule_key = {}, rule = {};
  // Local attributes of the policy: those that the peer has, those that could not be read, and the
  // values of those that gssloop_audit_values names.
  std::vector<std::string> attributes = {}, unknown = {};
  std::vector<std::pair<std::string, std::vector<std::string>>> values = {};
};

// to_line writes a record as one line of JSON, with its end: ASCII only, at most kMaxLineLen bytes.
// No text can end the line or a string. Octets that are not UTF-8 become U+FFFD, and long texts are
// cut; "inexact" names the members of which that is true. Attributes that do not fit are left out
// ("left_out").
std::string to_line(const Record& record, std::chrono::system_clock::time_point time, pid_t pid);

}  // namespace gssloop::plugin::audit

#endif  // GSSLOOP_PLUGIN_AUDIT_RECORD_H_
