// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_FAILURE_CAUSE_H_
#define GSSLOOP_GSS_FAILURE_CAUSE_H_

#include "gssloop/gss/status.h"

namespace gssloop::gss {

// FailureCause is the cause of a failed GSS-API call, as far as a person can act on it.
// loop/explain.h makes sentences from it.
enum class FailureCause {
  kUnknown,
  kNoCredential,        // neither ticket nor key; the mechanism gives no details
  kNoTicket,            // no credentials cache, or nothing usable in it
  kSilentTicketDaemon,  // the daemon that keeps the credentials cache (KCM) does not answer
  kTicketExpired,
  kClockSkew,
  kWrongKeyVersion,  // the keytab does not contain the version of the key that encrypted the ticket
  kWrongKey,         // the keytab has that version, but the ticket does not decrypt
  // The KDC does not know the service's principal, or that of the trust to its realm (krbtgt).
  kNoSuchService,
  kNoSuchClient,
  kWrongPassword,
  kNoKeytab,       // the keytab is missing, unreadable, or has no key for the name
  kDamagedKeytab,  // the file does not begin as a keytab does
  kReplay,
  kReplayCache,  // the acceptor cannot use its replay cache
  kBadBindings,
  kNoKdc,          // no KDC answered
  kRefusedUnsaid,  // the server or a KDC sent an error without a reason
  kDefectiveToken,
  kSilentGssProxy,  // GSS-Proxy's daemon does not answer, or gives no reason
};
// cause_of finds the cause from the minor status, the routine error or the text of the minor
// status.
FailureCause cause_of(const Status& status);

// advice says what a person should check or do; "" without advice. Static.
const char* advice(FailureCause cause) noexcept;

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_FAILURE_CAUSE_H_
