// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_PER_MESSAGE_H_
#define GSSLOOP_GSS_PER_MESSAGE_H_

#include "lib/base/bytes.h"
#include "lib/gss/handle.h"
#include "lib/gss/status.h"

namespace gssloop::gss {

// Per-message calls (RFC 2743 section 2.3). A status other than COMPLETE fails, which includes the
// supplementary ones: a duplicate, old, early or reordered message is not data. One thread at a
// time for each context. Applications reach these through EstablishedContext only.

enum class Protection { kIntegrity, kConfidentiality };

// wrap protects one message. Fails, without output, when confidentiality was asked for and the
// mechanism did not encrypt (loop section 3.1: conf_state must be checked).
Result<Buffer> wrap(const Context& context, Protection protection, ByteView message);

// unwrap checks and opens one message. Fails when `expected` is confidentiality and the message was
// not encrypted (RFC 4752 section 3.3).
Result<Buffer> unwrap(const Context& context, Protection expected, ByteView token);

// get_mic makes an integrity token for a message that travels beside it; verify_mic checks one.
Result<Buffer> get_mic(const Context& context, ByteView message);
Status verify_mic(const Context& context, ByteView message, ByteView mic);

// wrap_size_limit is the largest message, in octets, whose wrapping is at most `max_token_len`.
Result<OM_uint32> wrap_size_limit(const Context& context, Protection protection,
                                  OM_uint32 max_token_len);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_PER_MESSAGE_H_
