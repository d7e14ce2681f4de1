// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_DECIDE_H_
#define GSSLOOP_LOOP_DECIDE_H_

#include <cstdint>
#include <span>
#include <string>

namespace gssloop::loop {

// The negotiation loop of draft-kaduk-kitten-gss-loop-02 (RFC 7546) as a table: pure data and a
// pure function. Initiator and Acceptor perform its actions; the tests and docs/loop.md read the
// same rows.

// Role is the side of the negotiation.
enum class Role {
  kInitiator,  // begins (section 2.2)
  kAcceptor,   // answers (section 2.5)
};

// Phase is the state of a side.
enum class Phase {
  kNegotiating,  // this side's turn: before or just after a call of the mechanism
  kAwaiting,     // the peer's turn: a token is expected
  kEstablished,  // the application has the context
  kOver,         // failed, or the context was handed over: no more steps
};

// Event is the latest event.
enum class Event {
  kStart,           // the initiator begins (section 2)
  kTokenArrived,    // octets from the peer, not yet given to the mechanism
  kCallReturned,    // GSS_Init_sec_context or GSS_Accept_sec_context returned
  kTokenProcessed,  // GSS_Process_context_token returned (section 3.2)
  kDeadline,        // no token arrived in time (sections 2.4, 2.7)
  kPeerDefect,      // the peer sent something that is not a token, for example a malformed frame
  kPeerFailed,      // the peer reported a failure, or the channel failed
  kCancelled,       // this side's application cancelled
};

// MajorClass classifies a major status as section 4 requires: COMPLETE and CONTINUE_NEEDED are
// compared for equality, and every other status is a failure. A status with supplementary bits is
// never a success.
enum class MajorClass {
  kComplete,
  kContinue,
  kError,      // a calling or routine error, with any supplementary bits
  kForbidden,  // neither complete, nor continue, nor error: RFC 2743 forbids it
};
// classify returns the class of a major status.
MajorClass classify(std::uint32_t major) noexcept;

// Observation is everything that a decision depends on.
struct Observation {
  Role role = Role::kInitiator;       // fixed
  Phase phase = Phase::kNegotiating;  // when the event happened
  Event event = Event::kStart;        // selects the members below that are valid

  // Of kTokenArrived and kCallReturned.
  bool is_first_call = false;
  // Of kTokenArrived: whether the token is empty.
  bool is_input_empty = false;
  bool is_over_limit = false;  // the token's size, or the number of legs
  // Of kCallReturned.
  MajorClass major = MajorClass::kError;
  bool has_output = false;         // a token of at least one octet
  bool is_anonymity_lost = false;  // requested, but not granted
  // Of kCallReturned and kTokenProcessed.
  bool is_flag_missing = false;     // a flag that the application requires
  bool is_context_unknown = false;  // GSS_Inquire_context failed for the context
};

// Action is one action of a row.
enum class Action {
  kCallMechanism,   // make the context call, then decide again
  kProcessToken,    // GSS_Process_context_token, then decide again
  kSendToken,       // to the peer; the token may be empty
  kSendErrorToken,  // to the peer, recommended (sections 2.3, 2.6)
  kTellPeer,        // that this side failed, if the channel can do so
  kAwaitToken,
  kEstablish,  // the context goes to the application
  kKeep,       // the established context stays in use
  kDestroy,    // the context, without a deletion token
  kFail,
};

// Fault is the cause of a failure.
enum class Fault {
  kNone,             // nothing failed
  kLocalMisuse,      // this side's program made a call that is not allowed now
  kLocalCredential,  // this side's credential, or the means to use it
  kPeerProtocol,     // the peer sent invalid data
  kPeerRejected,  // the peer failed, refused this side or disappeared, or the mechanism refused the
                  // peer
  kMechanismDefect,  // the mechanism violated RFC 2743
  kFlagsMissing,     // the context does not have a required flag (section 3)
  kAnonymityLost,    // requested, but not granted (section 2.1)
  kTimedOut,         // no token arrived in time (sections 2.4, 2.7)
  kCancelled,        // this side's application cancelled
};

// Row is one line of the table. A decision is the first row that matches.
struct Row {
  // name is the name of the row in docs/loop.md and logs.
  const char* name;
  // The condition, as text and as a test.
  const char* when;
  // matches says whether the condition is true; pure.
  bool (*matches)(const Observation&) noexcept;
  // In the order in which they are performed.
  std::span<const Action> actions;
  Fault fault;          // of kFail; else kNone
  const char* section;  // of the draft

  // has says whether the row has the action.
  bool has(Action action) const noexcept;
  // text is "WHEN (section SECTION)", for logs.
  std::string text() const;
};

// table returns all rows, in order.
std::span<const Row> table() noexcept;

// decide returns the first row that matches. Total: a row matches every observation.
const Row& decide(const Observation& seen) noexcept;

// to_string names an action, or a fault, for logs and documents. Static.
const char* to_string(Action action) noexcept;
const char* to_string(Fault fault) noexcept;

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_DECIDE_H_
