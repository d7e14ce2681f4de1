// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_CREDENTIALS_H_
#define GSSLOOP_GSS_CREDENTIALS_H_

#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

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

// duplicate makes a credential of our own out of another's: options that are set on the copy do not
// reach the original. Tickets of a memory ccache are copied; for other kinds both stand for the
// same ccache. MIT does not copy the options of the original (default protection suppressed,
// mechanisms that SPNEGO may negotiate).
Result<Credential> duplicate(gss_cred_id_t credential);

// suppress_default_protection makes the contexts that are initiated with a credential grant
// integrity and confidentiality only where they were asked for (MIT krb5 grants both always). For
// krb5 and SPNEGO; other mechanisms fail with GSS_S_UNAVAILABLE.
Status suppress_default_protection(Credential* credential);

// store writes the tickets of a credential into the ccache of that name, in place of what is there;
// in a collection (DIR, KEYRING, KCM), into the cache of their principal. The application's right
// to write there is the caller's matter.
Status store(gss_cred_id_t credential, const std::string& ccache);

// restrict_negotiation lets a negotiation mechanism's credential (SPNEGO) negotiate `mech` alone.
Status restrict_negotiation(Credential* credential, const Oid& mech);

// check_usable fails where a credential has no part for `mech`, or an expired one. MIT's mechglue
// takes the default credential in place of an initiator's that has no part, without a word.
Status check_usable(gss_cred_id_t credential, const Oid& mech);

// remaining_lifetime is how many seconds a credential is still good for. An expired one may fail
// with GSS_S_CREDENTIALS_EXPIRED instead of giving 0.
Result<OM_uint32> remaining_lifetime(gss_cred_id_t credential);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_CREDENTIALS_H_
