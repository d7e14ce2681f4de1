// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_
#define GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/result.h"

namespace gssloop::tools {

// SaslConfiguration is an application's NAME.conf. libsasl tells the value of an option to modules
// only. So this class reads the file by libsasl's rules.
class SaslConfiguration {
 public:
  // parse fails, as libsasl does, for a line that is not "option: value". The message has its
  // number.
  static Result<SaslConfiguration, Error> parse(std::string_view text);

  // UnknownOption is an option that the module does not have, although its name says that it is the
  // module's, or almost has the name of one of the module's.
  struct UnknownOption {
    int line = 0;  // from 1
    std::string name;
    std::string nearest;  // of the module's options
  };
  // unknown_options lists them in the order of the file. libsasl does not report them.
  const std::vector<UnknownOption>& unknown_options() const noexcept { return unknown_; }

  // option returns "" for an option that is not set. libsasl does not accept an empty value.
  std::string option(const std::string& name) const;

 private:
  std::map<std::string, std::string> options_;
  std::vector<UnknownOption> unknown_;
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_
