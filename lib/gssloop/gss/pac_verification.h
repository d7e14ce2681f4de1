// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_PAC_VERIFICATION_H_
#define GSSLOOP_GSS_PAC_VERIFICATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/context.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// The PAC of a Kerberos ticket ([MS-PAC]) is one signed structure. MIT krb5 gives it as the name
// attribute "urn:mspac:", and each of its buffers as an attribute whose name begins so.

// is_pac_attribute: the attribute is a PAC, or a buffer of one. MIT krb5 ignores the case of the
// name's letters.
bool is_pac_attribute(std::string_view attribute) noexcept;

// VerifiedPac is a PAC that verify_pac verified.
struct VerifiedPac {
  Bytes whole;  // the octets of all
  // By type ([MS-PAC] 2.4): each type that the PAC has is in one of the two.
  std::map<std::uint32_t, Bytes> buffers;
  std::set<std::uint32_t> repeated;  // the types that it has more than once
  bool is_complete = false;          // as the mechanism says of the attribute "urn:mspac:"

  // find borrows the octets of an attribute. Null if the PAC has no such buffer, or more than one,
  // or if no buffer has exactly this name.
  const Bytes* find(std::string_view attribute) const;
  // is_repeated: the PAC has more than one buffer of this name.
  bool is_repeated(std::string_view attribute) const;
};

class MemoryKeytab;

// PacEvidence is what an acceptor knows, and by which a PAC is verified. All of it is borrowed.
struct PacEvidence {
  const Context& context;  // established
  gss_name_t source;       // the context's
  const Oid& mech;         // the context's
  // The keytab that the acceptor's credential came from, empty for the default one. No value: it is
  // not known, or the acceptor has no keytab.
  const std::optional<std::string>& keytab;
  // What saves verify_pac time. The displayed name of `source`; empty: verify_pac asks for it.
  std::string_view displayed = {};
  // The copy of the keytab with which the credential, and no other, was acquired; null: verify_pac
  // reads the keytab.
  const MemoryKeytab* keys = nullptr;
};

// verify_pac reads the PAC of an established acceptor's context and verifies it: the PAC's client
// and authentication time are those of the ticket, and the server signature is made with a key that
// the keytab has for the ticket's service. All such keys are tried, so that a ticket made before
// the service got a new key is verified as well. If all keys of the keytab are of one service, it
// is the ticket's, because one of them decrypted the ticket. With a copy of the keytab, verify_pac
// first tries the keys of the service of an earlier ticket: who can sign with one of them could as
// well make a whole ticket that the credential accepts. The KDC's signature needs the KDC's key: a
// service cannot verify it.
//
// Fails with the reason, which has no value of the PAC: GSS_S_BAD_SIG for a wrong PAC,
// GSS_S_FAILURE for one that is neither right nor wrong as far as this function can know, and
// GSS_S_UNAVAILABLE for a context that may have none. Without a copy of the keytab, it reads
// krb5.conf and the keytab each time. Any number of threads may call it at once, also with one
// copy.
Result<VerifiedPac> verify_pac(const PacEvidence& evidence);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_PAC_VERIFICATION_H_
