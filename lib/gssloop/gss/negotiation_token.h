// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_NEGOTIATION_TOKEN_H_
#define GSSLOOP_GSS_NEGOTIATION_TOKEN_H_

#include <optional>
#include <vector>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/oid.h"

namespace gssloop::gss {

// negotiable_mechanisms returns the mechanisms that a token of SPNEGO names (RFC 4178 section 4.2),
// in its order: all mechTypes of a NegTokenInit, which has the framing of RFC 2743, or the
// supportedMech of a NegTokenResp, which need not have one. nullopt: neither, or not in DER. Fields
// behind these are not looked at.
std::optional<std::vector<Oid>> negotiable_mechanisms(ByteView token);

// names_kerberos: SPNEGO's peers mean the krb5 mechanism by `oid`. It has three OIDs: RFC 1964's,
// an older one (1.3.5.1.5.2), and 1.2.840.48018.1.2.2, which Windows sends by mistake.
bool names_kerberos(const Oid& oid);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_NEGOTIATION_TOKEN_H_
