// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

void SaslUtils::log(int level, const std::string& line) const {
  utils_->log(utils_->conn, level, "%s", line.c_str());
}

void SaslUtils::set_error(const std::string& text) const {
  if (utils_->conn != nullptr) utils_->seterror(utils_->conn, SASL_NOLOG, "%s", text.c_str());
}

std::optional<std::string> SaslUtils::option(OptionName name) const {
  if (utils_->getopt == nullptr) return std::nullopt;
  const char* value = nullptr;
  unsigned length = 0;
  // Option names are global in libsasl; the plugin's name is ignored.
  if (utils_->getopt(utils_->getopt_context, "gssloop", name.text(), &value, &length) != SASL_OK ||
      value == nullptr) {
    return std::nullopt;
  }
  return std::string(value);
}

}  // namespace gssloop::plugin
