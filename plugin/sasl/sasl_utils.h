// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_SASL_UTILS_H_
#define GSSLOOP_PLUGIN_SASL_SASL_UTILS_H_

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <optional>
#include <string>

#include "plugin/sasl/option_names.h"

namespace gssloop::plugin {

// SaslUtils is libsasl as a plugin sees it: logging, the error text, options and memory. It borrows
// the utils, which live as long as the connection (or, at init, as the plugin).
class SaslUtils {
 public:
  explicit SaslUtils(const sasl_utils_t* utils) noexcept : utils_(utils) {}

  const sasl_utils_t* get() const noexcept { return utils_; }
  sasl_conn_t* conn() const noexcept { return utils_->conn; }

  // log writes one line at a SASL_LOG_* level.
  void log(int level, const std::string& line) const;
  // set_error sets the text of sasl_errdetail. It does not log it.
  void set_error(const std::string& text) const;

  // option returns the value of a configuration option; nullopt if it is not set.
  std::optional<std::string> option(OptionName name) const;

  // callback finds an application's callback.
  enum class Callback { kAbsent, kProcedure, kByInteraction };
  template <class Procedure>
  Callback callback(unsigned long id, Procedure** procedure, void** context) const {
    sasl_callback_ft found = nullptr;
    *procedure = nullptr;
    *context = nullptr;
    const int code = utils_->getcallback(utils_->conn, id, &found, context);
    if (code == SASL_INTERACT) return Callback::kByInteraction;
    if (code != SASL_OK || found == nullptr) return Callback::kAbsent;
    // Through void (*)(): libsasl keeps all callbacks as one function type.
    *procedure = reinterpret_cast<Procedure*>(reinterpret_cast<void (*)()>(found));
    return Callback::kProcedure;
  }

 private:
  const sasl_utils_t* utils_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_SASL_UTILS_H_
