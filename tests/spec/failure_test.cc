// SPDX-License-Identifier: BSD-2-Clause

// How a negotiation fails: by a status, by an unexpected token, by what the caller saw, by a
// limit. Always: the peer hears of it where it can, and nothing is left.

#include <string>
#include <vector>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

constexpr OM_uint32 kMinor = 4711;
const std::vector<Action> kTell = {Action::kTellPeer, Action::kDestroy, Action::kFail};
const std::vector<Action> kErrorToken = {Action::kSendErrorToken, Action::kDestroy, Action::kFail};

// Statuses that are neither COMPLETE nor CONTINUE_NEEDED. Section 4: the first group is no error
// either, which RFC 2743 forbids and GSS_ERROR() lets through.
std::vector<OM_uint32> failing_majors() {
  std::vector<OM_uint32> majors;
  for (const OM_uint32 bit : {0x2U, 0x4U, 0x8U, 0x10U}) {
    for (const OM_uint32 base : {0x0U, 0x1U}) majors.push_back(bit | base);
  }
  for (const OM_uint32 major :
       {0xd0000U, 0xd0001U, 0xd0002U, 0x90000U, 0x10000000U | 0x1U, 0x01000000U}) {
    majors.push_back(major);
  }
  return majors;
}

Fault expected_fault(Role role, int num_legs_before, OM_uint32 major) {
  if (GSS_ERROR(major) == 0) return Fault::kMechanismDefect;
  const bool is_own_beginning = role == Role::kInitiator && num_legs_before == 0;
  return is_own_beginning ? Fault::kLocalCredential : Fault::kPeerRejected;
}

void expect_failure(Role role, int num_legs_before, OM_uint32 major, bool has_token) {
  SCOPED_TRACE("role " + std::to_string(static_cast<int>(role)) + " leg " +
               std::to_string(num_legs_before + 1) + " major " + std::to_string(major) +
               (has_token ? " with token" : ""));
  Leg leg = fail(major, kMinor);
  if (has_token) leg.token = "E!";
  Script script = with_legs(role, legs_before(num_legs_before, leg));
  // MIT's SPNEGO counts the NUL after some of its messages.
  script.minor_texts[kMinor] = {std::string("first text", 11), "second text"};
  scripted().play(std::move(script));
  LoneSide side(role);
  for (int i = 0; i < num_legs_before; ++i) ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
  {
    const Step step = side.next();
    EXPECT_EQ(actions_of(step), has_token ? kErrorToken : kTell);
    EXPECT_EQ(token_of(step), has_token ? "E!" : "");
    const loop::Failure& failure = step.failure();
    EXPECT_EQ(failure.fault, expected_fault(role, num_legs_before, major));
    EXPECT_EQ(failure.status.major(), major);
    EXPECT_FALSE(failure.status.is_complete());
    EXPECT_NE(failure.text().find("first text; second text"), std::string::npos) << failure.text();
    EXPECT_EQ(scripted().record().deletes.size(), 0U) << "before the error token was sent";
  }
  EXPECT_EQ(scripted().live().contexts, 0U);
  EXPECT_EQ(side.side().phase(), Phase::kOver);
}

TEST_F(LoopSpec, EveryOtherStatusFailsAndItsTokenIsAnErrorToken) {
  SPEC("L10 L11 L14 L24 L28 L40 L41 L42");
  for (const Role role : kRoles) {
    for (int before = 0; before < 3; ++before) {
      for (const OM_uint32 major : failing_majors()) {
        expect_failure(role, before, major, true);
        expect_failure(role, before, major, false);
      }
    }
  }
}

// Section 4: the error token is in the caller's hands while the context still is.
TEST_F(LoopSpec, TheErrorTokenIsThereBeforeTheContextGoes) {
  SPEC("L42");
  for (const Role role : kRoles) {
    scripted().play(with_legs(role, legs_before(1, fail(GSS_S_FAILURE, 0, "E!"))));
    LoneSide side(role);
    ASSERT_TRUE(side.next().row().has(Action::kSendToken));
    {
      const Step step = side.next();
      EXPECT_EQ(token_of(step), "E!");
      EXPECT_EQ(scripted().live().contexts, 1U);
      EXPECT_EQ(scripted().record().deletes.size(), 0U);
    }
    EXPECT_EQ(scripted().live().contexts, 0U);
    ASSERT_EQ(scripted().record().deletes.size(), 1U);
    EXPECT_FALSE(scripted().record().deletes[0].had_buffer);
  }
}

TEST_F(LoopSpec, AContextThatTheMechanismDroppedIsNotDeletedAgain) {
  SPEC("L41");
  for (const Role role : kRoles) {
    Leg leg = fail(GSS_S_FAILURE, 0, "E!");
    leg.drop_context = true;
    scripted().play(with_legs(role, legs_before(1, leg)));
    LoneSide side(role);
    ASSERT_TRUE(side.next().row().has(Action::kSendToken));
    EXPECT_TRUE(side.next().is_failed());
    EXPECT_EQ(scripted().record().deletes.size(), 0U);
  }
}

TEST_F(LoopSpec, ATokenAfterTheEndIsAnErrorAndTouchesNothing) {
  SPEC("L15 L29");
  for (const Role role : kRoles) {
    for (const Leg& last : {complete(), complete("end"), fail(GSS_S_FAILURE)}) {
      scripted().play(with_legs(role, legs_before(1, last)));
      LoneSide side(role);
      ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
      Step end = side.next();
      std::optional<loop::EstablishedContext> context;
      if (end.is_established()) context = end.take_context();
      const std::size_t log_len = scripted().record().log.size();
      for (const std::string_view token : {"more", "", "p1"}) {
        const Step step = side.arrive(token);
        EXPECT_EQ(actions_of(step), std::vector{Action::kFail});
        EXPECT_EQ(step.failure().fault, Fault::kLocalMisuse);
        EXPECT_TRUE(step.token_to_send().value_or(ByteView()).empty());
      }
      EXPECT_EQ(scripted().record().log.size(), log_len) << "the mechanism was called";
      if (!context) continue;
      EXPECT_TRUE(context->is_usable());
      EXPECT_TRUE(context->wrap(gss::Protection::kIntegrity, as_bytes("still works")));
    }
  }
}

// What a caller may tell the loop while it waits (sections 2.4 and 2.7).
struct News {
  Step (*tell)(loop::Negotiation& side, std::string reason);
  std::vector<Action> actions;
  Fault fault;
};

const News kNews[] = {
    {[](loop::Negotiation& side, std::string reason) { return side.on_deadline(reason); }, kTell,
     Fault::kTimedOut},
    {[](loop::Negotiation& side, std::string reason) { return side.on_peer_defect(reason); }, kTell,
     Fault::kPeerProtocol},
    {[](loop::Negotiation& side, std::string reason) { return side.on_peer_failure(reason); },
     {Action::kDestroy, Action::kFail},
     Fault::kPeerRejected},
    {[](loop::Negotiation& side, std::string reason) { return side.on_cancel(reason); }, kTell,
     Fault::kCancelled},
};

void expect_end_by(const News& news, Role role, int num_legs_before) {
  SCOPED_TRACE("fault " + std::to_string(static_cast<int>(news.fault)) + " after " +
               std::to_string(num_legs_before));
  scripted().play(with_legs(role, legs_before(3, complete())));
  LoneSide side(role);
  for (int i = 0; i < num_legs_before; ++i) ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
  {
    const Step step = news.tell(side.side(), "what was seen");
    EXPECT_EQ(actions_of(step), news.actions);
    EXPECT_EQ(step.failure().fault, news.fault);
    EXPECT_EQ(step.failure().text(), "what was seen");
  }
  EXPECT_EQ(scripted().live().contexts, 0U);
  EXPECT_EQ(side.side().phase(), Phase::kOver);
  // Too late now: the mechanism does not hear of it.
  EXPECT_EQ(actions_of(side.arrive("p9")), std::vector{Action::kFail});
  EXPECT_EQ(actions_of(news.tell(side.side(), "again")), std::vector{Action::kFail});
  EXPECT_EQ(num_calls(role), static_cast<std::size_t>(num_legs_before));
}

TEST_F(LoopSpec, ADeadlineAndOtherNewsEndTheWaiting) {
  SPEC("L11 L16 L30 L41");
  for (const News& news : kNews) {
    for (const Role role : kRoles) {
      for (int before = 0; before < 3; ++before) expect_end_by(news, role, before);
    }
  }
}

TEST_F(LoopSpec, NewsAfterTheEndLeaveTheContextAlone) {
  SPEC("L15 L16 L30");
  for (const News& news : kNews) {
    for (const Role role : kRoles) {
      scripted().reset();
      LoneSide side(role);
      Step end = side.next();
      loop::EstablishedContext context = end.take_context();
      EXPECT_EQ(actions_of(news.tell(side.side(), "late")), std::vector{Action::kFail});
      EXPECT_TRUE(context.source_name());
    }
  }
}

TEST_F(LoopSpec, ATokenOverTheSizeLimitIsRefusedUnseen) {
  SPEC("L16 L31");
  for (const Role role : kRoles) {
    scripted().play(with_legs(role, legs_before(2, complete())));
    LoneSide side(role, {.limits = {.max_token_len = 100}});
    ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
    EXPECT_TRUE(side.arrive(std::string(100, 'p')).row().has(Action::kAwaitToken));
    {
      const Step step = side.arrive(std::string(101, 'p'));
      EXPECT_EQ(actions_of(step), kTell);
      EXPECT_EQ(step.failure().fault, Fault::kPeerProtocol);
    }
    EXPECT_EQ(num_calls(role), 2U);
    EXPECT_EQ(scripted().live().contexts, 0U);
  }
}

TEST_F(LoopSpec, ATokenBeyondTheLastLegIsRefusedUnseen) {
  SPEC("L16 L31");
  for (const Role role : kRoles) {
    for (const unsigned max_legs : {1U, 2U, 9U, 32U}) {
      scripted().play(with_legs(role, legs_before(100, complete())));
      LoneSide side(role, {.limits = {.max_legs = max_legs}});
      Step step = side.next();
      // No more than these arrive: an initiator sends first, and each arrival is answered.
      while (step.row().has(Action::kAwaitToken)) step = side.next();
      EXPECT_EQ(actions_of(step), kTell) << max_legs;
      EXPECT_EQ(step.failure().fault, Fault::kPeerProtocol);
      const unsigned num_arrived = (role == Role::kInitiator ? max_legs : max_legs + 1) / 2;
      EXPECT_EQ(num_calls(role), num_arrived + (role == Role::kInitiator ? 1U : 0U)) << max_legs;
    }
  }
}

TEST_F(LoopSpec, DefaultLimitsAreTheDesigns) {
  SPEC("L31");
  LoneSide side(Role::kAcceptor);
  EXPECT_EQ(side.side().limits().max_legs, 32U);
  EXPECT_EQ(side.side().limits().max_token_len, 262144U);
}

}  // namespace
}  // namespace gssloop::testing
