// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_OPTION_CHECK_H_
#define GSSLOOP_TOOLS_DOCTOR_OPTION_CHECK_H_

#include <map>
#include <string>
#include <vector>

#include "gssloop/base/result.h"
#include "plugin/sasl/options.h"

namespace gssloop::tools {

// WrongOption is an option with a value that the module does not accept.
struct WrongOption {
  std::string name;
  std::string sentence;  // the module's own
};

// read_audit_options reads the options of the audit trail. Fails if one has a wrong value.
Result<plugin::AuditOptions, Error> read_audit_options(
    const std::map<std::string, std::string>& options);

// OptionCheck is what the module says about the options of an application.
struct OptionCheck {
  std::vector<WrongOption> wrong;  // with one of them, every login fails
  // The names in gssloop_mechanisms that are no mechanisms of this machine.
  std::vector<std::string> unknown_mechanisms;
  std::string known_mechanisms;  // of this machine, separated by blanks
};

// check_options reads each option with the module's own code, by itself: the module reports the
// first wrong one only. It asks the GSS-API library for its mechanisms.
OptionCheck check_options(const std::map<std::string, std::string>& options);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_OPTION_CHECK_H_
