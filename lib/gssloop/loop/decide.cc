// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/loop/decide.h"

#include <algorithm>

#include "gssloop/gss/gssapi_c.h"

namespace gssloop::loop {
namespace {

using enum Action;

constexpr Action kCall[] = {kCallMechanism};
constexpr Action kProcess[] = {kProcessToken};
constexpr Action kJustFail[] = {kFail};
constexpr Action kTellAndFail[] = {kTellPeer, kDestroy, kFail};
constexpr Action kDestroyAndFail[] = {kDestroy, kFail};
constexpr Action kSendDestroyFail[] = {kSendToken, kDestroy, kFail};
constexpr Action kErrorTokenAndFail[] = {kSendErrorToken, kDestroy, kFail};
constexpr Action kJustEstablish[] = {kEstablish};
constexpr Action kSendEstablish[] = {kSendToken, kEstablish};
constexpr Action kSendAwait[] = {kSendToken, kAwaitToken};
constexpr Action kKeepIt[] = {kKeep};

constexpr bool returned(const Observation& o) {
  return o.phase == Phase::kNegotiating && o.event == Event::kCallReturned;
}
constexpr bool returned(const Observation& o, MajorClass major) {
  return returned(o) && o.major == major;
}
constexpr bool arrived(const Observation& o) {
  return o.phase == Phase::kAwaiting && o.event == Event::kTokenArrived;
}
constexpr bool arrived_late(const Observation& o) {
  return o.phase == Phase::kEstablished && o.event == Event::kTokenArrived;
}
constexpr bool gave_up(const Observation& o, Event event) {
  return (o.phase == Phase::kAwaiting || o.phase == Phase::kNegotiating) && o.event == event;
}

#define WHEN(condition) [](const Observation& o) noexcept -> bool { return condition; }

// The first matching row applies. Keep this order: anonymity is checked before anything is sent
// (2.1), an error token is sent before the failure is reported (4), and a context is established
// only after its flags were checked (3).
constexpr Row kTable[] = {
    {"over", "the negotiation has failed or its context was handed over",
     WHEN(o.phase == Phase::kOver), kJustFail, Fault::kLocalMisuse, "2.4, 2.7"},
    {"deadline", "no token arrived in time", WHEN(gave_up(o, Event::kDeadline)), kTellAndFail,
     Fault::kTimedOut, "2.4, 2.7"},
    {"peer defect", "the peer sent something that is not a token",
     WHEN(gave_up(o, Event::kPeerDefect)), kTellAndFail, Fault::kPeerProtocol, "2.4, 2.7"},
    {"peer failed", "the peer reported a failure or closed the channel",
     WHEN(gave_up(o, Event::kPeerFailed)), kDestroyAndFail, Fault::kPeerRejected, "2.2, 2.5"},
    {"cancelled", "the application cancels the negotiation", WHEN(gave_up(o, Event::kCancelled)),
     kTellAndFail, Fault::kCancelled, "2.4, 2.7"},
    {"over the limit", "the token is too long, or there were too many legs",
     WHEN((arrived(o) || arrived_late(o)) && o.is_over_limit), kTellAndFail, Fault::kPeerProtocol,
     "2.4, 2.7"},
    {"empty first token", "acceptor: the first token is empty",
     WHEN(arrived(o) && o.role == Role::kAcceptor && o.is_first_call && o.is_input_empty),
     kTellAndFail, Fault::kPeerProtocol, "2.5"},
    {"start", "the initiator begins",
     WHEN(o.phase == Phase::kNegotiating && o.event == Event::kStart && o.role == Role::kInitiator),
     kCall, Fault::kNone, "2"},
    {"token", "an expected token", WHEN(arrived(o)), kCall, Fault::kNone, "2.8"},
    {"anonymity lost", "COMPLETE or CONTINUE, anonymity was requested but not granted",
     WHEN(returned(o) && o.role == Role::kInitiator && o.is_anonymity_lost &&
          (o.major == MajorClass::kComplete || o.major == MajorClass::kContinue)),
     kDestroyAndFail, Fault::kAnonymityLost, "2.1"},
    {"flag missing, token", "COMPLETE, a required flag is missing, token",
     WHEN(returned(o, MajorClass::kComplete) && o.is_flag_missing && o.has_output),
     kSendDestroyFail, Fault::kFlagsMissing, "3"},
    {"flag missing", "COMPLETE, a required flag is missing, no token",
     WHEN(returned(o, MajorClass::kComplete) && o.is_flag_missing), kTellAndFail,
     Fault::kFlagsMissing, "3"},
    {"context unknown", "COMPLETE, but gss_inquire_context fails",
     WHEN(returned(o, MajorClass::kComplete) && o.is_context_unknown), kDestroyAndFail,
     Fault::kMechanismDefect, "3.2"},
    {"complete", "COMPLETE, no token", WHEN(returned(o, MajorClass::kComplete) && !o.has_output),
     kJustEstablish, Fault::kNone, "2.2, 2.5"},
    {"complete, token", "COMPLETE, token", WHEN(returned(o, MajorClass::kComplete)), kSendEstablish,
     Fault::kNone, "2.2, 2.5"},
    {"continue", "CONTINUE, token, which may be empty", WHEN(returned(o, MajorClass::kContinue)),
     kSendAwait, Fault::kNone, "2.2, 2.5"},
    {"local error", "an error in the initiator's first call, no token",
     WHEN(returned(o, MajorClass::kError) && o.role == Role::kInitiator && o.is_first_call &&
          !o.has_output),
     kTellAndFail, Fault::kLocalCredential, "2.2"},
    {"local error, token", "an error in the initiator's first call, token",
     WHEN(returned(o, MajorClass::kError) && o.role == Role::kInitiator && o.is_first_call),
     kErrorTokenAndFail, Fault::kLocalCredential, "2.2"},
    {"error, token", "an error, token", WHEN(returned(o, MajorClass::kError) && o.has_output),
     kErrorTokenAndFail, Fault::kPeerRejected, "2.2, 2.5"},
    {"error", "an error, no token", WHEN(returned(o, MajorClass::kError)), kTellAndFail,
     Fault::kPeerRejected, "2.2, 2.5"},
    {"forbidden, token", "neither complete, continue nor error, token",
     WHEN(returned(o, MajorClass::kForbidden) && o.has_output), kErrorTokenAndFail,
     Fault::kMechanismDefect, "4"},
    {"forbidden", "neither complete, continue nor error, no token",
     WHEN(returned(o, MajorClass::kForbidden)), kTellAndFail, Fault::kMechanismDefect, "4"},
    {"extra token", "a token after completion", WHEN(arrived_late(o)), kProcess, Fault::kNone,
     "3.2"},
    {"extra token, gone", "token processed: the context was deleted",
     WHEN(o.phase == Phase::kEstablished && o.event == Event::kTokenProcessed &&
          o.is_context_unknown),
     kDestroyAndFail, Fault::kPeerRejected, "3.2"},
    {"extra token, flag lost", "token processed: a required flag is missing",
     WHEN(o.phase == Phase::kEstablished && o.event == Event::kTokenProcessed && o.is_flag_missing),
     kDestroyAndFail, Fault::kFlagsMissing, "3.2"},
    {"extra token, kept", "token processed: all required flags are there",
     WHEN(o.phase == Phase::kEstablished && o.event == Event::kTokenProcessed), kKeepIt,
     Fault::kNone, "3.2"},
    // A call that is not allowed now (a second start, a token before the start) sends nothing to
    // the peer, but destroys the context: a program with such an error must not continue.
    {"misuse", "anything else", WHEN((void(o), true)), kDestroyAndFail, Fault::kLocalMisuse,
     "2.4, 2.7"},
};

#undef WHEN

}  // namespace

MajorClass classify(std::uint32_t major) noexcept {
  if (major == GSS_S_COMPLETE) return MajorClass::kComplete;
  if (major == GSS_S_CONTINUE_NEEDED) return MajorClass::kContinue;
  return GSS_ERROR(major) != 0 ? MajorClass::kError : MajorClass::kForbidden;
}

bool Row::has(Action action) const noexcept {
  return std::ranges::find(actions, action) != actions.end();
}

std::string Row::text() const { return std::string(when) + " (section " + section + ")"; }

std::span<const Row> table() noexcept { return kTable; }

const Row& decide(const Observation& seen) noexcept {
  for (const Row& row : kTable) {
    if (row.matches(seen)) return row;
  }
  return kTable[std::size(kTable) - 1];
}

const char* to_string(Action action) noexcept {
  switch (action) {
    case kCallMechanism:
      return "call the mechanism";
    case kProcessToken:
      return "process the token";
    case kSendToken:
      return "send the token";
    case kSendErrorToken:
      return "send the error token";
    case kTellPeer:
      return "tell the peer";
    case kAwaitToken:
      return "await a token";
    case kEstablish:
      return "establish";
    case kKeep:
      return "keep the context";
    case kDestroy:
      return "destroy the context";
    case kFail:
      return "fail";
  }
  return "?";
}

const char* to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::kNone:
      return "-";
    case Fault::kLocalMisuse:
      return "local misuse";
    case Fault::kLocalCredential:
      return "local credential";
    case Fault::kPeerProtocol:
      return "peer protocol";
    case Fault::kPeerRejected:
      return "peer rejected";
    case Fault::kMechanismDefect:
      return "mechanism defect";
    case Fault::kFlagsMissing:
      return "flags missing";
    case Fault::kAnonymityLost:
      return "anonymity lost";
    case Fault::kTimedOut:
      return "timed out";
    case Fault::kCancelled:
      return "cancelled";
  }
  return "?";
}

}  // namespace gssloop::loop
