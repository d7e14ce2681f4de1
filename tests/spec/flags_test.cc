// SPDX-License-Identifier: BSD-2-Clause

// Section 3: a context that lacks a flag which the application needs is destroyed, never used.

#include <string>
#include <type_traits>
#include <vector>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

constexpr Flag kNeeded[] = {Flag::kDeleg, Flag::kMutual, Flag::kReplay, Flag::kSequence,
                            Flag::kConf,  Flag::kInteg,  Flag::kAnon,   Flag::kChannelBound};

constexpr OM_uint32 all_flags() {
  Flags all;
  for (const Flag flag : kNeeded) all = all | flag;
  return all.bits();
}

// Grants everything on every leg, but not `cleared` on the last.
std::vector<Leg> legs_clearing_last(OM_uint32 cleared, std::optional<std::string> last_token) {
  std::vector<Leg> legs = legs_before(2, complete());
  for (Leg& leg : legs) leg.ret_flags = all_flags();
  legs.back().token = std::move(last_token);
  legs.back().flags_cleared = cleared;
  return legs;
}

Step last_step(LoneSide& side) {
  EXPECT_TRUE(side.next().row().has(Action::kAwaitToken));
  EXPECT_TRUE(side.next().row().has(Action::kAwaitToken));
  return side.next();
}

void expect_destroyed(Role role, Flag needed, std::optional<std::string> last_token) {
  SCOPED_TRACE("role " + std::to_string(static_cast<int>(role)) + ": " + to_string(needed));
  const bool has_token = last_token && !last_token->empty();
  scripted().play(with_legs(role, legs_clearing_last(Flags(needed).bits(), last_token)));
  // Anonymity is not asked for: then its loss would be noticed by another rule.
  LoneSide side(role, {.request = Flag::kMutual, .required = needed});
  {
    const Step step = last_step(side);
    EXPECT_EQ(actions_of(step), (std::vector{has_token ? Action::kSendToken : Action::kTellPeer,
                                             Action::kDestroy, Action::kFail}));
    EXPECT_EQ(token_of(step), has_token ? *last_token : "");
    EXPECT_EQ(step.failure().fault, Fault::kFlagsMissing);
    EXPECT_EQ(step.failure().missing, Flags(needed));
    EXPECT_EQ(step.failure().text(),
              "the context does not have the required flags: " + to_string(Flags(needed)));
  }
  EXPECT_EQ(scripted().live().contexts, 0U);
  EXPECT_EQ(scripted().record().deletes.size(), 1U);
}

TEST_F(LoopSpec, AContextWithoutANeededFlagIsDestroyed) {
  SPEC("L32 L34 L43");
  for (const Role role : kRoles) {
    for (const Flag needed : kNeeded) {
      expect_destroyed(role, needed, "end");
      expect_destroyed(role, needed, "");
      expect_destroyed(role, needed, std::nullopt);
    }
  }
}

TEST_F(LoopSpec, OnlyTheNeededFlagsCountAndOnlyAtTheEnd) {
  SPEC("L32 L34");
  for (const Role role : kRoles) {
    for (const Flag needed : kNeeded) {
      // All the others are cleared, and this one on the legs before the last.
      std::vector<Leg> legs = legs_clearing_last(all_flags() & ~Flags(needed).bits(), "end");
      for (std::size_t i = 0; i + 1 < legs.size(); ++i) legs[i].ret_flags = 0;
      scripted().play(with_legs(role, std::move(legs)));
      LoneSide side(role, {.request = Flag::kMutual, .required = needed});
      Step step = last_step(side);
      ASSERT_EQ(actions_of(step), (std::vector{Action::kSendToken, Action::kEstablish}))
          << to_string(Flags(needed));
      EXPECT_EQ(step.take_context().flags(), Flags(needed));
    }
  }
}

TEST_F(LoopSpec, EveryMissingFlagIsNamed) {
  SPEC("L32 L34 L43");
  for (const Role role : kRoles) {
    scripted().play(
        with_legs(role, legs_clearing_last(GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG, "end")));
    LoneSide side(role, {.required = Flag::kMutual | Flag::kInteg | Flag::kConf});
    const Step step = last_step(side);
    EXPECT_EQ(step.failure().missing, Flag::kMutual | Flag::kConf);
    EXPECT_NE(step.failure().text().find("mutual, conf"), std::string::npos);
  }
}

// An IAKERB acceptor of MIT 1.20 says COMPLETE and has no context behind it.
TEST_F(LoopSpec, ACompleteWhoseContextNobodyKnowsIsDestroyed) {
  SPEC("L32 L34 L39");
  for (const Role role : kRoles) {
    for (const OM_uint32 major : {GSS_S_NO_CONTEXT, GSS_S_FAILURE, GSS_S_UNAVAILABLE}) {
      Script script = with_legs(role, {complete("end")});
      script.inquiry.answer = {major, 0};
      scripted().play(std::move(script));
      LoneSide side(role);
      {
        const Step step = side.next();
        EXPECT_EQ(actions_of(step), (std::vector{Action::kDestroy, Action::kFail}));
        EXPECT_EQ(step.failure().fault, Fault::kMechanismDefect);
        EXPECT_EQ(step.failure().status.major(), major);
        EXPECT_TRUE(step.token_to_send().value_or(ByteView()).empty());
      }
      EXPECT_EQ(scripted().live().contexts, 0U);
    }
  }
}

// Names cost, and asking some mechanisms for targ_name crashes.
TEST_F(LoopSpec, TheLoopAsksTheContextForNoNames) {
  SPEC("L32 L34");
  establish();
  const Record record = scripted().record();
  EXPECT_EQ(record.context_inquiries.size(), 2U);
  for (const InquireContextCall& call : record.context_inquiries) {
    EXPECT_FALSE(call.asked_source);
    EXPECT_FALSE(call.asked_target);
  }
}

// Section 3.1: what does not compile cannot be done before completion. Per-message calls belong to
// EstablishedContext, and only the loop makes one.
template <class T>
concept ProtectsMessages = requires(T side, ByteView octets) {
  side.wrap(gss::Protection::kIntegrity, octets);
}
|| requires(T side, ByteView octets) { side.unwrap(gss::Protection::kIntegrity, octets); }
|| requires(T side, ByteView octets) { side.get_mic(octets); }
|| requires(T side, ByteView octets) { side.verify_mic(octets, octets); };
template <class T>
concept LendsItsContext = requires(T side) {
  side.context();
}
|| requires(T side) { side.context_; }
|| requires(T step) { step.context_; };

static_assert(!ProtectsMessages<loop::Initiator> && !ProtectsMessages<loop::Acceptor>);
static_assert(!ProtectsMessages<loop::Negotiation> && !ProtectsMessages<Step>);
static_assert(ProtectsMessages<loop::EstablishedContext>, "else the lines above prove nothing");
static_assert(!LendsItsContext<loop::Initiator> && !LendsItsContext<Step>);
static_assert(!LendsItsContext<loop::EstablishedContext>);
static_assert(!std::is_default_constructible_v<loop::EstablishedContext>);
static_assert(!std::is_copy_constructible_v<loop::EstablishedContext>);
static_assert(!std::is_copy_assignable_v<loop::EstablishedContext>);
static_assert(std::is_nothrow_move_constructible_v<loop::EstablishedContext>);
static_assert(!std::is_constructible_v<loop::EstablishedContext, Role, gss::Context, Flags, Flags,
                                       gss::Oid, gss::Name, gss::Credential>);
static_assert(!std::is_copy_constructible_v<loop::Initiator>);
static_assert(!std::is_copy_constructible_v<gss::Context>);

TEST_F(LoopSpec, NoMessageIsProtectedBeforeCompletion) {
  SPEC("L35");  // by the assertions above; and at run time the mechanism sees no such call
  for (const Role role : kRoles) {
    Leg leg = go_on("t1");
    leg.flags_added = GSS_C_PROT_READY_FLAG;
    scripted().play(with_legs(role, {leg}));
    LoneSide side(role);
    ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
  }
  EXPECT_TRUE(scripted().record().messages.empty());
}

}  // namespace
}  // namespace gssloop::testing
