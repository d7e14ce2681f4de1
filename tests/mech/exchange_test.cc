// SPDX-License-Identifier: BSD-2-Clause

// Proves the scripted mechanism through the real mechglue, by plain gss_* calls. What these tests
// show of the glue is what other tests may rely on.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gssloop/gss/gssapi_c.h"
#include "tests/mech/loader.h"
#include "tests/mech/side.h"

namespace gssloop::testing {
namespace {

TEST_F(ScriptedMech, PlaysOneToNineLegsInBothRoles) {
  for (int num_tokens = 1; num_tokens <= 9; ++num_tokens) {
    Script script;
    script.initiator.clear();
    script.acceptor.clear();
    for (int i = 1; i <= num_tokens; ++i) {
      Leg leg = i < num_tokens - 1 ? go_on("t" + std::to_string(i)) : go_on("last");
      if (i == num_tokens) leg.major = GSS_S_COMPLETE;
      // The side that sends the token before the last one must go on; the other one completes.
      (i % 2 == 1 ? script.initiator : script.acceptor).push_back(leg);
    }
    (num_tokens % 2 == 1 ? script.acceptor : script.initiator).push_back(complete());
    scripted().play(script);
    Side initiator, acceptor;
    EXPECT_EQ(exchange(initiator, acceptor), num_tokens);
    EXPECT_EQ(initiator.major, GSS_S_COMPLETE) << num_tokens;
    EXPECT_EQ(acceptor.major, GSS_S_COMPLETE) << num_tokens;
    EXPECT_EQ(display(acceptor.source), "alice@EXAMPLE.COM");
    EXPECT_EQ(scripted().record().overruns, 0u);
    EXPECT_EQ(scripted().live().contexts, 2u);
  }
}

TEST_F(ScriptedMech, RecordsWhatTheFirstInitCallIsGiven) {
  Side initiator, acceptor;
  gss_channel_bindings_struct bindings{};
  std::string data = "tls-unique:\0x";
  bindings.initiator_addrtype = 3;
  bindings.application_data = view(data);
  initiator.bindings = acceptor.bindings = &bindings;
  exchange(initiator, acceptor);
  const Record record = scripted().record();
  ASSERT_EQ(record.inits.size(), 1u);
  const InitCall& call = record.inits[0];
  EXPECT_EQ(call.context_in, 0u);
  EXPECT_NE(call.context_out, 0u);
  EXPECT_EQ(call.input.kind, InputToken::Kind::kNoBuffer);
  EXPECT_EQ(call.target, "imap@host.example.com");
  EXPECT_EQ(call.target_type, octets(GSS_C_NT_HOSTBASED_SERVICE));
  EXPECT_EQ(call.mech_type, octets(oid(Mech::kScripted)));
  EXPECT_EQ(call.req_flags, static_cast<OM_uint32>(GSS_C_MUTUAL_FLAG));
  EXPECT_EQ(call.time_req, 77u);
  EXPECT_EQ(call.bindings, (Bindings{3, "", 0, "", data}));
  ASSERT_EQ(record.accepts.size(), 1u);
  EXPECT_EQ(record.accepts[0].bindings, call.bindings);
  EXPECT_EQ(record.accepts[0].input.bytes, framed(oid(Mech::kScripted), "hello"));
  EXPECT_NE(acceptor.flags & GSS_C_CHANNEL_BOUND_FLAG, 0u);
}

TEST_F(ScriptedMech, TellsAnEmptyInputTokenFromNoBuffer) {
  Side initiator;
  const std::string empty;
  initiator.init(Mech::kScripted, &empty);
  EXPECT_EQ(scripted().record().inits[0].input.kind, InputToken::Kind::kEmpty);
}

TEST_F(ScriptedMech, PassesEmptyContinueTokensAndChainsHandles) {
  Script script;
  script.initiator = {go_on("hello"), go_on(""), complete()};
  script.acceptor = {go_on(""), complete()};
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  EXPECT_EQ(acceptor.major, GSS_S_COMPLETE);
  const Record record = scripted().record();
  ASSERT_EQ(record.inits.size(), 3u);
  EXPECT_EQ(record.inits[1].input.kind, InputToken::Kind::kEmpty);
  EXPECT_EQ(record.inits[1].context_in, record.inits[0].context_out);
  EXPECT_EQ(record.accepts[1].input.kind, InputToken::Kind::kEmpty);
  EXPECT_EQ(record.accepts[1].context_in, record.accepts[0].context_out);
}

TEST_F(ScriptedMech, PassesEveryMajorWithTheErrorTokenOnFirstAndLaterLegs) {
  const std::vector<OM_uint32> majors = {GSS_S_FAILURE,   GSS_S_DUPLICATE_TOKEN,
                                         GSS_S_OLD_TOKEN, GSS_S_UNSEQ_TOKEN,
                                         GSS_S_GAP_TOKEN, GSS_S_CONTINUE_NEEDED | GSS_S_OLD_TOKEN,
                                         0xd0001u};
  for (const OM_uint32 major : majors) {
    for (const bool is_later : {false, true}) {
      Script script;
      if (is_later) script.initiator = {go_on("hello"), go_on("two"), complete()};
      script.acceptor = {fail(major, 5, "E!")};
      if (is_later) script.acceptor.insert(script.acceptor.begin(), go_on("one"));
      scripted().play(script);
      Side initiator, acceptor;
      exchange(initiator, acceptor);
      EXPECT_EQ(acceptor.major, major);
      EXPECT_EQ(acceptor.output, "E!");
      EXPECT_EQ(acceptor.context != GSS_C_NO_CONTEXT, is_later);

      script.initiator = {fail(major, 5, "E!")};
      if (is_later) script.initiator.insert(script.initiator.begin(), go_on("hello"));
      script.acceptor = {go_on("one")};
      scripted().play(script);
      Side failing, peer;
      exchange(failing, peer);
      EXPECT_EQ(failing.major, major);
      EXPECT_EQ(failing.output, is_later ? "E!" : framed(oid(Mech::kScripted), "E!"));
      EXPECT_EQ(failing.context != GSS_C_NO_CONTEXT, is_later);
    }
  }
}

TEST_F(ScriptedMech, FailsPastTheEndOfTheScript) {
  Script script;
  script.initiator = {go_on("hello"), complete("x")};
  script.acceptor = {go_on("one")};
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  EXPECT_EQ(acceptor.major, GSS_S_FAILURE);
  EXPECT_EQ(scripted().record().overruns, 1u);
}

TEST_F(ScriptedMech, DropsItsContextAndRefusesUnexpectedInput) {
  Script script;
  script.initiator = {go_on("hello"), fail(GSS_S_FAILURE)};
  script.initiator[1].drop_context = true;
  script.acceptor = {go_on("one")};
  script.acceptor[0].expected_input = "hello";
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  EXPECT_EQ(acceptor.major, GSS_S_CONTINUE_NEEDED);
  EXPECT_EQ(scripted().live().contexts, 1u);
  EXPECT_NE(initiator.context, GSS_C_NO_CONTEXT);
  scripted().edit([](Script& s) { s.acceptor[0].expected_input = "other"; });
  Side second;
  second.accept(framed(oid(Mech::kScripted), "hello"));
  EXPECT_EQ(second.major, GSS_S_DEFECTIVE_TOKEN);
}

TEST_F(ScriptedMech, FindsEveryMechanismByItsFirstToken) {
  for (Mech mech : kMechs) {
    for (std::size_t size : {0u, 1u, 120u, 300u, 70000u}) {
      Script script;
      script.initiator = {complete(std::string(size, 'x'))};
      script.acceptor[0].expected_input = std::string(size, 'x');
      scripted().play(script);
      Side initiator, acceptor;
      exchange(initiator, acceptor, mech);
      EXPECT_EQ(acceptor.major, GSS_S_COMPLETE) << kDottedOids[index(mech)] << ' ' << size;
      EXPECT_EQ(octets(acceptor.mech_type), octets(oid(mech)));
      EXPECT_EQ(octets(initiator.mech_type), octets(oid(mech)));
    }
  }
}

TEST_F(ScriptedMech, HidesFlagsAndMechanismOnAnAcceptorsContinue) {
  Script script;
  script.initiator = {go_on("hello"), complete("x")};
  script.acceptor = {go_on("one"), complete()};
  script.acceptor[1].flags_cleared = GSS_C_MUTUAL_FLAG;
  scripted().play(script);
  Side initiator, acceptor;
  initiator.init(Mech::kScripted, nullptr, GSS_C_MUTUAL_FLAG | GSS_C_ANON_FLAG);
  EXPECT_EQ(initiator.flags, static_cast<OM_uint32>(GSS_C_MUTUAL_FLAG | GSS_C_ANON_FLAG));
  acceptor.flags = 0x12345;
  acceptor.accept(initiator.output);
  EXPECT_EQ(acceptor.flags, 0u);
  EXPECT_EQ(acceptor.mech_type, GSS_C_NO_OID);
  EXPECT_EQ(acceptor.source, GSS_C_NO_NAME);
  initiator.init(Mech::kScripted, &acceptor.output);
  acceptor.accept(initiator.output);
  EXPECT_EQ(acceptor.flags & GSS_C_MUTUAL_FLAG, 0u);
  EXPECT_NE(acceptor.flags & GSS_C_INTEG_FLAG, 0u);
}

TEST_F(ScriptedMech, GivesAnonymousForeignAndMissingSources) {
  Script script;
  script.source = NameSpec{"anonymous", GSS_C_NT_ANONYMOUS};
  scripted().play(script);
  {
    Side initiator, acceptor;
    exchange(initiator, acceptor);
    gss_OID type = GSS_C_NO_OID;
    EXPECT_EQ(display(acceptor.source, &type), "anonymous");
    EXPECT_EQ(octets(type), octets(GSS_C_NT_ANONYMOUS));
  }
  scripted().edit([](Script& s) { s.source = NameSpec{"x", GSS_KRB5_NT_PRINCIPAL_NAME}; });
  {
    Side initiator, acceptor;
    exchange(initiator, acceptor);
    gss_OID type = GSS_C_NO_OID;
    EXPECT_EQ(display(acceptor.source, &type), "x");
    EXPECT_EQ(octets(type), octets(GSS_KRB5_NT_PRINCIPAL_NAME));
  }
  scripted().edit([](Script& s) { s.source.reset(); });
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  EXPECT_EQ(acceptor.major, GSS_S_COMPLETE);
  EXPECT_EQ(acceptor.source, GSS_C_NO_NAME);
}

TEST_F(ScriptedMech, DisplaysAllTextsOfAMinorStatus) {
  Script script;
  script.acceptor = {fail(GSS_S_FAILURE, 4711)};
  script.minor_texts[4711] = {"first", "second", "third"};
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  std::vector<std::string> texts;
  OM_uint32 message_context = 0;
  do {
    OM_uint32 minor = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    ASSERT_EQ(gss_display_status(&minor, acceptor.minor, GSS_C_MECH_CODE, oid(Mech::kScripted),
                                 &message_context, &text),
              GSS_S_COMPLETE);
    texts.push_back(take(&text));
  } while (message_context != 0);
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "second", "third"}));
}

}  // namespace
}  // namespace gssloop::testing
