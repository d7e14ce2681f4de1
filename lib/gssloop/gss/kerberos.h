// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_KERBEROS_H_
#define GSSLOOP_GSS_KERBEROS_H_

#include <string>
#include <string_view>

namespace gssloop::gss {

// Functions that need Kerberos' own library beside the GSS-API.

// default_realm is this machine's own realm, from krb5.conf or the host's domain; empty if there is
// none. Reads configuration files: call it once, not in a login.
std::string default_realm();

// default_keytab_name is the keytab of acceptors that name none ("FILE:...").
std::string default_keytab_name();

// keytab_path is the file behind a keytab name ("FILE:/path", "WRFILE:/path" or a plain path);
// empty for keytabs that are not files.
std::string keytab_path(std::string_view keytab_name);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_KERBEROS_H_
