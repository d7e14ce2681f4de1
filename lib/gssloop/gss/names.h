// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_NAMES_H_
#define GSSLOOP_GSS_NAMES_H_

#include <string>
#include <string_view>

#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// The functions of this file fail with the Status of the GSS-API call that did. A name may be read
// from several threads at once; it must not be changed or freed meanwhile.

// Name forms of RFC 2743 section 4 and of mechanisms.
enum class NameForm {
  kHostbasedService,   // "service@host", or "service" for any host
  kUser,               // a user name as a person writes it
  kKerberosPrincipal,  // "primary/instance@REALM", with Kerberos' escapes (RFC 1964 section 2.1.1)
};

// import_name makes an internal name of `text` (RFC 2743 section 2.4.5).
Result<Name> import_name(std::string_view text, NameForm form);

// canonicalize makes the mechanism name (MN) that `mech` derives from `name`.
Result<Name> canonicalize(gss_name_t name, const Oid& mech);

// duplicate copies a name, with its attributes where the mechanism keeps them.
Result<Name> duplicate(gss_name_t name);

// DisplayedName is a name as text, and what kind of name the mechanism says it is.
struct DisplayedName {
  std::string text;  // octets from the mechanism: check before use
  Oid type;          // GSS_C_NT_*, or a mechanism's own; empty where it did not say
  // The mechanism says that the name stands for nobody (GSS_C_NT_ANONYMOUS, RFC 2743 section 4.5).
  bool is_anonymous() const;
};

// display asks the mechanism for a name's text (RFC 2743 section 2.4.4).
Result<DisplayedName> display(gss_name_t name);

// display_as renders a name in the syntax of `form` (naming-exts section 7.3). Mechanisms may not
// support it, and it MAY be lossy: where the call fails, the plain display name is returned.
Result<std::string> display_as(gss_name_t name, NameForm form);

// local_name is the name of the local user that a principal stands for, by the mechanism's own
// configuration (for Kerberos: auth_to_local of krb5.conf). Fails where there is none.
Result<std::string> local_name(gss_name_t name, const Oid& mech);

// export_composite makes a token of a name with its attributes and their flags (naming-exts section
// 7.8). Fails with a defective-token status when the mechanism's token does not begin with the
// octets 04 02 that the section demands.
Result<Bytes> export_composite(gss_name_t name);

// import_trusted_composite reads such a token. Whoever can edit the token decides what is
// "authenticated", and MIT krb5 1.20 aborts on some malformed ones: only for tokens that a process
// of ours exported, through a channel nobody else can write to (section 7.8: inter-process
// communication only). The folder check of `make check` keeps it out of the plugin.
Result<Name> import_trusted_composite(ByteView token);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_NAMES_H_
