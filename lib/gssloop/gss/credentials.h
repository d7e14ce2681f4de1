// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_CREDENTIALS_H_
#define GSSLOOP_GSS_CREDENTIALS_H_

#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/names.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// Credentials (RFC 2743 section 2.1). All functions fail with the Status of the failed call.
// Several threads may use a credential at once (MIT krb5 serialises with its own mutex).

// acquire_initiator finds the credential for `name` (empty handle: the default one): for Kerberos,
// the ticket in the ccache (collection).
Result<Credential> acquire_initiator(gss_name_t name, const Oid& mech);

// acquire_with_password gets a credential for `name` by its password. Kerberos keeps the ticket in
// a memory ccache that belongs to the credential, and is destroyed with it.
Result<Credential> acquire_with_password(gss_name_t name, const Oid& mech, const Secret& password);

// acquire_acceptor gets the credential of a service. An empty `name` handle means every key of the
// keytab. `keytab` is the name of a Kerberos keytab, empty for the default one; only for mechanisms
// that support the credential store (others: GSS_S_UNAVAILABLE).
Result<Credential> acquire_acceptor(gss_name_t name, const Oid& mech, const std::string& keytab);

// is_of_keytab_file: the acceptor's credential has its keys from the file at that path. False if
// that is not known. Without a keytab, acquire_acceptor uses the one that the application
// registered (krb5_gss_register_acceptor_identity), which MIT krb5 tells no program, and else the
// default one.
bool is_of_keytab_file(gss_cred_id_t credential, const std::string& path);

// duplicate copies a credential: options set on the copy do not change the original. Tickets of a
// memory ccache are copied; with other types of ccache, both credentials use the same ccache. MIT
// does not copy the options of the original (default protection suppressed, mechanisms that SPNEGO
// may negotiate).
Result<Credential> duplicate(gss_cred_id_t credential);

// suppress_default_protection makes the contexts that are initiated with a credential grant
// integrity and confidentiality only if they were requested (MIT krb5 always grants both). For krb5
// and SPNEGO; other mechanisms fail with GSS_S_UNAVAILABLE.
Status suppress_default_protection(Credential* credential);

// store writes the tickets of a credential into the ccache of that name, and replaces its content;
// in a collection (DIR, KEYRING), it writes the cache of their principal, which is the default one
// if the collection has no default. The caller must check whether the application may write there.
Status store(gss_cred_id_t credential, const std::string& ccache);

// restrict_negotiation restricts a negotiation mechanism's credential (SPNEGO) to `mech`.
Status restrict_negotiation(Credential* credential, const Oid& mech);

// check_usable fails if a credential has no part for `mech`, or an expired one. If an initiator's
// credential has no such part, MIT's mechglue silently uses the default credential.
Status check_usable(gss_cred_id_t credential, const Oid& mech);

// credential_name is the name of a credential's principal, as display returns it. Fails with
// GSS_S_CREDENTIALS_EXPIRED for an expired one. No KDC vouches for the name of a delegated
// credential: the initiator writes it into its message (RFC 4120 section 5.8.1). Compare it with
// the context's source name before it decides anything.
Result<DisplayedName> credential_name(gss_cred_id_t credential);

// remaining_lifetime is how many seconds a credential is still valid. For an expired one it may
// fail with GSS_S_CREDENTIALS_EXPIRED instead of returning 0.
Result<OM_uint32> remaining_lifetime(gss_cred_id_t credential);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_CREDENTIALS_H_
