// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_NAMES_H_
#define GSSLOOP_GSS_NAMES_H_

#include <string>
#include <string_view>

#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// The functions of this file fail with the Status of the failed GSS-API call. Several threads may
// read a name at once; no thread may change or free it meanwhile.

// Name forms of RFC 2743 section 4 and of mechanisms.
enum class NameForm {
  kHostbasedService,   // "service@host", or "service" for any host
  kUser,               // a user name as a user writes it
  kKerberosPrincipal,  // "primary/instance@REALM", with Kerberos' escapes (RFC 1964 section 2.1.1)
};

// import_name makes an internal name from `text` (RFC 2743 section 2.4.5).
Result<Name> import_name(std::string_view text, NameForm form);

// canonicalize makes the mechanism name (MN) that `mech` derives from `name`.
Result<Name> canonicalize(gss_name_t name, const Oid& mech);

// duplicate copies a name, with its attributes where the mechanism keeps them.
Result<Name> duplicate(gss_name_t name);

// DisplayedName is a name as text, and its type by the mechanism.
struct DisplayedName {
  std::string text;  // octets from the mechanism: check before use
  Oid type;          // GSS_C_NT_*, or a mechanism's own; empty if the mechanism returned none
  // The mechanism says that the name is anonymous (GSS_C_NT_ANONYMOUS, RFC 2743 section 4.5).
  bool is_anonymous() const;
};

// display returns a name's text from the mechanism (RFC 2743 section 2.4.4).
Result<DisplayedName> display(gss_name_t name);

// display_as renders a name in the syntax of `form` (naming-exts section 7.3). Mechanisms need not
// support it, and it MAY be lossy. If the call fails, display_as returns the plain display name.
Result<std::string> display_as(gss_name_t name, NameForm form);

// local_name is the name of the local user to whom the mechanism's own configuration maps a
// principal (for Kerberos: auth_to_local of krb5.conf). Fails if there is none.
Result<std::string> local_name(gss_name_t name, const Oid& mech);

// export_composite makes a token from a name with its attributes and their flags (naming-exts
// section 7.8). Fails with a defective-token status if the mechanism's token does not begin with
// the octets 04 02, which the section requires.
Result<Bytes> export_composite(gss_name_t name);

// import_trusted_composite reads such a token. A party that can edit the token can make any
// attribute "authenticated", and MIT krb5 1.20 aborts on some malformed tokens. Use it only for
// tokens that another process of the same program exported, through a channel to which no other
// party can write (section 7.8: inter-process communication only). `make check` checks that the
// plugin does not use it.
Result<Name> import_trusted_composite(ByteView token);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_NAMES_H_
