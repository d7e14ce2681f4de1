// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_CREDENTIALS_H_
#define GSSLOOP_GSS_CREDENTIALS_H_

#include <string>

#include "lib/base/bytes.h"
#include "lib/gss/handle.h"
#include "lib/gss/oid.h"
#include "lib/gss/status.h"

namespace gssloop::gss {

// Credentials (RFC 2743 section 2.1). All fail with the Status of the call that did. A credential
// may be used by several threads at once (MIT krb5 serialises by a mutex of its own).

// acquire_initiator finds the credential that stands for `name` (empty handle: the default one):
// for Kerberos, the ticket in the ccache (collection).
Result<Credential> acquire_initiator(gss_name_t name, const Oid& mech);

// acquire_with_password gets a credential for `name` by its password. Kerberos keeps the ticket in
// a memory ccache of the credential's own, which goes with it.
Result<Credential> acquire_with_password(gss_name_t name, const Oid& mech, const Secret& password);

// acquire_acceptor gets the credential of a service. An empty `name` handle stands for every key of
// the keytab. `keytab` is a Kerberos keytab's name, empty for the default one; only for mechanisms
// that know the credential store (others: GSS_S_UNAVAILABLE).
Result<Credential> acquire_acceptor(gss_name_t name, const Oid& mech, const std::string& keytab);

// remaining_lifetime is how many seconds a credential is still good for. An expired one may fail
// with GSS_S_CREDENTIALS_EXPIRED instead of giving 0.
Result<OM_uint32> remaining_lifetime(gss_cred_id_t credential);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_CREDENTIALS_H_
