// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/loop/explain.h"

#include "gssloop/gss/failure_cause.h"

namespace gssloop::loop {
namespace {

std::string with_advice(std::string text, const char* advice) {
  if (*advice != '\0') text.append(" - ").append(advice);
  return text;
}

}  // namespace

const char* advice(const gss::Status& status) { return gss::advice(gss::cause_of(status)); }

const char* advice(const Failure& failure) {
  if (failure.missing.has(Flag::kChannelBound)) {
    return "the peer's token is not bound to the channel: the initiator passed no channel "
           "bindings, or its mechanism does not report them. In GS2 the header before the token is "
           "forged, or the client violates RFC 5801 section 5.1";
  }
  if (failure.missing.has(Flag::kMutual)) {
    return "the initiator did not request mutual authentication, which GS2 and the security "
           "properties of some servers require";
  }
  if (failure.fault == Fault::kAnonymityLost) {
    return "the mechanism does not grant anonymity, so the initiator sent nothing: do not request "
           "anonymity (option gssloop_anonymous), or get an anonymous ticket (kinit -n)";
  }
  return failure.status.is_complete() ? "" : advice(failure.status);
}

std::string explain(const gss::Status& status) {
  return with_advice(status.text(), advice(status));
}

std::string explain(const Failure& failure) { return with_advice(failure.text(), advice(failure)); }

bool is_binding_mismatch(const Failure& failure) {
  return gss::cause_of(failure.status) == gss::FailureCause::kBadBindings;
}

bool is_credential_fault(const Failure& failure) {
  switch (gss::cause_of(failure.status)) {
    case gss::FailureCause::kNoCredential:
    case gss::FailureCause::kNoTicket:
    case gss::FailureCause::kSilentTicketDaemon:
    case gss::FailureCause::kTicketExpired:
    case gss::FailureCause::kNoSuchService:
    case gss::FailureCause::kNoSuchClient:
    case gss::FailureCause::kWrongPassword:
    case gss::FailureCause::kNoKdc:
      return true;
    default:
      return false;
  }
}

}  // namespace gssloop::loop
