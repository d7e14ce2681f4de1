// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_EXCHANGE_H_
#define GSSLOOP_PLUGIN_EXCHANGE_EXCHANGE_H_

#include <memory>
#include <string>

#include "plugin/layer/security_layer.h"
#include "plugin/sasl/errors.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// StepResult is what a step came to: SASL_OK, SASL_CONTINUE or SASL_INTERACT, or an error, which
// report() turns into its SASL code.
using StepResult = Result<int, LoginError>;

// Exchange is what both sides of a login have in common, in every mechanism: what a step sends, the
// security layer, and what libsasl was told at the end.
class Exchange {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  // Takes back what libsasl was told. On a server it keeps that from one exchange to the next, and
  // would go on to encode with a context that is gone.
  virtual ~Exchange();

  const SaslUtils& sasl() const noexcept { return sasl_; }
  // layer is the security layer after SASL_OK; null where there is none.
  SecurityLayer* layer() const noexcept { return layer_.get(); }
  // report tells of a failure in the layer, and returns its SASL code.
  int report_layer(const LoginError& error) const;

 protected:
  explicit Exchange(const sasl_utils_t* utils) : sasl_(utils) {}

  // report is report_client or report_server (outcome.h).
  virtual int report(const LoginError& error) const = 0;
  // layer_name says whose layer it is, for a person.
  virtual std::string layer_name() const = 0;

  // begin_step forgets what the last step sent; `oparams` is where libsasl is told things.
  void begin_step(sasl_out_params_t* oparams) {
    oparams_ = oparams;
    has_out_ = false;
  }
  // put is what this step sends.
  void put(ByteView message) {
    out_ = to_string(message);
    has_out_ = true;
  }
  bool has_out() const noexcept { return has_out_; }
  // hand_over gives libsasl what this step sends: valid until the next step.
  void hand_over(const char** out, unsigned* out_len) const noexcept;

  void set_layer(std::unique_ptr<SecurityLayer> layer) { layer_ = std::move(layer); }
  // fill_layer_params tells libsasl of the layer, or that there is none, and that the login is
  // done.
  void fill_layer_params();
  sasl_out_params_t* oparams() noexcept { return oparams_; }

 private:
  const SaslUtils sasl_;
  std::unique_ptr<SecurityLayer> layer_;
  sasl_out_params_t* oparams_ = nullptr;
  std::string out_;
  bool has_out_ = false;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_EXCHANGE_H_
