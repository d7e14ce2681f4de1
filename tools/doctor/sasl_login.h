// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_SASL_LOGIN_H_
#define GSSLOOP_TOOLS_DOCTOR_SASL_LOGIN_H_

#include <string>
#include <vector>

#include "tools/doctor/sasl.h"

namespace gssloop::tools {

// SaslLogin is the result of one login through libsasl and its modules, client and server in one
// process.
struct SaslLogin {
  enum class End {
    kAdmitted,
    kRefused,       // authenticated, but the policy or the application's rules refuse the user
    kServerFailed,  // for another reason
    kClientFailed,
  };
  End end = End::kClientFailed;
  std::string mechanism = {};  // without -PLUS
  bool is_bound = false;       // both sides had the same channel binding, as over TLS
  std::string peer = {};       // the client's name; empty if it is not known
  std::string authid = {};     // of kAdmitted: the user whom the application sees
  std::string sentence = {};   // of a failure: the module's, or libsasl's
};

// try_logins logs in with each of the mechanisms, and again with a channel binding where the user
// is refused without one. The server has the question's options, the client has none. Runs in a
// child process of the caller: it loads modules, and changes the environment. It reads the ticket
// cache that the environment names, and writes the service's ticket there: see TicketShield.
std::vector<SaslLogin> try_logins(const SaslQuestion& question,
                                  const std::vector<std::string>& mechanisms);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_SASL_LOGIN_H_
