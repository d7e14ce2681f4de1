// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_DOCTOR_H_
#define GSSLOOP_TOOLS_DOCTOR_DOCTOR_H_

#include <string>
#include <vector>

#include "tools/json.h"

namespace gssloop::tools {

// Finding is one thing that the doctor looked at. Its texts are for a person, and may hold octets
// from files, the environment and the network: pass them through shown() before they are printed.
struct Finding {
  enum class Kind {
    kGood,
    kNote,     // worth knowing; logins work, or it was not tried
    kProblem,  // stops logins
  };
  Kind kind = Kind::kGood;
  std::string check;   // which check it is of, as in "keytab": the same in every release
  std::string what;    // is the case
  std::string why;     // it matters; empty for kGood
  std::string remedy;  // what to do; empty for kGood
};

// to_string is "good", "note" or "problem".
const char* to_string(Finding::Kind kind) noexcept;

// The JSON form. finding_from throws a JsonMismatch for anything else.
Json to_json(const Finding& finding);
Finding finding_from(const Json& json);

// DoctorOptions say what is examined. An empty text is what programs take when nobody says: the
// environment's, the configuration's or the library's.
struct DoctorOptions {
  std::string service = "host";
  std::string host = {};       // of the service; empty: this machine
  std::string app = {};        // the name by which libsasl finds the application's NAME.conf
  std::string sasl_path = {};  // where libsasl looks for modules, as in SASL_PATH
  std::string keytab = {};     // as in KRB5_KTNAME
  std::string policy = {};     // file or folder
  bool examines_client = true;
  bool examines_server = true;
};

// examine looks for what stops a login on this machine. Every check runs in a process of its own,
// for at most some seconds, so that one that fails takes none of the others along; what it could
// not find out is a finding, too. Talks to the realm's KDCs; changes nothing but, by the login that
// it tries, the replay cache and the ticket cache (as any login does). For a process with one
// thread.
std::vector<Finding> examine(const DoctorOptions& options);

// has_problem says whether any finding stops logins.
bool has_problem(const std::vector<Finding>& findings) noexcept;

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_DOCTOR_H_
