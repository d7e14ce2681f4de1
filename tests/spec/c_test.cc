// SPDX-License-Identifier: BSD-2-Clause

// gssloop.h over the real mechglue with the scripted mechanism: that the C layer hands on what the
// loop decides, and that nothing goes wrong in between. Linked with the shared library, as a
// program of another project is.

#include <functional>
#include <string>
#include <vector>

#include "tests/spec/c_exchange.h"
#include "tests/spec/c_header.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

TEST_F(CSpec, NullIsAnsweredAndNeverACrash) { EXPECT_EQ(first_wrong_line_in_c(), 0); }

TEST_F(CSpec, StepsSayWhatIsToBeDone) {
  SPEC("L7 L8 L9");
  Script script;
  script.initiator = {go_on("hello"), go_on(""), complete("last")};
  scripted().play(script);
  Side side;
  side.initiates();
  EXPECT_EQ(side.start(), std::uint32_t{GSSLOOP_ACTION_SEND | GSSLOOP_ACTION_AWAIT});
  EXPECT_EQ(token_of(side.step), framed(oid(Mech::kScripted), "hello"));
  EXPECT_EQ(gssloop_step_error(side.step.get()), nullptr);
  CContext context;
  EXPECT_EQ(gssloop_step_take_context(side.step.get(), context.out()), GSSLOOP_INVALID);
  // An empty token is sent, too: it is not NULL.
  EXPECT_EQ(side.arrive("p2"), std::uint32_t{GSSLOOP_ACTION_SEND | GSSLOOP_ACTION_AWAIT});
  EXPECT_EQ(token_of(side.step), "");
  EXPECT_EQ(side.arrive("p3"), std::uint32_t{GSSLOOP_ACTION_SEND | GSSLOOP_ACTION_ESTABLISH});
  EXPECT_EQ(token_of(side.step), "last");
  EXPECT_EQ(gssloop_step_take_context(side.step.get(), context.out()), GSSLOOP_OK);
  EXPECT_STREQ(gssloop_context_mech(context.get()), kDottedOids[0]);
  CContext again;
  EXPECT_EQ(gssloop_step_take_context(side.step.get(), again.out()), GSSLOOP_INVALID);
  EXPECT_EQ(again.get(), nullptr);
}

TEST_F(CSpec, AMissingFlagFailsAndIsNamed) {
  SPEC("L32 L34");
  Script script;
  script.acceptor = {complete("last")};
  script.acceptor[0].flags_cleared = GSS_C_INTEG_FLAG;
  scripted().play(script);
  Side side(GSSLOOP_FLAG_INTEG | GSSLOOP_FLAG_CONF);
  side.accepts();
  EXPECT_EQ(side.arrive(first()), std::uint32_t{GSSLOOP_ACTION_SEND | GSSLOOP_ACTION_FAIL});
  EXPECT_EQ(side.fault(), GSSLOOP_FAULT_FLAGS_MISSING);
  const gssloop_error* error = gssloop_step_error(side.step.get());
  EXPECT_EQ(gssloop_error_missing_flags(error), std::uint32_t{GSSLOOP_FLAG_INTEG});
  EXPECT_NE(std::string(gssloop_error_text(error)).find("integ"), std::string::npos);
  CContext context;
  EXPECT_EQ(gssloop_step_take_context(side.step.get(), context.out()), GSSLOOP_INVALID);
}

TEST_F(CSpec, AnInitiatorAsksForWhatItRequiresAndWhatItAdds) {
  Side side(GSSLOOP_FLAG_MUTUAL | GSSLOOP_FLAG_PROT_READY | GSSLOOP_FLAG_TRANS |
            GSSLOOP_FLAG_CHANNEL_BOUND);
  EXPECT_EQ(gssloop_options_request(side.options.get(), GSSLOOP_FLAG_SEQUENCE), GSSLOOP_OK);
  EXPECT_EQ(gssloop_options_set_lifetime(side.options.get(), 77), GSSLOOP_OK);
  EXPECT_EQ(gssloop_options_set_channel_bindings(side.options.get(), "a\0b", 3), GSSLOOP_OK);
  side.initiates();
  side.start();
  const Record record = scripted().record();
  ASSERT_EQ(record.inits.size(), 1U);
  EXPECT_EQ(record.inits[0].req_flags, std::uint32_t{GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG});
  EXPECT_EQ(record.inits[0].time_req, 77U);
  ASSERT_TRUE(record.inits[0].bindings);
  EXPECT_EQ(record.inits[0].bindings->application_data, "a\0b"s);
}

TEST_F(CSpec, NothingIsSentWhereAnonymityIsLost) {
  SPEC("L5");
  Script script;
  script.initiator = {complete("alice")};
  script.initiator[0].flags_cleared = GSS_C_ANON_FLAG;
  scripted().play(script);
  Side side;
  EXPECT_EQ(gssloop_options_request(side.options.get(), GSSLOOP_FLAG_ANON), GSSLOOP_OK);
  side.initiates();
  EXPECT_EQ(side.start(), std::uint32_t{GSSLOOP_ACTION_FAIL});
  EXPECT_EQ(side.fault(), GSSLOOP_FAULT_ANONYMITY_LOST);
  EXPECT_EQ(token_of(side.step), "no token");
}

TEST_F(CSpec, AFailureHasItsStatusesAndItsToken) {
  SPEC("L24");
  Script script;
  script.acceptor = {fail(GSS_S_BAD_MIC, 4711, "error token")};
  script.minor_texts = {{4711, {"what the mechanism says"}}};
  scripted().play(script);
  Side side;
  side.accepts();
  EXPECT_EQ(side.arrive(first()), std::uint32_t{GSSLOOP_ACTION_SEND | GSSLOOP_ACTION_FAIL});
  EXPECT_EQ(token_of(side.step), "error token");
  const gssloop_error* error = gssloop_step_error(side.step.get());
  EXPECT_EQ(gssloop_error_fault(error), GSSLOOP_FAULT_PEER_REJECTED);
  EXPECT_EQ(gssloop_error_major(error), std::uint32_t{GSS_S_BAD_MIC});
  EXPECT_NE(gssloop_error_minor(error), 0U);
  EXPECT_NE(std::string(gssloop_error_text(error)).find("what the mechanism says"),
            std::string::npos);
}

// A program in C says the same as the module and the command.
TEST_F(CSpec, AnErrorComesWithAdvice) {
  Script script;
  script.acceptor = {fail(GSS_S_BAD_BINDINGS, 0, "")};
  scripted().play(script);
  Side side;
  side.accepts();
  (void)side.arrive(first());
  const gssloop_error* error = gssloop_step_error(side.step.get());
  EXPECT_NE(std::string(gssloop_error_advice(error)).find("different channels"), std::string::npos);
}

TEST_F(CSpec, ACallOutOfTurnFailsTheNegotiation) {
  SPEC("L15 L29");
  Side side;
  side.initiates();
  EXPECT_EQ(side.arrive("p1"), std::uint32_t{GSSLOOP_ACTION_FAIL});
  EXPECT_EQ(side.fault(), GSSLOOP_FAULT_LOCAL_MISUSE);
  Side acceptor;
  acceptor.accepts();
  EXPECT_EQ(gssloop_negotiation_start(acceptor.negotiation.get(), acceptor.step.out()),
            GSSLOOP_INVALID);
  EXPECT_EQ(acceptor.step.get(), nullptr);
  // The acceptor itself is none the worse for it; a token that is not there costs nothing either.
  EXPECT_EQ(
      gssloop_negotiation_on_token(acceptor.negotiation.get(), nullptr, 1, acceptor.step.out()),
      GSSLOOP_INVALID);
  EXPECT_EQ(acceptor.arrive(first()), std::uint32_t{GSSLOOP_ACTION_ESTABLISH});
}

TEST_F(CSpec, GivingUpHasItsFaultAndReason) {
  const struct {
    int event, fault;
    std::uint32_t actions;
  } rows[] = {
      {GSSLOOP_EVENT_DEADLINE, GSSLOOP_FAULT_TIMED_OUT,
       GSSLOOP_ACTION_TELL_PEER | GSSLOOP_ACTION_FAIL},
      {GSSLOOP_EVENT_PEER_DEFECT, GSSLOOP_FAULT_PEER_PROTOCOL,
       GSSLOOP_ACTION_TELL_PEER | GSSLOOP_ACTION_FAIL},
      {GSSLOOP_EVENT_PEER_FAILED, GSSLOOP_FAULT_PEER_REJECTED, GSSLOOP_ACTION_FAIL},
      {GSSLOOP_EVENT_CANCELLED, GSSLOOP_FAULT_CANCELLED,
       GSSLOOP_ACTION_TELL_PEER | GSSLOOP_ACTION_FAIL},
  };
  for (const auto& row : rows) {
    for (const char* reason : {static_cast<const char*>(nullptr), "because of a test"}) {
      Side side;
      side.accepts();
      ASSERT_EQ(
          gssloop_negotiation_give_up(side.negotiation.get(), row.event, reason, side.step.out()),
          GSSLOOP_OK);
      EXPECT_EQ(gssloop_step_actions(side.step.get()), row.actions);
      EXPECT_EQ(side.fault(), row.fault);
      const std::string text = gssloop_error_text(gssloop_step_error(side.step.get()));
      EXPECT_EQ(text == "because of a test", reason != nullptr) << text;
    }
  }
  Side side;
  side.accepts();
  for (const int event : {0, 5, -1}) {
    EXPECT_EQ(gssloop_negotiation_give_up(side.negotiation.get(), event, nullptr, side.step.out()),
              GSSLOOP_INVALID);
  }
}

TEST_F(CSpec, LimitsHold) {
  Side side;
  EXPECT_EQ(gssloop_options_set_limits(side.options.get(), 0, 1), GSSLOOP_INVALID);
  EXPECT_EQ(gssloop_options_set_limits(side.options.get(), 1, 0), GSSLOOP_INVALID);
  EXPECT_EQ(gssloop_options_set_limits(side.options.get(), 32, first().size() - 1), GSSLOOP_OK);
  side.accepts();
  side.arrive(first());
  EXPECT_EQ(side.fault(), GSSLOOP_FAULT_PEER_PROTOCOL);
  EXPECT_TRUE(scripted().record().accepts.empty());
}

TEST_F(CSpec, AnAcceptorTakesNoOptionsOfAnInitiators) {
  using Change = std::function<int(gssloop_options*)>;
  for (const Change& change : std::vector<Change>{
           [](gssloop_options* it) { return gssloop_options_set_mech(it, "1.2.3"); },
           [](gssloop_options* it) { return gssloop_options_request(it, GSSLOOP_FLAG_INTEG); },
           [](gssloop_options* it) { return gssloop_options_set_lifetime(it, 1); }}) {
    Side side;
    EXPECT_EQ(change(side.options.get()), GSSLOOP_OK);
    EXPECT_EQ(gssloop_acceptor_new(side.options.get(), side.negotiation.out(), side.error.out()),
              GSSLOOP_INVALID);
    EXPECT_EQ(fault_of(side.error), GSSLOOP_FAULT_LOCAL_MISUSE);
    EXPECT_EQ(side.negotiation.get(), nullptr);
  }
}

TEST_F(CSpec, WrongMechanismsAreTold) {
  Side side;
  for (const char* mech : {"", "krb5", "1.2.", "3.1.1", "1.2.99999999999"}) {
    EXPECT_EQ(gssloop_options_set_mech(side.options.get(), mech), GSSLOOP_INVALID) << mech;
  }
  side.initiates("1.3.6.1.4.1.32473.9.9");
  EXPECT_EQ(side.start(), std::uint32_t{GSSLOOP_ACTION_TELL_PEER | GSSLOOP_ACTION_FAIL});
  EXPECT_EQ(gssloop_error_major(gssloop_step_error(side.step.get())),
            std::uint32_t{GSS_S_BAD_MECH});
  CCredential credential;
  EXPECT_EQ(gssloop_credential_initiate(nullptr, 0, "1.3.6.1.4.1.32473.9.9", credential.out(),
                                        side.error.out()),
            GSSLOOP_FAILED);
  EXPECT_EQ(fault_of(side.error), GSSLOOP_FAULT_LOCAL_CREDENTIAL);
  EXPECT_EQ(gssloop_credential_initiate(nullptr, 0, "?", credential.out(), side.error.out()),
            GSSLOOP_INVALID);
}

TEST_F(CSpec, ANegotiationKeepsItsCredential) {
  Side side;
  CCredential credential;
  ASSERT_EQ(gssloop_credential_accept(kService, nullptr, kDottedOids[0], credential.out(),
                                      side.error.out()),
            GSSLOOP_OK)
      << text_of(side.error);
  EXPECT_EQ(gssloop_options_set_credential(side.options.get(), credential.get()), GSSLOOP_OK);
  credential.out();  // frees it
  side.accepts();
  side.options.out();
  EXPECT_EQ(scripted().live().credentials, 1U);
  EXPECT_EQ(side.arrive(first()), std::uint32_t{GSSLOOP_ACTION_ESTABLISH});
  EXPECT_EQ(scripted().record().stale_handles, 0U);
  side.negotiation.out();
  EXPECT_EQ(scripted().live().credentials, 0U);
}

TEST_F(CSpec, EveryFaultHasAName) {
  for (int fault = GSSLOOP_FAULT_NONE; fault <= GSSLOOP_FAULT_LOCAL_CALL; ++fault) {
    EXPECT_STRNE(gssloop_fault_text(fault), "unknown fault") << fault;
  }
  EXPECT_STREQ(gssloop_fault_text(GSSLOOP_FAULT_LOCAL_CALL + 1), "unknown fault");
  EXPECT_STREQ(gssloop_fault_text(-1), "unknown fault");
  EXPECT_NE(std::string(gssloop_version()).find('.'), std::string::npos);
}

}  // namespace
}  // namespace gssloop::testing
