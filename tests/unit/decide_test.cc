// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/loop/decide.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gssloop/gss/gssapi_c.h"
#include "tests/support/spec.h"

namespace gssloop::loop {
namespace {

using enum Action;

constexpr Role kRoles[] = {Role::kInitiator, Role::kAcceptor};
constexpr Phase kPhases[] = {Phase::kNegotiating, Phase::kAwaiting, Phase::kEstablished,
                             Phase::kOver};
constexpr Event kEvents[] = {Event::kStart,          Event::kTokenArrived, Event::kCallReturned,
                             Event::kTokenProcessed, Event::kDeadline,     Event::kPeerDefect,
                             Event::kPeerFailed,     Event::kCancelled};
constexpr MajorClass kMajors[] = {MajorClass::kComplete, MajorClass::kContinue, MajorClass::kError,
                                  MajorClass::kForbidden};
constexpr unsigned kNumClaims = 7;  // the booleans of an Observation

// Every observation that there is, sensible or not.
std::vector<Observation> all_observations() {
  std::vector<Observation> all;
  for (const Role role : kRoles) {
    for (const Phase phase : kPhases) {
      for (const Event event : kEvents) {
        for (const MajorClass major : kMajors) {
          for (unsigned claims = 0; claims < 1U << kNumClaims; ++claims) {
            const auto is = [claims](unsigned bit) { return (claims >> bit & 1) != 0; };
            all.push_back(
                {role, phase, event, is(0), is(1), is(2), major, is(3), is(4), is(5), is(6)});
          }
        }
      }
    }
  }
  return all;
}

bool has(const Row& row, Action action) {
  return std::ranges::find(row.actions, action) != row.actions.end();
}

bool sends(const Row& row) { return has(row, kSendToken) || has(row, kSendErrorToken); }

bool is_in_progress(const Observation& o) {
  return o.phase == Phase::kNegotiating || o.phase == Phase::kAwaiting;
}

bool is_call_result(const Observation& o) {
  return o.phase == Phase::kNegotiating && o.event == Event::kCallReturned;
}

bool is_anonymity_breach(const Observation& o) {
  return is_call_result(o) && o.role == Role::kInitiator && o.is_anonymity_lost &&
         (o.major == MajorClass::kComplete || o.major == MajorClass::kContinue);
}

// An observation that the drivers of the table can make: not the misuse of calling out of turn.
bool is_in_turn(const Observation& o) {
  switch (o.event) {
    case Event::kStart:
      return o.phase == Phase::kNegotiating && o.role == Role::kInitiator;
    case Event::kTokenArrived:
      return o.phase == Phase::kAwaiting || o.phase == Phase::kEstablished;
    case Event::kCallReturned:
      return o.phase == Phase::kNegotiating;
    case Event::kTokenProcessed:
      return o.phase == Phase::kEstablished;
    case Event::kDeadline:
    case Event::kPeerDefect:
    case Event::kPeerFailed:
    case Event::kCancelled:
      return is_in_progress(o);
  }
  return false;
}

std::string describe(const Observation& o) {
  return "role " + std::to_string(static_cast<int>(o.role)) + " phase " +
         std::to_string(static_cast<int>(o.phase)) + " event " +
         std::to_string(static_cast<int>(o.event)) + " major " +
         std::to_string(static_cast<int>(o.major)) + " first " + std::to_string(o.is_first_call) +
         " empty " + std::to_string(o.is_input_empty) + " over " + std::to_string(o.is_over_limit) +
         " output " + std::to_string(o.has_output) + " anon lost " +
         std::to_string(o.is_anonymity_lost) + " flag missing " +
         std::to_string(o.is_flag_missing) + " unknown " + std::to_string(o.is_context_unknown) +
         " -> " + decide(o).name;
}

TEST(Decide, EveryObservationHasTheFirstRowThatMatches) {
  SPEC("L4 L31 L40");
  for (const Observation& o : all_observations()) {
    const Row& row = decide(o);
    ASSERT_TRUE(row.matches(o)) << describe(o);
    for (const Row& earlier : table()) {
      if (&earlier == &row) break;
      ASSERT_FALSE(earlier.matches(o)) << describe(o);
    }
  }
}

TEST(Decide, EveryRowIsReached) {
  SPEC("L31");
  std::set<std::string> reached;
  for (const Observation& o : all_observations()) reached.insert(decide(o).name);
  for (const Row& row : table()) EXPECT_EQ(reached.count(row.name), 1U) << row.name;
  EXPECT_EQ(reached.size(), table().size()) << "two rows share a name";
}

TEST(Decide, OnlyCallsOutOfTurnAreMisuse) {
  SPEC("L4 L15 L29");
  for (const Observation& o : all_observations()) {
    const bool is_misuse = decide(o).fault == Fault::kLocalMisuse;
    ASSERT_EQ(is_misuse, !is_in_turn(o)) << describe(o);
  }
}

TEST(Decide, NothingIsSentWhereAnonymityIsLost) {
  SPEC("L5");
  for (const Observation& o : all_observations()) {
    if (!is_anonymity_breach(o)) continue;
    const Row& row = decide(o);
    ASSERT_FALSE(sends(row) || has(row, kTellPeer)) << describe(o);
    ASSERT_TRUE(has(row, kDestroy) && has(row, kFail)) << describe(o);
    ASSERT_EQ(row.fault, Fault::kAnonymityLost) << describe(o);
  }
}

TEST(Decide, OnlyACheckedCompleteEstablishes) {
  SPEC("L32 L34 L40 L43");
  for (const Observation& o : all_observations()) {
    const bool is_checked = is_call_result(o) && o.major == MajorClass::kComplete &&
                            !o.is_flag_missing && !o.is_context_unknown && !is_anonymity_breach(o);
    ASSERT_EQ(has(decide(o), kEstablish), is_checked) << describe(o);
  }
}

TEST(Decide, OnlyAContinueAwaitsAndAlwaysSends) {
  SPEC("L8 L9 L22 L23 L31");
  for (const Observation& o : all_observations()) {
    const bool goes_on =
        is_call_result(o) && o.major == MajorClass::kContinue && !is_anonymity_breach(o);
    ASSERT_EQ(has(decide(o), kAwaitToken), goes_on) << describe(o);
    ASSERT_TRUE(!goes_on || has(decide(o), kSendToken)) << describe(o);
  }
}

// The form of the action lists, for every observation.
TEST(Decide, TokensLeaveBeforeTheFailureIsActedOn) {
  SPEC("L42");
  for (const Row& row : table()) {
    const auto at = [&row](Action action) {
      return std::ranges::find(row.actions, action) - row.actions.begin();
    };
    const auto end = static_cast<std::ptrdiff_t>(row.actions.size());
    ASSERT_GT(end, 0) << row.name;
    for (const Action words : {kSendToken, kSendErrorToken, kTellPeer}) {
      EXPECT_TRUE(!has(row, words) || at(words) == 0) << row.name;
    }
    EXPECT_TRUE(!has(row, kDestroy) || at(kDestroy) < at(kFail)) << row.name;
    EXPECT_TRUE(!has(row, kFail) || at(kFail) == end - 1) << row.name;
  }
}

TEST(Decide, AFailureIsNothingElse) {
  SPEC("L10 L24 L32 L34");
  for (const Row& row : table()) {
    EXPECT_EQ(has(row, kFail), row.fault != Fault::kNone) << row.name;
    EXPECT_FALSE(has(row, kDestroy) && !has(row, kFail)) << row.name;
    if (!has(row, kFail)) continue;
    for (const Action action : {kEstablish, kAwaitToken, kKeep, kCallMechanism, kProcessToken}) {
      EXPECT_FALSE(has(row, action)) << row.name;
    }
    EXPECT_FALSE(sends(row) && has(row, kTellPeer)) << row.name << ": the token tells already";
  }
}

// After a failure no context is left, unless the application has it (then the phase is over).
TEST(Decide, AFailureDestroysTheContext) {
  SPEC("L32 L34 L39");
  for (const Observation& o : all_observations()) {
    const Row& row = decide(o);
    if (!has(row, kFail)) continue;
    ASSERT_EQ(has(row, kDestroy), o.phase != Phase::kOver) << describe(o);
  }
}

TEST(Decide, AnErrorTokenIsAlwaysHandedOut) {
  SPEC("L10 L14 L24 L28");
  for (const Observation& o : all_observations()) {
    if (!is_call_result(o)) continue;
    if (o.major != MajorClass::kError && o.major != MajorClass::kForbidden) continue;
    ASSERT_EQ(has(decide(o), kSendErrorToken), o.has_output) << describe(o);
    ASSERT_EQ(has(decide(o), kTellPeer), !o.has_output) << describe(o);
  }
}

constexpr Observation call_result(MajorClass major, bool has_output) {
  Observation o;
  o.event = Event::kCallReturned;
  o.major = major;
  o.has_output = has_output;
  return o;
}

constexpr Observation with(Observation o, bool Observation::*claim) {
  o.*claim = true;
  return o;
}

constexpr Observation at(Phase phase, Event event) {
  Observation o;
  o.phase = phase;
  o.event = event;
  return o;
}

struct Decision {
  Observation seen;
  std::vector<Action> actions;
  Fault fault;
};

void expect_decision(const Decision& expected, Role role) {
  Observation seen = expected.seen;
  seen.role = role;
  const Row& row = decide(seen);
  EXPECT_EQ(std::vector<Action>(row.actions.begin(), row.actions.end()), expected.actions)
      << describe(seen);
  EXPECT_EQ(row.fault, expected.fault) << describe(seen);
}

using O = Observation;
constexpr MajorClass kComplete = MajorClass::kComplete;
constexpr MajorClass kContinue = MajorClass::kContinue;
const std::vector<Action> kTell = {kTellPeer, kDestroy, kFail};
const std::vector<Action> kErrorToken = {kSendErrorToken, kDestroy, kFail};
const std::vector<Action> kSilent = {kDestroy, kFail};

// What is the same in both roles.
const Decision kDesign[] = {
    {call_result(kComplete, false), {kEstablish}, Fault::kNone},
    {call_result(kComplete, true), {kSendToken, kEstablish}, Fault::kNone},
    {call_result(kContinue, true), {kSendToken, kAwaitToken}, Fault::kNone},
    {call_result(kContinue, false), {kSendToken, kAwaitToken}, Fault::kNone},
    {with(call_result(kContinue, true), &O::is_flag_missing),
     {kSendToken, kAwaitToken},
     Fault::kNone},
    {with(call_result(kComplete, false), &O::is_flag_missing), kTell, Fault::kFlagsMissing},
    {with(call_result(kComplete, true), &O::is_flag_missing),
     {kSendToken, kDestroy, kFail},
     Fault::kFlagsMissing},
    {with(call_result(kComplete, true), &O::is_context_unknown), kSilent, Fault::kMechanismDefect},
    {call_result(MajorClass::kError, true),
     {kSendErrorToken, kDestroy, kFail},
     Fault::kPeerRejected},
    {call_result(MajorClass::kError, false), kTell, Fault::kPeerRejected},
    {call_result(MajorClass::kForbidden, true),
     {kSendErrorToken, kDestroy, kFail},
     Fault::kMechanismDefect},
    {call_result(MajorClass::kForbidden, false), kTell, Fault::kMechanismDefect},
    {at(Phase::kAwaiting, Event::kTokenArrived), {kCallMechanism}, Fault::kNone},
    {with(at(Phase::kAwaiting, Event::kTokenArrived), &O::is_input_empty),
     {kCallMechanism},
     Fault::kNone},
    {with(at(Phase::kAwaiting, Event::kTokenArrived), &O::is_over_limit), kTell,
     Fault::kPeerProtocol},
    {at(Phase::kAwaiting, Event::kDeadline), kTell, Fault::kTimedOut},
    {at(Phase::kAwaiting, Event::kPeerDefect), kTell, Fault::kPeerProtocol},
    {at(Phase::kAwaiting, Event::kPeerFailed), kSilent, Fault::kPeerRejected},
    {at(Phase::kAwaiting, Event::kCancelled), kTell, Fault::kCancelled},
    {at(Phase::kOver, Event::kTokenArrived), {kFail}, Fault::kLocalMisuse},
    {at(Phase::kNegotiating, Event::kTokenArrived), kSilent, Fault::kLocalMisuse},
    {at(Phase::kEstablished, Event::kTokenArrived), {kProcessToken}, Fault::kNone},
    {at(Phase::kEstablished, Event::kTokenProcessed), {kKeep}, Fault::kNone},
    {with(at(Phase::kEstablished, Event::kTokenProcessed), &O::is_context_unknown), kSilent,
     Fault::kPeerRejected},
    {with(at(Phase::kEstablished, Event::kTokenProcessed), &O::is_flag_missing), kSilent,
     Fault::kFlagsMissing},
};

TEST(Decide, FollowsTheDesignInBothRoles) {
  SPEC("L6 L7 L8 L9 L10 L11 L16 L20 L21 L22 L23 L24 L30 L37 L39");
  for (const Decision& row : kDesign) {
    for (const Role role : kRoles) expect_decision(row, role);
  }
}

TEST(Decide, TellsTheRolesApartWhereTheDraftDoes) {
  SPEC("L1 L4 L5 L17");
  const Observation start = at(Phase::kNegotiating, Event::kStart);
  const Observation empty_first =
      with(with(at(Phase::kAwaiting, Event::kTokenArrived), &O::is_input_empty), &O::is_first_call);
  const Observation nothing_yet = with(call_result(MajorClass::kError, false), &O::is_first_call);
  const Observation not_anonymous = with(call_result(kComplete, true), &O::is_anonymity_lost);
  expect_decision({start, {kCallMechanism}, Fault::kNone}, Role::kInitiator);
  expect_decision({start, kSilent, Fault::kLocalMisuse}, Role::kAcceptor);
  expect_decision({empty_first, {kCallMechanism}, Fault::kNone}, Role::kInitiator);
  expect_decision({empty_first, kTell, Fault::kPeerProtocol}, Role::kAcceptor);
  expect_decision({nothing_yet, kTell, Fault::kLocalCredential}, Role::kInitiator);
  expect_decision({nothing_yet, kTell, Fault::kPeerRejected}, Role::kAcceptor);
  const Observation only_token = with(call_result(MajorClass::kError, true), &O::is_first_call);
  expect_decision({only_token, kErrorToken, Fault::kLocalCredential}, Role::kInitiator);
  expect_decision({only_token, kErrorToken, Fault::kPeerRejected}, Role::kAcceptor);
  expect_decision({not_anonymous, kSilent, Fault::kAnonymityLost}, Role::kInitiator);
  expect_decision({not_anonymous, {kSendToken, kEstablish}, Fault::kNone}, Role::kAcceptor);
}

TEST(Classify, ComparesForEqualityAndTellsBitsFromErrors) {
  SPEC("L10 L24 L40");
  const struct {
    std::uint32_t major;
    MajorClass expected;
  } rows[] = {
      {0x0, MajorClass::kComplete},     {0x1, MajorClass::kContinue},
      {0x2, MajorClass::kForbidden},    {0x4, MajorClass::kForbidden},
      {0x8, MajorClass::kForbidden},    {0x10, MajorClass::kForbidden},
      {0x3, MajorClass::kForbidden},    {0x5, MajorClass::kForbidden},
      {0x9, MajorClass::kForbidden},    {0x11, MajorClass::kForbidden},
      {0x20, MajorClass::kForbidden},   {0x8000, MajorClass::kForbidden},
      {0xd0000, MajorClass::kError},    {0xd0001, MajorClass::kError},
      {0x01000000, MajorClass::kError}, {0x01000001, MajorClass::kError},
      {0xffffffff, MajorClass::kError},
  };
  for (const auto& row : rows) EXPECT_EQ(classify(row.major), row.expected) << row.major;
}

TEST(Classify, AllSupplementaryBitsWithAllErrors) {
  SPEC("L10 L24 L40");
  for (std::uint32_t bits = 0; bits <= 0x1f; ++bits) {
    for (std::uint32_t routine = 0; routine <= 0xff; ++routine) {
      for (std::uint32_t calling = 0; calling <= 3; ++calling) {
        const std::uint32_t major =
            calling << GSS_C_CALLING_ERROR_OFFSET | routine << GSS_C_ROUTINE_ERROR_OFFSET | bits;
        const MajorClass without_error = bits == 0   ? MajorClass::kComplete
                                         : bits == 1 ? MajorClass::kContinue
                                                     : MajorClass::kForbidden;
        ASSERT_EQ(classify(major),
                  routine != 0 || calling != 0 ? MajorClass::kError : without_error)
            << major;
      }
    }
  }
}

TEST(Decide, EverythingHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(kFail); ++i) names.insert(to_string(Action(i)));
  EXPECT_EQ(names.size(), 10U);
  EXPECT_EQ(names.count("?"), 0U);
  names.clear();
  for (int i = 0; i <= static_cast<int>(Fault::kCancelled); ++i) names.insert(to_string(Fault(i)));
  EXPECT_EQ(names.size(), 10U);
  EXPECT_EQ(names.count("?"), 0U);
}

}  // namespace
}  // namespace gssloop::loop
