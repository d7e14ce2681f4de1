// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/utils_layout.h"

#include <syslog.h>

namespace gssloop::plugin {
namespace {

constexpr const char* kRemedy =
    ". Build gssloop with the headers of the libsasl that this program uses, and install it again";

std::string two_numbers(int major, int minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

}  // namespace

std::string why_refused(const sasl_utils_t* utils, int max_version, int plug_version) {
  int major = 0, minor = 0;
  sasl_version_info(nullptr, nullptr, &major, &minor, nullptr, nullptr);
  if (major != SASL_VERSION_MAJOR || minor != SASL_VERSION_MINOR) {
    return "it was built for libsasl " + two_numbers(SASL_VERSION_MAJOR, SASL_VERSION_MINOR) +
           ", and this is libsasl " + two_numbers(major, minor) + kRemedy;
  }
  if (max_version < plug_version) {
    return "it has version " + std::to_string(plug_version) +
           " of libsasl's interface for modules, and this libsasl takes only version " +
           std::to_string(max_version) + kRemedy;
  }
  if (utils == nullptr || !has_layout(*utils)) {
    return "libsasl's table of functions (sasl_utils_t) is not the one of the headers that the "
           "module was built with, or of another libsasl than the libsasl2 library that the module "
           "is linked with" +
           std::string(kRemedy);
  }
  return {};
}

void refuse(const std::string& why) {
  const std::string line = "gssloop: libsasl cannot use this module: " + why;
  syslog(LOG_AUTH | LOG_ERR, "%s", line.c_str());
}

}  // namespace gssloop::plugin
