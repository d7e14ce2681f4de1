// SPDX-License-Identifier: BSD-2-Clause
// What is listed, what is in the messages, and what the mechanism is given.
#include "tests/spec/gs2_scripted.h"

namespace gssloop::testing {
namespace {

TEST_F(Gs2Test, OffersWhatHasASaslNameAndDoesNotNegotiate) {
  SPEC("G1 G2");
  const SaslServer server;
  EXPECT_TRUE(server.offers(kScriptedName)) << server.offered();
  EXPECT_TRUE(server.offers(kUnframedName));
  EXPECT_FALSE(server.offers("GS2-NEGOTIATING"));
  // Nothing under a name that the mechanism did not give itself. "GSSAPI" and "GSS-SPNEGO" are
  // Kerberos, and here is no keytab for it.
  EXPECT_EQ(server.offered(), " GS2-SCRIPTED GS2-UNFRAMED ");
  SaslServer bound({.binding = ChannelBinding{"tls-unique", "x"}});
  EXPECT_TRUE(bound.offers("GS2-SCRIPTED-PLUS"));
}

TEST_F(Gs2Test, MechanismWithoutACredentialIsNotOffered) {
  SPEC("R11 G1");
  scripted().edit([](Script& script) { script.credentials.acquire_accept = {GSS_S_NO_CRED, 0}; });
  SaslServer server;
  EXPECT_FALSE(server.offers(kScriptedName));
  scripted().edit([](Script& script) { script.credentials.acquire_accept = {}; });
  EXPECT_TRUE(server.offers(kScriptedName));
}

TEST_F(Gs2Test, FramingIsStrippedAndRestored) {
  SPEC("G6 G3");
  SaslClient client({.user = says("b,=")});
  SaslServer server(watched());
  const Login login = log_in(&client, &server, kScriptedName);
  ASSERT_TRUE(login.ok()) << client.error() << server.log().text();
  EXPECT_EQ(login.messages.at(0).octets, "n,a=b=2C=3D,hello");
  EXPECT_EQ(scripted().record().accepts.at(0).input.bytes, first_token(Mech::kScripted, "hello"));
}

TEST_F(Gs2Test, TokenWithoutFramingTravelsWithTheFlag) {
  SPEC("G6 G3 G9");
  SaslClient client;
  SaslServer server(watched());
  const Login login = log_in(&client, &server, kUnframedName);
  ASSERT_TRUE(login.ok()) << client.error() << server.log().text();
  const std::string token = first_token(Mech::kUnframed, "hello");
  EXPECT_EQ(login.messages.at(0).octets, "F,n,," + token);
  const Record record = scripted().record();
  EXPECT_EQ(record.accepts.at(0).input.bytes, token);
  // The flag is no part of what is bound.
  EXPECT_EQ(record.accepts.at(0).bindings->application_data, "n,,");
}

// An attacker on the way adds or removes the flag, or replaces the token by that of another
// mechanism.
TEST_F(Gs2Test, AnUnframedMechanismTakesItsOwnTokensOnly) {
  SPEC("G6 G4");
  const std::string own = first_token(Mech::kUnframed, "hello");
  for (const std::string& message :
       {"n,," + own, std::string("F,n,,hello"), std::string("F,n,,"), "F,n,," + own.substr(0, 7),
        "F,n,," + first_token(Mech::kScripted, "hello"), "F,F,n,," + own, "f,n,," + own}) {
    SaslServer server(watched());
    EXPECT_LT(server.start(kUnframedName, message).code, SASL_OK) << message;
    EXPECT_TRUE(server.was_silent()) << message;
  }
}

TEST_F(Gs2Test, LongTokensAreFramedToo) {
  SPEC("G6");
  for (const std::size_t size : {100U, 127U, 128U, 240U, 300U, 70000U}) {
    const std::string payload(size, 'x');
    play({complete(payload)}, {complete()});
    SaslClient client;
    SaslServer server(watched());
    ASSERT_TRUE(log_in(&client, &server, kScriptedName).ok()) << size;
    EXPECT_EQ(scripted().record().accepts.at(0).input.bytes, first_token(Mech::kScripted, payload));
  }
}

TEST_F(Gs2Test, BindingsAreHeaderAndData) {
  SPEC("G9 G7 L19");
  const struct {
    const char* authzid;
    bool is_bound;
    std::string expected;
  } rows[] = {
      {"", false, "n,,"},
      {"x,y", false, "n,a=x=2Cy,"},
      {"", true, std::string("p=tls-unique,,a\0b", 17)},
      {"bob", true, std::string("p=tls-unique,a=bob,a\0b", 22)},
  };
  for (const auto& row : rows) {
    play({go_on("one"), go_on("three"), complete("five")},
         {go_on("two"), go_on("four"), complete()});
    ClientSetup setup{.user = says(row.authzid)};
    ServerSetup server_setup = watched();
    if (row.is_bound) {
      setup.binding = server_setup.binding =
          ChannelBinding{"tls-unique", std::string("a\0b", 3), true};
    }
    SaslClient client(setup);
    SaslServer server(server_setup);
    const Login login =
        log_in(&client, &server, row.is_bound ? "GS2-SCRIPTED-PLUS" : kScriptedName);
    ASSERT_TRUE(login.ok()) << client.error() << server.log().text();
    Bindings expected;  // no addresses
    expected.application_data = row.expected;
    const Record record = scripted().record();
    EXPECT_EQ(record.inits.size(), 3U);
    EXPECT_EQ(record.accepts.size(), 3U);
    for (const InitCall& call : record.inits) EXPECT_EQ(call.bindings, expected);
    for (const AcceptCall& call : record.accepts) EXPECT_EQ(call.bindings, expected);
  }
}

// Sequence is the documented exception of G11: Cyrus SASL's own server insists on it.
TEST_F(Gs2Test, OnlyMutualAuthenticationAndSequenceAreRequested) {
  SPEC("G11 G14 L2 L3 L1");
  for (const unsigned security : {0U, unsigned{SASL_SEC_PASS_CREDENTIALS}}) {
    play({go_on("one"), complete("three")}, {go_on("two"), complete()});
    SaslClient client({.security_flags = security});
    SaslServer server(watched());
    ASSERT_TRUE(log_in(&client, &server, kScriptedName).ok()) << client.error();
    const Record record = scripted().record();
    ASSERT_EQ(record.inits.size(), 2U);
    const InitCall& first = record.inits[0];
    EXPECT_EQ(first.context_in, 0U);
    EXPECT_EQ(first.input.kind, InputToken::Kind::kNoBuffer);
    EXPECT_EQ(first.target, "imap@localhost");
    for (const InitCall& call : record.inits) {
      EXPECT_EQ(call.req_flags, GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG |
                                    (security == 0 ? 0U : OM_uint32{GSS_C_DELEG_FLAG}));
      EXPECT_EQ(call.target, first.target);
      EXPECT_EQ(call.credential, first.credential);
      EXPECT_EQ(call.mech_type, octets(oid(Mech::kScripted)));
    }
    EXPECT_EQ(record.inits[1].context_in, first.context_out);
    EXPECT_EQ(record.accepts[1].context_in, record.accepts[0].context_out);
  }
}

TEST_F(Gs2Test, EmptyFirstTokenNeverReachesTheMechanism) {
  SPEC("G12 L17");
  for (const char* message : {"n,,", "F,n,,", "n,a=b,", ""}) {
    SaslServer server(watched());
    EXPECT_EQ(server.start(kScriptedName, message).code, SASL_BADPROT) << message;
    EXPECT_TRUE(scripted().record().accepts.empty());
    EXPECT_TRUE(server.was_silent());
  }
}

// libsasl answers the first absence itself, the module one more; then it is a failure.
TEST_F(Gs2Test, AbsentMessagesAreNotAskedForWithoutEnd) {
  SPEC("G12 L17");
  SaslServer server(watched());
  Turn turn = server.start(kScriptedName, std::nullopt);
  for (int i = 0; i < 3 && turn.code == SASL_CONTINUE; ++i) {
    EXPECT_EQ(turn.out, "");
    turn = server.step(std::nullopt);
  }
  EXPECT_EQ(turn.code, SASL_BADPROT);
  EXPECT_TRUE(scripted().record().accepts.empty());
}

TEST_F(Gs2Test, MalformedHeadersNeverReachTheMechanism) {
  SPEC("G4 G8");
  for (const char* message : {"x,,hello", "n,a=,hello", "y;,hello", "p=,,hello", "n,a=a=b,hello",
                              "p=tls-unique,,hello"}) {
    SaslServer server(watched());
    EXPECT_LT(server.start(kScriptedName, message).code, SASL_OK) << message;
    EXPECT_TRUE(scripted().record().accepts.empty());
    EXPECT_TRUE(server.was_silent());
  }
}

TEST_F(Gs2Test, NonstandardFlagIsNotForFramedMechanisms) {
  SPEC("G4 G6");
  for (const std::string& token : {std::string("hello"), first_token(Mech::kScripted, "hello")}) {
    SaslServer server(watched());
    EXPECT_EQ(server.start(kScriptedName, "F,n,," + token).code, SASL_BADPROT);
    EXPECT_TRUE(scripted().record().accepts.empty());
    EXPECT_TRUE(server.was_silent());
  }
}

// Before anything is parsed, and without repeating what was sent.
TEST_F(Gs2Test, LongFirstMessagesAreRefused) {
  SPEC("G4 L26 G8");
  constexpr std::size_t kMax = 262144, kHuge = std::size_t{4} << 20;
  const auto name_of = [](std::size_t size) { return std::string(size, 'a'); };
  const struct {
    std::string message;
    int code;
    const char* reason;
  } rows[] = {
      {"p=" + name_of(kHuge), SASL_BADPROT, "too long"},
      {"p=" + name_of(kHuge) + ",,hello", SASL_BADPROT, "too long"},
      {"n,a=" + name_of(kHuge) + ",hello", SASL_BADPROT, "too long"},
      {"p=" + name_of(kMax - 1), SASL_BADPROT, "too long"},
      {"n,," + name_of(kMax - 2), SASL_BADPROT, "too long"},
      // Just not too long.
      {"p=" + name_of(kMax - 2), SASL_BADPROT, "expected a comma"},
      {"p=" + name_of(kMax - 9) + ",,hello", SASL_BADBINDING, "the client used"},
      {"n,a= " + name_of(kMax - 11) + ",hello", SASL_BADAUTH, "white space"},
  };
  for (const auto& row : rows) {
    ServerSetup setup = watched();
    setup.binding = ChannelBinding{"tls-unique", "x"};
    SaslServer server(setup);
    EXPECT_EQ(server.start(kScriptedName, row.message).code, row.code) << row.reason;
    EXPECT_TRUE(server.log().has(row.reason, SASL_LOG_ERR)) << row.reason;
    for (const LogLine& line : server.log().lines()) EXPECT_LE(line.text.size(), 4096U);
    EXPECT_LE(server.error().size(), 4096U);
    EXPECT_TRUE(scripted().record().accepts.empty());
    EXPECT_TRUE(server.was_silent());
  }
}

}  // namespace
}  // namespace gssloop::testing
