// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_KERBEROS_H_
#define GSSLOOP_GSS_KERBEROS_H_

#include <string>
#include <string_view>

#include "gssloop/gss/status.h"

namespace gssloop::gss {

// What needs Kerberos' own library beside the GSS-API.

// default_realm is the realm that krb5.conf or the host's domain names as this machine's own; empty
// when there is none. Reads configuration files: call it once, not in a login.
std::string default_realm();

// default_keytab_name is the keytab that acceptors read when none is named ("FILE:...").
std::string default_keytab_name();

// keytab_path is the file behind a keytab name ("FILE:/path", "WRFILE:/path" or a plain path);
// empty for keytabs that are not files.
std::string keytab_path(std::string_view keytab_name);

// FailureCause is what stands behind a failed Kerberos call, as far as a person can act on it.
enum class FailureCause {
  kUnknown,
  kNoCredential,  // neither ticket nor key; the mechanism does not say more
  kNoTicket,      // no credentials cache, or nothing usable in it
  kTicketExpired,
  kClockSkew,
  kWrongKeyVersion,  // the keytab lacks the key that the ticket was made with
  kWrongKey,         // has that version, but the ticket does not decrypt
  kNoSuchService,    // the KDC does not know the service's principal
  kNoSuchClient,
  kWrongPassword,
  kNoKeytab,  // the keytab is missing, unreadable, or has no key for the name
  kReplay,
  kBadBindings,
  kNoKdc,          // no KDC answered
  kRefusedUnsaid,  // the server or a KDC, by an error without a reason
  kDefectiveToken,
};
FailureCause cause_of(const Status& status);

// advice says in a clause what a person should look at; "" where there is nothing to say.
const char* advice(FailureCause cause) noexcept;

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_KERBEROS_H_
