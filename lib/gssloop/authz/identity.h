// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_IDENTITY_H_
#define GSSLOOP_AUTHZ_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "gssloop/base/result.h"

namespace gssloop::authz {

// authid_of makes an authentication identity from a principal as the mechanism displays it. For
// Kerberos it removes "@REALM" if that is `default_realm` (empty: the realm always stays). A peer
// from another realm keeps the realm (L45: a foreign ticket never becomes a name without its
// realm). Fails for names that libsasl or an application could take for another name: see
// check_login_name.
Result<std::string, Error> authid_of(std::string_view principal, bool is_kerberos,
                                     std::string_view default_realm);

// check_login_name returns the error in a name that is to become an identity: it is empty, is not
// UTF-8, contains NUL or another control character, or begins or ends with white space (libsasl
// trims: " admin" would become "admin").
std::optional<Error> check_login_name(std::string_view name);

// is_anonymous_principal recognises Kerberos' anonymous principal (RFC 6112) by its name, because
// its name type is only a hint (RFC 4120 section 6.2).
bool is_anonymous_principal(std::string_view principal) noexcept;

// realm_of is the part after the last unescaped "@" of a displayed principal; empty without one.
std::string_view realm_of(std::string_view principal);

// service_of is the first component of an acceptor's displayed name: "imap" of "imap/host@REALM"
// and of "imap@host".
std::string_view service_of(std::string_view acceptor);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_IDENTITY_H_
