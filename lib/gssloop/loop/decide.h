// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_DECIDE_H_
#define GSSLOOP_LOOP_DECIDE_H_

#include <cstdint>
#include <span>
#include <string>

namespace gssloop::loop {

// The negotiation loop of draft-kaduk-kitten-gss-loop-02 (RFC 7546) as a table: pure data and a
// pure function. Initiator and Acceptor perform what it says; the tests and docs/loop.md read the
// same rows.

// Role is which side of the negotiation this is.
enum class Role {
  kInitiator,  // begins (section 2.2)
  kAcceptor,   // answers (section 2.5)
};

// Phase is what a side is waiting for.
enum class Phase {
  kNegotiating,  // our turn: the mechanism is to be called, or has just been
  kAwaiting,     // the peer's turn: a token is expected
  kEstablished,  // the context is in the application's hands
  kOver,         // failed, or the context was handed over: nothing more can happen here
};

// Event is what has just happened.
enum class Event {
  kStart,           // the initiator begins (section 2)
  kTokenArrived,    // octets from the peer, not yet given to the mechanism
  kCallReturned,    // GSS_Init_sec_context or GSS_Accept_sec_context came back
  kTokenProcessed,  // GSS_Process_context_token came back (section 3.2)
  kDeadline,        // no token in reasonable time (sections 2.4, 2.7)
  kPeerDefect,      // what came from the peer is no token: its frame is malformed, say
  kPeerFailed,      // the peer, or the channel to it, said that it failed
  kCancelled,       // our own application gave up
};

// MajorClass splits a major status as section 4 demands: COMPLETE and CONTINUE_NEEDED are compared
// for equality, all else is a failure. Supplementary bits never make a success.
enum class MajorClass {
  kComplete,
  kContinue,
  kError,      // a calling or routine error, whatever supplementary bits come with it
  kForbidden,  // neither complete, nor continue, nor error: RFC 2743 forbids it
};
// classify sorts a major status.
MajorClass classify(std::uint32_t major) noexcept;

// Observation is everything that a decision depends on.
struct Observation {
  Role role = Role::kInitiator;       // fixed
  Phase phase = Phase::kNegotiating;  // when the event happened
  Event event = Event::kStart;        // says which of those below count

  // Of kTokenArrived and kCallReturned.
  bool is_first_call = false;
  // Of kTokenArrived: whether it has no octet.
  bool is_input_empty = false;
  bool is_over_limit = false;  // the token's size, or the number of legs
  // Of kCallReturned.
  MajorClass major = MajorClass::kError;
  bool has_output = false;         // a token of at least one octet
  bool is_anonymity_lost = false;  // asked for, and not granted
  // Of kCallReturned and kTokenProcessed.
  bool is_flag_missing = false;     // one that the application needs
  bool is_context_unknown = false;  // GSS_Inquire_context does not know the context
};

// Action is one thing to be done.
enum class Action {
  kCallMechanism,   // make the one impure call, then decide again
  kProcessToken,    // GSS_Process_context_token, then decide again
  kSendToken,       // to the peer; the token may be empty
  kSendErrorToken,  // to the peer, recommended (sections 2.3, 2.6)
  kTellPeer,        // that we failed, where the channel has a way to
  kAwaitToken,
  kEstablish,  // the context goes to the application
  kKeep,       // the established context stays in use
  kDestroy,    // the context, without a deletion token
  kFail,
};

// Fault says who or what is to blame for a failure.
enum class Fault {
  kNone,             // nothing failed
  kLocalMisuse,      // our program called out of turn
  kLocalCredential,  // our credential, or what it takes to use it
  kPeerProtocol,     // what came from the peer is not valid
  kPeerRejected,     // the peer failed, refused us or is gone, or the mechanism refused the peer
  kMechanismDefect,  // the mechanism did what RFC 2743 forbids
  kFlagsMissing,     // the context lacks a flag that is needed (section 3)
  kAnonymityLost,    // asked for and not granted (section 2.1)
  kTimedOut,         // no token in reasonable time (sections 2.4, 2.7)
  kCancelled,        // our own application gave up
};

// Row is one line of the table. A decision is the first row that matches.
struct Row {
  // name is what docs/loop.md and logs call the row.
  const char* name;
  // The condition, as a person reads it and as it is tested.
  const char* when;
  // matches says whether the condition holds; pure.
  bool (*matches)(const Observation&) noexcept;
  // Performed in this order.
  std::span<const Action> actions;
  Fault fault;          // of kFail; else kNone
  const char* section;  // of the draft

  // has says whether the action is one of the row's.
  bool has(Action action) const noexcept;
  // text is "WHEN (section SECTION)", for logs.
  std::string text() const;
};

// table returns all rows, in order.
std::span<const Row> table() noexcept;

// decide returns the first row that matches. Total: every observation has one.
const Row& decide(const Observation& seen) noexcept;

// to_string names an action, or a fault, for logs and documents. Static.
const char* to_string(Action action) noexcept;
const char* to_string(Fault fault) noexcept;

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_DECIDE_H_
