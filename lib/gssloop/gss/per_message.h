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

// Per-message calls (RFC 2743 section 2.3). Every status other than COMPLETE is a failure, also one
// with only supplementary bits: a duplicate, old, early or reordered message is not data. One
// thread at a time for each context. Applications call these functions only through
// EstablishedContext.

// Protection is the protection of a message: requested for wrap, required for unwrap.
enum class Protection {
  kIntegrity,        // readable, and protected from change
  kConfidentiality,  // encrypted as well
};

// wrap protects one message. Fails, without output, if confidentiality was requested and the
// mechanism did not encrypt (loop section 3.1: conf_state must be checked).
Result<Buffer> wrap(const Context& context, Protection protection, ByteView message);

// WrapLengths caches the lengths of the parts of a context's last token, without the message. They
// depend only on the message's length. So an application that sends pieces of one length needs no
// inquiry of the mechanism for each. One for each context.
struct WrapLengths {
  bool is_known = false;                           // whether the members below are valid
  Protection protection = Protection::kIntegrity;  // of the last message
  std::size_t message_len = 0;                     // octets
  std::size_t header = 0;                          // octets before the message
  std::size_t padding = 0;                         // octets after it, which are encrypted
  std::size_t trailer = 0;                         // octets after the padding
};

// wrap_into protects the message that consists of `parts`, and writes the token into *buffer from
// `offset` on. Returns the token's length. *buffer grows if necessary, at least to `offset`, and
// never shrinks, so that a buffer that is used again is not zeroed again. Octets before `offset` do
// not change, and octets after the token have no meaning. `parts` must not be in *buffer.
//
// The token is that of wrap(), but with fewer copies: if the mechanism supports GSS_Wrap_iov
// (Kerberos, also under SPNEGO), the message is protected in place in *buffer; otherwise GSS_Wrap
// is called. Fails as wrap() does, and for more than 1 GiB. The octets from `offset` on are then
// zero, so that an ignored failure does not send readable data.
Result<std::size_t> wrap_into(const Context& context, Protection protection,
                              std::span<const ByteView> parts, std::size_t offset, Bytes* buffer,
                              WrapLengths* lengths);

// unwrap verifies and unwraps one message. Fails if `expected` is confidentiality and the message
// was not encrypted (RFC 4752 section 3.3).
Result<Buffer> unwrap(const Context& context, Protection expected, ByteView token);

// unwrap_in_place is unwrap for a token in the caller's buffer, which it overwrites: it returns the
// part of `token` that is now the message. The rest of `token` has no meaning, and after a failure
// all of it.
Result<std::span<std::uint8_t>> unwrap_in_place(const Context& context, Protection expected,
                                                std::span<std::uint8_t> token);

// get_mic makes an integrity token for a message that is sent separately; verify_mic checks one.
Result<Buffer> get_mic(const Context& context, ByteView message);
Status verify_mic(const Context& context, ByteView message, ByteView mic);

// wrap_size_limit is the largest message, in octets, whose wrapping is at most `max_token_len`.
Result<OM_uint32> wrap_size_limit(const Context& context, Protection protection,
                                  OM_uint32 max_token_len);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_PER_MESSAGE_H_
