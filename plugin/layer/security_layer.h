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

// measure asks a context which layers it can make, for two sides that take tokens of at most so
// many octets: a maximum that cannot hold one octet of data is no layer (R8). Fails where the
// mechanism does.
gss::Result<LayerStrength> measure(loop::EstablishedContext& context, std::uint32_t our_max_len,
                                   std::uint32_t peer_max_len);

// SecurityLayer protects what the application sends and opens what it receives (RFC 4422 section
// 3.7): packets of 4 octets of length, network order, and one wrapped token. Everything that is not
// exactly the peer's next packet closes the layer for good, in both directions (RFC 4752 section
// 3.3). One thread may encode while another decodes, as slapd's do.
class SecurityLayer {
 public:
  // Terms are what two sides agreed on.
  struct Terms {
    Layer layer = Layer::kIntegrity;  // not kNone
    sasl_ssf_t ssf = 1;
    std::uint32_t max_send_len = 0;     // octets of a token that the peer takes
    std::uint32_t max_receive_len = 0;  // octets of a token that we take
    bool is_max_of_message = false;     // ... or of the message in it, where none was agreed on
  };

  // make fails when not one octet fits into the peer's maximum. `context` is borrowed.
  static Result<std::unique_ptr<SecurityLayer>, Error> make(loop::EstablishedContext* context,
                                                            const Terms& terms);

  Layer layer() const noexcept { return terms_.layer; }
  sasl_ssf_t ssf() const noexcept { return terms_.ssf; }
  // max_message_len is the largest message that encode takes, in octets.
  std::uint32_t max_message_len() const noexcept { return max_message_len_; }

  // encode makes one packet of the message that `parts` make up together. decode takes the next
  // octets of the stream, however they were cut, and gives what they hold of complete packets,
  // which may be nothing. Both results are valid until the next call of the same function. They
  // fail with a kind and a message. The layer that was closed before fails without a message:
  // another thread may be telling why, and libsasl's error text has no lock.
  Result<ByteView, LoginError> encode(std::span<const ByteView> parts);
  Result<ByteView, LoginError> decode(ByteView stream);

 private:
  SecurityLayer(loop::EstablishedContext* context, const Terms& terms,
                std::uint32_t max_message_len)
      : terms_(terms), max_message_len_(max_message_len), context_(context) {}

  LoginError close(ErrorKind kind, std::string message);
  Result<bool, LoginError> open_next();

  const Terms terms_;
  const std::uint32_t max_message_len_;
  // Guards all below: MIT's contexts keep derived keys in lists without locks.
  std::mutex mutex_;
  loop::EstablishedContext* const context_;
  bool is_closed_ = false;
  Bytes packet_;  // what encode gave out
  // What was received: [0, num_taken_) is done with, and holds what decode gave out.
  Bytes received_;
  std::size_t num_taken_ = 0;
  std::span<std::uint8_t> message_;  // the part of it that decode gives out
};

// layer_by_flags is GSS-SPNEGO's way to a layer, on both sides: no message says which, the
// context's flags do ([MS-SPNG]; R10). Null where there is none, as always in HTTP. Fails with
// the kind and a message where the limits do not admit what the flags demand: never goes on
// without.
Result<std::unique_ptr<SecurityLayer>, LoginError> layer_by_flags(loop::EstablishedContext* context,
                                                                  const SsfLimits& limits,
                                                                  bool is_http);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_LAYER_SECURITY_LAYER_H_
