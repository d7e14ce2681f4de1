// SPDX-License-Identifier: BSD-2-Clause

// Sections 3.1 and 3.2: what is done with a context once it is there.

#include <string>
#include <vector>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using gss::Protection;
using loop::EstablishedContext;
using loop::Row;

std::vector<Action> actions_of(const Row& row) { return {row.actions.begin(), row.actions.end()}; }

// One side, established in a single leg, with `required` flags.
EstablishedContext established(Role role, Flags required = {}) {
  LoneSide side(role,
                {.request = Flag::kMutual | Flag::kConf | Flag::kInteg, .required = required});
  Step step = side.next();
  EXPECT_TRUE(step.is_established());
  return step.take_context();
}

TEST_F(LoopSpec, AnExtraTokenGoesToProcessContextTokenAndTheContextIsAskedAgain) {
  SPEC("L37 L39");
  for (const Role role : kRoles) {
    scripted().reset();
    EstablishedContext context = established(role, Flag::kMutual);
    const std::size_t num_inquiries = scripted().record().context_inquiries.size();
    for (std::size_t i = 1; i <= 3; ++i) {
      const Row& row = context.on_token(as_bytes("extra"));
      EXPECT_EQ(actions_of(row), std::vector{Action::kKeep});
      EXPECT_EQ(row.fault, Fault::kNone);
      const Record record = scripted().record();
      ASSERT_EQ(record.process_tokens.size(), i);
      EXPECT_EQ(record.process_tokens.back().input.bytes, "extra");
      EXPECT_EQ(record.context_inquiries.size(), num_inquiries + i);
      EXPECT_LT(record.position("gss_process_context_token"), record.log.size());
      EXPECT_EQ(record.log.back().call, "gss_inquire_context");
    }
    EXPECT_TRUE(context.is_usable());
    EXPECT_EQ(num_calls(role), 1U) << "an extra token is none for the loop";
  }
}

// Whatever the call itself says: what the context is afterwards decides.
TEST_F(LoopSpec, TheContextDecidesNotTheStatusOfTheExtraToken) {
  SPEC("L37 L39");
  for (const Role role : kRoles) {
    for (const OM_uint32 major :
         std::vector<OM_uint32>{GSS_S_COMPLETE, GSS_S_DEFECTIVE_TOKEN, GSS_S_FAILURE}) {
      for (const bool is_gone : {false, true}) {
        Script script;
        script.process_token.answer = {major, 0};
        script.process_token.context_gone = is_gone;
        scripted().play(std::move(script));
        EstablishedContext context = established(role);
        const Row& row = context.on_token(as_bytes("extra"));
        EXPECT_EQ(row.fault, is_gone ? Fault::kPeerRejected : Fault::kNone);
        EXPECT_EQ(context.is_usable(), !is_gone);
      }
    }
  }
}

TEST_F(LoopSpec, AContextThatIsGoneIsDestroyedAndUselessAfterwards) {
  SPEC("L38 L39");
  for (const Role role : kRoles) {
    Script script;
    script.process_token.context_gone = true;
    scripted().play(std::move(script));
    EstablishedContext context = established(role);
    EXPECT_EQ(actions_of(context.on_token(as_bytes("delete"))),
              (std::vector{Action::kDestroy, Action::kFail}));
    EXPECT_EQ(scripted().live().contexts, 0U);
    ASSERT_EQ(scripted().record().deletes.size(), 1U);
    EXPECT_FALSE(scripted().record().deletes[0].had_buffer);
    EXPECT_FALSE(context.wrap(Protection::kIntegrity, as_bytes("m")));
    EXPECT_FALSE(context.unwrap(Protection::kIntegrity, as_bytes("m")));
    EXPECT_FALSE(context.source_name());
    EXPECT_FALSE(context.target_name());
    EXPECT_EQ(actions_of(context.on_token(as_bytes("again"))), std::vector{Action::kFail});
    EXPECT_EQ(scripted().record().process_tokens.size(), 1U);
  }
}

TEST_F(LoopSpec, ALostFlagCostsTheContextOnlyIfItIsNeeded) {
  SPEC("L39");
  for (const Role role : kRoles) {
    for (const bool is_needed : {true, false}) {
      Script script;
      script.process_token.flags_lost = GSS_C_CONF_FLAG;
      scripted().play(std::move(script));
      EstablishedContext context =
          established(role, is_needed ? Flag::kConf | Flag::kMutual : Flags(Flag::kMutual));
      ASSERT_TRUE(context.flags().has(Flag::kConf));
      const Row& row = context.on_token(as_bytes("extra"));
      EXPECT_EQ(row.fault, is_needed ? Fault::kFlagsMissing : Fault::kNone);
      EXPECT_EQ(context.is_usable(), !is_needed);
      EXPECT_FALSE(context.flags().has(Flag::kConf)) << "the flags are what they are now";
      EXPECT_EQ(scripted().live().contexts, is_needed ? 0U : 1U);
    }
  }
}

TEST_F(LoopSpec, ContextsAreDeletedWithoutDeletionTokens) {
  SPEC("L38 L41");
  establish();
  const Record record = scripted().record();
  ASSERT_EQ(record.deletes.size(), 2U);
  for (const DeleteCall& call : record.deletes) EXPECT_FALSE(call.had_buffer);
}

Talk talk_with_layers(Script script = {}) {
  return establish(std::move(script), Flag::kMutual | Flag::kConf | Flag::kInteg);
}

TEST_F(LoopSpec, MessagesTravelInBothDirections) {
  SPEC("L36 L41");
  Talk said = talk_with_layers();
  const std::string message("\0\xff message", 10);
  for (auto [from, to] : {std::pair(&*said.initiator, &*said.acceptor),
                          std::pair(&*said.acceptor, &*said.initiator)}) {
    for (const Protection protection : {Protection::kIntegrity, Protection::kConfidentiality}) {
      const auto token = from->wrap(protection, as_bytes(message));
      ASSERT_TRUE(token);
      const auto opened = to->unwrap(protection, token->view());
      ASSERT_TRUE(opened);
      EXPECT_EQ(as_text(opened->view()), message);
    }
    const auto mic = from->get_mic(as_bytes(message));
    ASSERT_TRUE(mic);
    EXPECT_TRUE(to->verify_mic(as_bytes(message), mic->view()).is_complete());
    EXPECT_FALSE(to->verify_mic(as_bytes("another"), mic->view()).is_complete());
  }
  EXPECT_EQ(*said.initiator->wrap_size_limit(Protection::kConfidentiality, 1000), 985U);
}

TEST_F(LoopSpec, WhatWasNotEncryptedIsRefusedWhereItHadToBe) {
  SPEC("L36");
  for (const bool is_wrap : {true, false}) {
    Script script;
    (is_wrap ? script.per_message.wrap_conf_state : script.per_message.unwrap_conf_state) = 0;
    Talk said = talk_with_layers(std::move(script));
    const auto open = said.initiator->wrap(Protection::kIntegrity, as_bytes("open"));
    ASSERT_TRUE(open);
    EXPECT_TRUE(said.acceptor->unwrap(Protection::kIntegrity, open->view()));
    const auto secret = said.initiator->wrap(Protection::kConfidentiality, as_bytes("secret"));
    EXPECT_EQ(static_cast<bool>(secret), !is_wrap);
    if (!secret) continue;
    const auto opened = said.acceptor->unwrap(Protection::kConfidentiality, secret->view());
    EXPECT_FALSE(opened);
  }
}

// The same without a lying mechanism: the context has no CONF, or the peer sends without.
TEST_F(LoopSpec, ConfidentialityIsVerifiedByTheStateOfEachMessage) {
  SPEC("L36");
  Talk said = establish({}, Flag::kMutual);
  EXPECT_FALSE(said.initiator->wrap(Protection::kConfidentiality, as_bytes("secret")));
  const auto open = said.initiator->wrap(Protection::kIntegrity, as_bytes("open"));
  ASSERT_TRUE(open);
  EXPECT_FALSE(said.acceptor->unwrap(Protection::kConfidentiality, open->view()));
}

// Any status but COMPLETE, the supplementary ones included, gives no data.
TEST_F(LoopSpec, AMessageWithAnyOtherStatusIsNoData) {
  SPEC("L36 L40");
  for (const OM_uint32 major :
       std::vector<OM_uint32>{GSS_S_CONTINUE_NEEDED, GSS_S_DUPLICATE_TOKEN, GSS_S_OLD_TOKEN,
                              GSS_S_UNSEQ_TOKEN, GSS_S_GAP_TOKEN, 0xd0001U, GSS_S_FAILURE}) {
    Talk said = talk_with_layers();
    const auto token = said.initiator->wrap(Protection::kIntegrity, as_bytes("m"));
    const auto mic = said.initiator->get_mic(as_bytes("m"));
    ASSERT_TRUE(token && mic);
    scripted().edit([major](Script& script) {
      PerMessageScript& calls = script.per_message;
      calls.wrap = calls.unwrap = calls.get_mic = calls.verify_mic = calls.wrap_size_limit = major;
    });
    const auto opened = said.acceptor->unwrap(Protection::kIntegrity, token->view());
    ASSERT_FALSE(opened) << major;
    EXPECT_EQ(opened.error().major(), major);
    EXPECT_EQ(said.acceptor->verify_mic(as_bytes("m"), mic->view()).major(), major);
    EXPECT_FALSE(said.initiator->wrap(Protection::kIntegrity, as_bytes("m")));
    EXPECT_FALSE(said.initiator->get_mic(as_bytes("m")));
    EXPECT_FALSE(said.initiator->wrap_size_limit(Protection::kIntegrity, 100));
  }
}

TEST_F(LoopSpec, ReplayedMessagesAreNoData) {
  SPEC("L36 L40");
  Talk said = talk_with_layers();
  const auto first = said.initiator->wrap(Protection::kIntegrity, as_bytes("1"));
  const auto second = said.initiator->wrap(Protection::kIntegrity, as_bytes("2"));
  const auto third = said.initiator->wrap(Protection::kIntegrity, as_bytes("3"));
  ASSERT_TRUE(first && second && third);
  EXPECT_TRUE(said.acceptor->unwrap(Protection::kIntegrity, first->view()));
  EXPECT_FALSE(said.acceptor->unwrap(Protection::kIntegrity, first->view()));   // duplicate
  EXPECT_FALSE(said.acceptor->unwrap(Protection::kIntegrity, third->view()));   // gap
  EXPECT_FALSE(said.acceptor->unwrap(Protection::kIntegrity, second->view()));  // out of order
}

TEST_F(LoopSpec, TheAcceptorHasSourceDelegatedCredentialAndNames) {
  SPEC("L20 L41");
  Script script;
  script.credentials.delegated = NameSpec{"alice@EXAMPLE.COM"};
  Talk said = establish(std::move(script));
  EXPECT_NE(said.acceptor->source(), GSS_C_NO_NAME);
  EXPECT_NE(said.acceptor->delegated(), GSS_C_NO_CREDENTIAL);
  EXPECT_EQ(said.initiator->source(), GSS_C_NO_NAME);
  EXPECT_EQ(said.initiator->delegated(), GSS_C_NO_CREDENTIAL);
  EXPECT_EQ(scripted().live().credentials, 1U);
  const auto source = said.acceptor->source_name();
  const auto target = said.acceptor->target_name();
  ASSERT_TRUE(source && *source && target && *target);
  EXPECT_EQ(gss::display(source->get())->text, "alice@EXAMPLE.COM");
  EXPECT_EQ(gss::display(target->get())->text, "imap@host.example.com");
  // Asking for the other name costs, and crashes some mechanisms.
  const std::vector<InquireContextCall> calls = scripted().record().context_inquiries;
  ASSERT_EQ(calls.size(), 4U);
  EXPECT_TRUE(calls[2].asked_source && !calls[2].asked_target);
  EXPECT_TRUE(!calls[3].asked_source && calls[3].asked_target);
}

// The source is that of the last leg; a failing last leg leaves none behind.
TEST_F(LoopSpec, AnAcceptorWithoutSourceIsStillWhole) {
  SPEC("L20 L41");
  Script script;
  script.source.reset();
  const Talk said = establish(std::move(script));
  EXPECT_EQ(said.acceptor->source(), GSS_C_NO_NAME);
  EXPECT_FALSE(said.acceptor->inquire_source());
  EXPECT_FALSE(said.acceptor->source_attributes());
}

TEST_F(LoopSpec, ASideThatIsDroppedMidwayGivesEverythingBack) {
  SPEC("L41");
  for (const Role role : kRoles) {
    scripted().play(with_legs(role, legs_before(3, complete())));
    LoneSide side(role);
    ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
    ASSERT_TRUE(side.next().row().has(Action::kAwaitToken));
    EXPECT_EQ(scripted().live().contexts, 1U);
  }
}

TEST_F(LoopSpec, AnExtraTokenOverTheSizeLimitCostsTheContext) {
  SPEC("L37");
  for (const Role role : kRoles) {
    scripted().reset();
    EstablishedContext context = established(role);
    const loop::Row& row = context.on_token(Bytes(loop::Limits().max_token_len + 1));
    EXPECT_EQ(row.fault, loop::Fault::kPeerProtocol);
    EXPECT_FALSE(context.is_usable());
    EXPECT_TRUE(scripted().record().process_tokens.empty());
  }
}

}  // namespace
}  // namespace gssloop::testing
