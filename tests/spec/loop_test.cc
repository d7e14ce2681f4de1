// SPDX-License-Identifier: BSD-2-Clause

// The negotiation loop through the real mechglue: what is passed in, what is sent, what follows.
// Sections are those of draft-kaduk-kitten-gss-loop-02.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

TEST_F(LoopSpec, FirstCallOfAnInitiatorHasNoTokenAndNoContext) {
  SPEC("L1");
  for (const Mech mech : kMechs) {
    scripted().reset();
    gss::InitiatorInput input = asks_for(Flag::kMutual);
    input.mech = gss::Oid(oid(mech));
    loop::Initiator initiator(std::move(input), {});
    const Step step = initiator.start();
    const Record record = scripted().record();
    ASSERT_EQ(record.inits.size(), 1U);
    EXPECT_EQ(record.inits[0].input.kind, InputToken::Kind::kNoBuffer);
    EXPECT_EQ(record.inits[0].context_in, 0U);
  }
}

TEST_F(LoopSpec, AnInitiatorMayStartAndAnAcceptorWaits) {
  SPEC("L4 L15 L29");
  LoneSide initiator(Role::kInitiator);
  LoneSide acceptor(Role::kAcceptor);
  EXPECT_EQ(initiator.side().phase(), Phase::kNegotiating);
  EXPECT_EQ(acceptor.side().phase(), Phase::kAwaiting);
  // Before the start no token is expected: the mechanism does not see it.
  const Step early = initiator.arrive("p1");
  EXPECT_EQ(early.failure().fault, Fault::kLocalMisuse);
  EXPECT_FALSE(sends(early));
  EXPECT_EQ(num_calls(Role::kInitiator), 0U);
  EXPECT_TRUE(acceptor.next().is_established());
}

TEST_F(LoopSpec, AnInitiatorStartsOnce) {
  SPEC("L4");
  scripted().play(with_legs(Role::kInitiator, {go_on("hello"), complete()}));
  LoneSide side(Role::kInitiator);
  EXPECT_TRUE(side.next().row().has(Action::kAwaitToken));
  const Step again = side.initiator().start();
  EXPECT_EQ(again.failure().fault, Fault::kLocalMisuse);
  EXPECT_EQ(num_calls(Role::kInitiator), 1U);
}

// What must stay the same on every call, and what must be the one before's.
template <class Call>
void expect_fixed_inputs(const std::vector<Call>& calls, unsigned credential,
                         const Bindings& bindings) {
  ASSERT_EQ(calls.size(), 4U);
  EXPECT_EQ(calls[0].context_in, 0U);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].credential, credential) << i;
    EXPECT_EQ(calls[i].bindings, bindings) << i;
    if (i == 0) continue;
    EXPECT_NE(calls[i].context_in, 0U) << i;
    EXPECT_EQ(calls[i].context_in, calls[i - 1].context_out) << i;
  }
}

const std::string kBinding = "n,,tls-exporter:\0\xff bytes"s;

TEST_F(LoopSpec, InitiatorPassesTheSameInputsOnEveryCall) {
  SPEC("L2 L3");
  scripted().play(with_legs(Role::kInitiator, legs_before(3, complete())));
  const auto credential = gss::acquire_initiator(GSS_C_NO_NAME, scripted_mech());
  ASSERT_TRUE(credential);
  const unsigned serial = scripted().record().acquires.back().credential;
  ASSERT_NE(serial, 0U);
  gss::InitiatorInput input = asks_for(Flag::kMutual | Flag::kSequence | Flag::kDeleg);
  input.credential = credential->get();
  input.time_req = 4711;
  input.bindings.emplace(to_bytes(as_bytes(kBinding)));
  loop::Initiator initiator(std::move(input), {});
  Step step = initiator.start();
  for (int i = 2; step.row().has(Action::kAwaitToken); ++i) {
    // A token of another place and length each time: nothing may be remembered by its address.
    step = initiator.on_token(as_bytes(std::string(static_cast<std::size_t>(i) * 100, 'p')));
  }
  ASSERT_TRUE(step.is_established());
  const std::vector<InitCall> calls = scripted().record().inits;
  expect_fixed_inputs(calls, serial, Bindings{0, "", 0, "", kBinding});
  for (const InitCall& call : calls) {
    EXPECT_EQ(call.target, kService);
    EXPECT_EQ(call.target_type, octets(GSS_C_NT_HOSTBASED_SERVICE));
    EXPECT_EQ(call.mech_type, octets(oid(Mech::kScripted)));
    EXPECT_EQ(call.req_flags, (Flag::kMutual | Flag::kSequence | Flag::kDeleg).bits());
    EXPECT_EQ(call.time_req, 4711U);
  }
}

TEST_F(LoopSpec, AcceptorPassesTheSameInputsOnEveryCall) {
  SPEC("L18 L19");
  scripted().play(with_legs(Role::kAcceptor, legs_before(3, complete())));
  const auto credential = gss::acquire_acceptor(GSS_C_NO_NAME, scripted_mech(), "");
  ASSERT_TRUE(credential);
  const unsigned serial = scripted().record().acquires.back().credential;
  gss::AcceptorInput input;
  input.credential = credential->get();
  input.bindings.emplace(to_bytes(as_bytes(kBinding)));
  loop::Acceptor acceptor(std::move(input), {});
  Step step = acceptor.on_token(as_bytes(framed(oid(Mech::kScripted), "p1")));
  for (int i = 2; step.row().has(Action::kAwaitToken); ++i) {
    step = acceptor.on_token(as_bytes(std::string(static_cast<std::size_t>(i) * 100, 'p')));
  }
  ASSERT_TRUE(step.is_established());
  const std::vector<AcceptCall> calls = scripted().record().accepts;
  expect_fixed_inputs(calls, serial, Bindings{0, "", 0, "", kBinding});
  EXPECT_TRUE(calls[0].asked_source);
}

TEST_F(LoopSpec, NoBindingsAreNoBindingsOnEveryCall) {
  SPEC("L2 L19");
  for (const Role role : kRoles) {
    scripted().play(with_legs(role, legs_before(2, complete())));
    LoneSide side(role);
    while (side.next().row().has(Action::kAwaitToken)) {
    }
    const Record record = scripted().record();
    ASSERT_EQ(num_calls(role), 3U);
    for (const InitCall& call : record.inits) EXPECT_FALSE(call.bindings);
    for (const AcceptCall& call : record.accepts) EXPECT_FALSE(call.bindings);
  }
}

// Sections 2.2 and 2.5: the outcomes that are no failure, in both roles and on any leg.
struct Outcome {
  const char* what;
  Leg leg;
  std::vector<Action> actions;
  std::string token;
};

std::vector<Outcome> good_outcomes() {
  Leg silent_continue = go_on("");
  silent_continue.token.reset();
  return {
      {"COMPLETE, no token", complete(), {Action::kEstablish}, ""},
      {"COMPLETE, empty token", complete(""), {Action::kEstablish}, ""},
      {"COMPLETE, token", complete("tok"), {Action::kSendToken, Action::kEstablish}, "tok"},
      {"CONTINUE, token", go_on("tok"), {Action::kSendToken, Action::kAwaitToken}, "tok"},
      {"CONTINUE, empty token", go_on(""), {Action::kSendToken, Action::kAwaitToken}, ""},
      {"CONTINUE, no token", silent_continue, {Action::kSendToken, Action::kAwaitToken}, ""},
  };
}

void expect_outcome(Role role, int num_legs_before, const Outcome& outcome) {
  SCOPED_TRACE(std::string(outcome.what) + ", role " + std::to_string(static_cast<int>(role)) +
               ", leg " + std::to_string(num_legs_before + 1));
  scripted().play(with_legs(role, legs_before(num_legs_before, outcome.leg)));
  LoneSide side(role);
  for (int i = 0; i < num_legs_before; ++i) ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
  Step step = side.next();
  EXPECT_EQ(actions_of(step), outcome.actions);
  EXPECT_EQ(token_of(step), outcome.token);
  EXPECT_EQ(step.row().fault, Fault::kNone);
  const bool is_done = step.is_established();
  EXPECT_EQ(side.side().phase(), is_done ? Phase::kOver : Phase::kAwaiting);
  if (!is_done) return;
  const loop::EstablishedContext context = step.take_context();
  EXPECT_TRUE(context.is_usable());
  EXPECT_EQ(context.role(), role);
  EXPECT_EQ(context.mech(), scripted_mech());
  EXPECT_TRUE(context.flags().has(Flag::kMutual));
}

TEST_F(LoopSpec, CompleteAndContinueWithAndWithoutToken) {
  SPEC("L6 L7 L8 L9 L20 L21 L22 L23");
  for (const Role role : kRoles) {
    for (int before = 0; before < 3; ++before) {
      for (const Outcome& outcome : good_outcomes()) expect_outcome(role, before, outcome);
    }
  }
}

TEST_F(LoopSpec, AnEmptyTokenTravelsBothWays) {
  SPEC("L9 L23 L31");
  Script script;
  script.initiator = {go_on("hello"), go_on(""), complete()};
  script.acceptor = {go_on(""), complete("")};
  script.acceptor[1].major = GSS_S_CONTINUE_NEEDED;
  script.acceptor.push_back(complete());
  script.initiator[2] = complete("done");
  const Talk said = establish(std::move(script));
  EXPECT_EQ(said.from_acceptor, (std::vector<std::string>{"", ""}));
  const Record record = scripted().record();
  EXPECT_EQ(record.inits[1].input.kind, InputToken::Kind::kEmpty);
  EXPECT_EQ(record.accepts[1].input.kind, InputToken::Kind::kEmpty);
}

// Section 2.8: 1 to 9 tokens, so that either side is the last to send.
Script script_of_tokens(int num_tokens, const std::string& text) {
  Script script;
  script.initiator.clear();
  script.acceptor.clear();
  for (int i = 1; i <= num_tokens; ++i) {
    Leg leg = go_on(text + std::to_string(i));
    if (i == num_tokens) leg.major = GSS_S_COMPLETE;
    (i % 2 == 1 ? script.initiator : script.acceptor).push_back(leg);
  }
  (num_tokens % 2 == 1 ? script.acceptor : script.initiator).push_back(complete());
  return script;
}

TEST_F(LoopSpec, GoesOnForAnyNumberOfLegsAndSendsEachTokenOnceAndWhole) {
  SPEC("L8 L13 L22 L27 L31");
  for (const std::string& text : {"t"s, "\0\xff\0"s, std::string(70000, 'x')}) {
    for (int num_tokens = 1; num_tokens <= 9; ++num_tokens) {
      const Talk said = establish(script_of_tokens(num_tokens, text));
      EXPECT_EQ(said.from_initiator.size() + said.from_acceptor.size(),
                static_cast<std::size_t>(num_tokens));
      const Record record = scripted().record();
      for (std::size_t i = 0; i < said.from_initiator.size(); ++i) {
        ASSERT_EQ(said.from_initiator[i], record.inits[i].output);
        ASSERT_EQ(said.from_initiator[i], record.accepts[i].input.bytes);
      }
      for (std::size_t i = 0; i < said.from_acceptor.size(); ++i) {
        ASSERT_EQ(said.from_acceptor[i], record.accepts[i].output);
        ASSERT_EQ(said.from_acceptor[i], record.inits[i + 1].input.bytes);
      }
    }
  }
}

TEST_F(LoopSpec, AcceptorRefusesAnEmptyFirstTokenUnseen) {
  SPEC("L17");
  scripted().play(with_legs(Role::kAcceptor, {go_on("one"), complete()}));
  LoneSide side(Role::kAcceptor);
  const Step step = side.arrive("");
  EXPECT_EQ(actions_of(step), (std::vector{Action::kTellPeer, Action::kDestroy, Action::kFail}));
  EXPECT_EQ(step.failure().fault, Fault::kPeerProtocol);
  EXPECT_EQ(num_calls(Role::kAcceptor), 0U);
  // Only the first: a later one is the mechanism's to judge (section 2.2).
  LoneSide other(Role::kAcceptor);
  EXPECT_TRUE(other.next().row().has(Action::kAwaitToken));
  EXPECT_TRUE(other.arrive("").is_established());
  EXPECT_EQ(scripted().record().accepts[1].input.kind, InputToken::Kind::kEmpty);
}

}  // namespace
}  // namespace gssloop::testing
