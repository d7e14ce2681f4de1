// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_LAYERS_H_
#define GSSLOOP_BENCH_LAYERS_H_

#include <memory>
#include <string_view>

namespace gssloop::bench {

// Layer is an established connection of alice to imap@localhost, both ends in this process: what
// one end protects, the other opens, in the same order. Results are valid until the next call of
// the same function. Everything here throws std::runtime_error.
class Layer {
 public:
  virtual ~Layer() = default;
  virtual std::string_view protect(std::string_view message) = 0;
  virtual std::string_view open(std::string_view packet) = 0;
};

// raw_layer is gss_wrap and gss_unwrap alone, without the length that a packet begins with.
std::unique_ptr<Layer> raw_layer(bool is_confidential);
// sasl_layer is sasl_encode and sasl_decode after a GSSAPI login with the modules of SASL_PATH.
std::unique_ptr<Layer> sasl_layer(bool is_confidential);

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_LAYERS_H_
