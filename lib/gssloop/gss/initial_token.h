// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_INITIAL_TOKEN_H_
#define GSSLOOP_GSS_INITIAL_TOKEN_H_

#include <optional>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/oid.h"

namespace gssloop::gss {

// The framing of an initial context token (RFC 2743 section 3.1): tag 0x60, DER length of the rest,
// the mechanism's OID with tag and length, then the mechanism's own token.

// strip_initial_header returns the mechanism's own token inside `token`, or nullopt when the header
// is missing, malformed, not in DER, not for `mech`, or its length is not exactly that of the rest.
std::optional<ByteView> strip_initial_header(ByteView token, const Oid& mech) noexcept;

// restore_initial_header puts the header for `mech` back: for every token that strip takes apart,
// restore(strip(token)) is `token`.
Bytes restore_initial_header(ByteView inner, const Oid& mech);

// take_der_length reads a DER length (X.690 section 8.1.3) at the front of `rest` and drops it;
// nullopt unless it is in the one form that DER allows, in at most 4 octets.
std::optional<std::size_t> take_der_length(ByteView* rest) noexcept;

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_INITIAL_TOKEN_H_
