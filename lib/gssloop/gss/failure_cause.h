// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_FAILURE_CAUSE_H_
#define GSSLOOP_GSS_FAILURE_CAUSE_H_

#include "gssloop/gss/status.h"

namespace gssloop::gss {

// FailureCause is why a GSS-API call failed, as far as a person can act on it. loop/explain.h makes
// sentences of it.
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
// cause_of finds it by the minor status, the routine error or the text of the minor status.
FailureCause cause_of(const Status& status);

// advice says what a person should look at; "" where there is nothing to say. Static.
const char* advice(FailureCause cause) noexcept;

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_FAILURE_CAUSE_H_
