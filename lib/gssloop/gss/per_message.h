// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_PER_MESSAGE_H_
#define GSSLOOP_GSS_PER_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// Per-message calls (RFC 2743 section 2.3). A status other than COMPLETE fails, which includes the
// supplementary ones: a duplicate, old, early or reordered message is not data. One thread at a
// time for each context. Applications reach these through EstablishedContext only.

// Protection is what a message gets, or must have had.
enum class Protection {
  kIntegrity,        // readable, and protected from change
  kConfidentiality,  // encrypted as well
};

// wrap protects one message. Fails, without output, when confidentiality was asked for and the
// mechanism did not encrypt (loop section 3.1: conf_state must be checked).
Result<Buffer> wrap(const Context& context, Protection protection, ByteView message);

// WrapLengths remembers how long the parts of a context's last token were, beside the message. They
// depend on the message's length alone, so that an application that sends pieces of one length need
// not have the mechanism asked each time. One for each context.
struct WrapLengths {
  bool is_known = false;                           // whether the rest means anything
  Protection protection = Protection::kIntegrity;  // of the last message
  std::size_t message_len = 0;                     // octets
  std::size_t header = 0;                          // octets before the message
  std::size_t padding = 0;                         // octets behind it, which are encrypted
  std::size_t trailer = 0;                         // octets behind those
};

// wrap_into protects the message that `parts` make up put together, and writes the token into
// *buffer from `offset` on. Returns the token's length. *buffer grows where it must, at least to
// `offset`, and never shrinks, so that one that is used again is not zeroed again; octets before
// `offset` stay as they are, those behind the token mean nothing. `parts` must not lie in *buffer.
//
// The token is what wrap() makes, but without its copies: where the mechanism knows GSS_Wrap_iov
// (Kerberos, also under SPNEGO) the message is protected in its place in *buffer; elsewhere
// GSS_Wrap is called. Fails as wrap() does, and for more than 1 GiB; the octets from `offset` on
// are zeroes then, so that a failure that was overlooked sends nothing readable.
Result<std::size_t> wrap_into(const Context& context, Protection protection,
                              std::span<const ByteView> parts, std::size_t offset, Bytes* buffer,
                              WrapLengths* lengths);

// unwrap checks and opens one message. Fails when `expected` is confidentiality and the message was
// not encrypted (RFC 4752 section 3.3).
Result<Buffer> unwrap(const Context& context, Protection expected, ByteView token);

// unwrap_in_place is unwrap for a token in a buffer of the caller's own, which it overwrites:
// returns the part of `token` that is the message now. The rest of it, and after a failure all of
// it, means nothing any more.
Result<std::span<std::uint8_t>> unwrap_in_place(const Context& context, Protection expected,
                                                std::span<std::uint8_t> token);

// get_mic makes an integrity token for a message that travels beside it; verify_mic checks one.
Result<Buffer> get_mic(const Context& context, ByteView message);
Status verify_mic(const Context& context, ByteView message, ByteView mic);

// wrap_size_limit is the largest message, in octets, whose wrapping is at most `max_token_len`.
Result<OM_uint32> wrap_size_limit(const Context& context, Protection protection,
                                  OM_uint32 max_token_len);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_PER_MESSAGE_H_
