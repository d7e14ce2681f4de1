// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_DOCTOR_H_
#define GSSLOOP_TOOLS_DOCTOR_DOCTOR_H_

#include <string>
#include <vector>

#include "tools/json.h"

namespace gssloop::tools {

// Finding is the result of one part of a check. Its texts are for a person. They may hold octets
// from files, the environment and the network: pass them through shown() before you print them.
struct Finding {
  enum class Kind {
    kGood,
    kNote,     // logins work, or the doctor did not try
    kProblem,  // logins fail
  };
  Kind kind = Kind::kGood;
  std::string check;   // the name of the check, as in "keytab": the same in every release
  std::string what;    // the fact
  std::string why;     // the reason why it matters; empty for kGood
  std::string remedy;  // what to do; empty for kGood
  // Of a problem: the check whose problem causes it, if there is one. Without that one, this
  // problem disappears.
  std::string cause = {};
};

// to_string is "good", "note" or "problem".
const char* to_string(Finding::Kind kind) noexcept;

// The JSON form. finding_from throws a JsonMismatch for anything else.
Json to_json(const Finding& finding);
Finding finding_from(const Json& json);

// DoctorOptions says what to examine. An empty text means the default that programs use: that
// of the environment, the configuration or the library.
struct DoctorOptions {
  std::string service = "host";
  std::string host = {};  // of the service; empty: this machine
  // The name by which libsasl finds the application's NAME.conf; or "cyrus-imapd".
  std::string app = {};
  std::string conf = {};       // a file that has the application's options for SASL
  std::string prefix = {};     // in front of each option in `conf`
  std::string sasl_path = {};  // where libsasl looks for modules, separated by colons
  std::string keytab = {};     // as in KRB5_KTNAME
  std::string policy = {};     // file or folder
  bool examines_client = true;
  bool examines_server = true;
};

// examine looks for the reasons why a login on this machine fails. Every check runs in its own
// process, for at most 30 seconds, so that the others continue if it crashes or hangs. A check that
// could not be carried out is a finding, too. The checks ask the KDCs of the realm. They change no
// file: logins are tried with a copy of the tickets and without a replay cache. Problems without a
// cause come first, each before the findings that it causes; then notes; then what is good. For a
// process with one thread.
std::vector<Finding> examine(const DoctorOptions& options);

// has_problem says whether a finding is a problem.
bool has_problem(const std::vector<Finding>& findings) noexcept;

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_DOCTOR_H_
