// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_LAYER_SECURITY_LAYER_H_
#define GSSLOOP_PLUGIN_LAYER_SECURITY_LAYER_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "gssloop/base/bytes.h"
#include "gssloop/loop/established_context.h"
#include "plugin/layer/layer_terms.h"
#include "plugin/sasl/errors.h"

namespace gssloop::plugin {

// measure finds the layers that a context supports, for two sides with these maximum token sizes in
// octets. A maximum that is too small for one octet of data excludes a layer (R8). Fails if the
// mechanism fails.
gss::Result<LayerStrength> measure(loop::EstablishedContext& context, std::uint32_t our_max_len,
                                   std::uint32_t peer_max_len);

// SecurityLayer protects what the application sends and opens what it receives (RFC 4422 section
// 3.7): packets of 4 octets of length, network order, and one wrapped token. Any data other than
// the peer's next packet closes the layer permanently, in both directions (RFC 4752 section 3.3).
// One thread may encode while another decodes, as slapd's do.
class SecurityLayer {
 public:
  // Terms are the result of the negotiation.
  struct Terms {
    Layer layer = Layer::kIntegrity;  // not kNone
    sasl_ssf_t ssf = 1;
    std::uint32_t max_send_len = 0;     // octets of a token that the peer accepts
    std::uint32_t max_receive_len = 0;  // octets of a token that this side accepts
    bool is_max_of_message = false;     // ... or of the message in it, without a negotiation
  };

  // make fails if the peer's maximum is too small for one octet of data. `context` is borrowed.
  static Result<std::unique_ptr<SecurityLayer>, Error> make(loop::EstablishedContext* context,
                                                            const Terms& terms);

  Layer layer() const noexcept { return terms_.layer; }
  sasl_ssf_t ssf() const noexcept { return terms_.ssf; }
  // max_message_len is the largest message that encode accepts, in octets.
  std::uint32_t max_message_len() const noexcept { return max_message_len_; }

  // encode makes one packet of the message that consists of `parts`. decode takes the next octets
  // of the stream, cut at any place, and returns the data of the packets that are complete, which
  // may be none. Both results are valid until the next call of the same function. They fail with a
  // kind and a message. A layer that was closed before fails without a message: another thread may
  // be reporting the reason, and libsasl's error text has no lock.
  Result<ByteView, LoginError> encode(std::span<const ByteView> parts);
  Result<ByteView, LoginError> decode(ByteView stream);

 private:
  SecurityLayer(loop::EstablishedContext* context, const Terms& terms,
                std::uint32_t max_message_len)
      : terms_(terms), max_message_len_(max_message_len), context_(context) {}

  LoginError close(ErrorKind kind, std::string message);
  bool take(std::size_t len, ByteView* stream);
  Result<bool, LoginError> open_next(ByteView* stream);

  const Terms terms_;
  const std::uint32_t max_message_len_;
  // Guards all below: MIT's contexts keep derived keys in lists without locks.
  std::mutex mutex_;
  loop::EstablishedContext* const context_;
  bool is_closed_ = false;
  Bytes packet_;  // the last result of encode
  // The received stream: [0, num_taken_) is processed, and contains the last result of decode.
  Bytes received_;
  std::size_t num_taken_ = 0;
  // Where in received_ the result of decode is.
  std::size_t message_start_ = 0;
  std::size_t message_len_ = 0;
};

// layer_by_flags selects GSS-SPNEGO's layer, on both sides: the context's flags select it, without
// a message ([MS-SPNG]; R10). Null without a layer, as always in HTTP. If the limits do not allow
// the layer that the flags require, it fails with the kind and a message: it never continues
// without the layer.
Result<std::unique_ptr<SecurityLayer>, LoginError> layer_by_flags(loop::EstablishedContext* context,
                                                                  const SsfLimits& limits,
                                                                  bool is_http);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_LAYER_SECURITY_LAYER_H_
