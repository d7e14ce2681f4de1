// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_EXCHANGE_H_
#define GSSLOOP_PLUGIN_EXCHANGE_EXCHANGE_H_

#include <memory>
#include <optional>
#include <string>

#include "plugin/layer/security_layer.h"
#include "plugin/sasl/errors.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// StepResult is the result of a step: SASL_OK, SASL_CONTINUE or SASL_INTERACT, or an error, which
// report() turns into its SASL code.
using StepResult = Result<int, LoginError>;

// Exchange is the part of a login that both sides share in every mechanism: a step's output, the
// security layer, and libsasl's output parameters.
class Exchange {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  // Resets libsasl's output parameters. On a server libsasl keeps them from one exchange to the
  // next, and would go on to encode with a deleted context.
  virtual ~Exchange();

  const SaslUtils& sasl() const noexcept { return sasl_; }
  // layer is the security layer after SASL_OK; null without one.
  SecurityLayer* layer() const noexcept { return layer_.get(); }
  // report_layer reports a failure in the layer, and returns its SASL code.
  int report_layer(const LoginError& error) const;

 protected:
  explicit Exchange(const sasl_utils_t* utils) : sasl_(utils) {}

  // report is report_client or report_server (errors.h).
  virtual int report(const LoginError& error) const = 0;
  // layer_name names the layer in messages.
  virtual std::string layer_name() const = 0;

  // begin_step discards the last step's output; `oparams` are libsasl's output parameters.
  void begin_step(sasl_out_params_t* oparams) {
    oparams_ = oparams;
    out_.reset();
  }
  // put stores this step's output.
  void put(ByteView message) { out_ = to_string(message); }
  bool has_out() const noexcept { return out_.has_value(); }
  // hand_over gives libsasl this step's output, which is valid until the next step.
  void hand_over(const char** out, unsigned* out_len) const noexcept;

  void set_layer(std::unique_ptr<SecurityLayer> layer) { layer_ = std::move(layer); }
  // fill_layer_params tells libsasl which layer there is, or that there is none, and that the login
  // is complete.
  void fill_layer_params();
  sasl_out_params_t* oparams() const noexcept { return oparams_; }

 private:
  const SaslUtils sasl_;
  std::unique_ptr<SecurityLayer> layer_;
  sasl_out_params_t* oparams_ = nullptr;
  std::optional<std::string> out_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_EXCHANGE_H_
