// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_
#define GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/result.h"

namespace gssloop::tools {

// SaslConfiguration holds the options for SASL of an application. libsasl tells the value of an
// option to modules only. So this class reads the file by libsasl's rules.
class SaslConfiguration {
 public:
  // Format says where a file has the options.
  struct Format {
    // In front of each option's name. Lines without it are the application's own. Empty: libsasl's
    // NAME.conf, in which every line is an option.
    std::string prefix = {};
    // With a prefix, "SERVICE_PREFIXoption" counts more than "PREFIXoption", as in Cyrus IMAP.
    std::string service = {};
  };

  // parse fails, as libsasl does, for a line that is not "option: value". The message has its
  // number.
  static Result<SaslConfiguration, Error> parse(std::string_view text, const Format& format);
  static Result<SaslConfiguration, Error> parse(std::string_view text) { return parse(text, {}); }

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
  // line_of is the option's line, from 1; 0 if it is not set.
  int line_of(const std::string& name) const;
  // options holds all that are set, by name.
  std::map<std::string, std::string> options() const;

  // Repeated is a name that is in two lines of a file with a prefix.
  struct Repeated {
    std::string name;  // as in the file
    int first_line = 0;
    int line = 0;
  };
  const std::vector<Repeated>& repeated() const noexcept { return repeated_; }
  // includes_files: the file includes others (@include), which parse does not read.
  bool includes_files() const noexcept { return includes_files_; }

 private:
  struct Value {
    std::string text;
    int line = 0;
    bool is_of_service = false;
  };
  void add(std::string name, Value value);

  std::map<std::string, Value> options_;
  std::vector<Repeated> repeated_;
  bool includes_files_ = false;
  std::vector<UnknownOption> unknown_;
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_SASL_CONFIGURATION_H_
