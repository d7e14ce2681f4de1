// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_IDENTITY_H_
#define GSSLOOP_PLUGIN_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "gssloop/base/result.h"
#include "gssloop/gss/names.h"

namespace gssloop::plugin {

// authid_of makes the SASL authentication identity of a peer's displayed name: for Kerberos, the
// principal without "@REALM" when that is the default realm; a peer of another realm keeps it (L45:
// a foreign ticket never becomes a name without its realm). Fails for anonymous peers and for names
// that libsasl or an application could take for another one: see check_login_name.
Result<std::string, Mistake> authid_of(const gss::DisplayedName& peer, bool is_kerberos,
                                       std::string_view default_realm);

// check_login_name says what is wrong with a name that is to be an identity: it is empty, is not
// UTF-8, holds NUL or another control character, or begins or ends with white space (libsasl trims:
// " admin" would become "admin").
std::optional<Mistake> check_login_name(std::string_view name);

// service_of is the first component of an acceptor's displayed name: "imap" of "imap/host@REALM"
// and of "imap@host".
std::string_view service_of(std::string_view acceptor);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_IDENTITY_H_
