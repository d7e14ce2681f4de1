// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_IDENTITY_H_
#define GSSLOOP_AUTHZ_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "gssloop/base/result.h"

namespace gssloop::authz {

// authid_of makes an identity of a principal as the mechanism displays it: for Kerberos, without
// "@REALM" when that is `default_realm` (empty: the realm always stays); a peer of another realm
// keeps it (L45: a foreign ticket never becomes a name without its realm). Fails for names that
// libsasl or an application could take for another one: see check_login_name.
Result<std::string, Error> authid_of(std::string_view principal, bool is_kerberos,
                                     std::string_view default_realm);

// check_login_name says what is wrong with a name that is to be an identity: it is empty, is not
// UTF-8, holds NUL or another control character, or begins or ends with white space (libsasl trims:
// " admin" would become "admin").
std::optional<Error> check_login_name(std::string_view name);

// is_anonymous_principal knows Kerberos' anonymous principal (RFC 6112) by its name: the name type
// that comes with it is only a hint (RFC 4120 section 6.2).
bool is_anonymous_principal(std::string_view principal) noexcept;

// realm_of is what follows the last "@" of a displayed principal that is not escaped; empty where
// there is none.
std::string_view realm_of(std::string_view principal);

// service_of is the first component of an acceptor's displayed name: "imap" of "imap/host@REALM"
// and of "imap@host".
std::string_view service_of(std::string_view acceptor);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_IDENTITY_H_
