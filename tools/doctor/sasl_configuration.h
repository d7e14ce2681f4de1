// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_
#define GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_

#include <map>
#include <string>
#include <string_view>

#include "gssloop/base/result.h"

namespace gssloop::tools {

// SaslConfiguration is an application's NAME.conf. libsasl can say what an option is only to
// modules, so it is read here by the same rules.
class SaslConfiguration {
 public:
  // parse fails, as libsasl does, for a line that is no "option: value", and names it by number.
  static Result<SaslConfiguration, Error> parse(std::string_view text);

  // option returns "" for one that is not set; libsasl takes no empty value either.
  std::string option(const std::string& name) const;

 private:
  std::map<std::string, std::string> options_;
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_
