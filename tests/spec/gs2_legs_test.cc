// SPDX-License-Identifier: BSD-2-Clause
// Many legs, empty tokens, limits, and what outlives the exchange.
#include "tests/spec/gs2_scripted.h"

namespace gssloop::testing {
namespace {

// The legs of both sides for an exchange of `num_tokens` tokens.
void play_hops(unsigned num_tokens) {
  std::vector<Leg> initiator, acceptor;
  for (unsigned i = 1; i <= num_tokens; ++i) {
    auto& sender = i % 2 == 1 ? initiator : acceptor;
    // The last token's sender is done with sending it, the other side with receiving it.
    sender.push_back(i == num_tokens ? complete("t" + std::to_string(i))
                                     : go_on("t" + std::to_string(i)));
  }
  (num_tokens % 2 == 1 ? acceptor : initiator).push_back(complete());
  Script script;
  script.initiator = initiator;
  script.acceptor = acceptor;
  scripted().play(std::move(script));
}

TEST_F(Gs2Test, AnyNumberOfLegs) {
  SPEC("L31 L8 L6 L7 L13 L18 L25");
  for (unsigned num_tokens = 1; num_tokens <= 9; ++num_tokens) {
    for (const bool success_data : {true, false}) {
      play_hops(num_tokens);
      ServerSetup setup = watched();
      setup.success_data = success_data;
      SaslClient client({.success_data = success_data});
      SaslServer server(setup);
      const Login login = log_in(&client, &server, kScriptedName);
      EXPECT_TRUE(login.ok()) << num_tokens << client.error() << server.log().text();
      // With an even number the acceptor's last token needs a ride: the success data, or a round
      // of its own that the client answers by nothing.
      const bool has_extra_round = num_tokens % 2 == 0 && !success_data;
      EXPECT_EQ(login.messages.size(), num_tokens + (has_extra_round ? 1U : 0U)) << num_tokens;
      for (unsigned i = 2; i <= num_tokens; ++i) {
        EXPECT_EQ(login.messages.at(i - 1).octets, "t" + std::to_string(i));
      }
    }
  }
}

TEST_F(Gs2Test, EmptyTokensTravelAsEmptyMessages) {
  SPEC("L9 L24 L20");
  play({go_on("one"), go_on(""), complete("five")}, {go_on(""), go_on("four"), complete()});
  SaslClient client;
  SaslServer server(watched());
  const Login login = log_in(&client, &server, kScriptedName);
  ASSERT_TRUE(login.ok()) << client.error() << server.log().text();
  ASSERT_EQ(login.messages.size(), 5U);
  EXPECT_EQ(login.messages[1].octets, "");
  EXPECT_EQ(login.messages[2].octets, "");
  const Record record = scripted().record();
  EXPECT_EQ(record.inits.at(1).input.bytes, "");
  EXPECT_EQ(record.accepts.at(1).input.bytes, "");
  EXPECT_NE(record.inits.at(1).context_in, 0U);
  EXPECT_NE(record.accepts.at(1).context_in, 0U);
}

// A mechanism that has nothing to say at first: the header still goes.
TEST_F(Gs2Test, NullTokenOfAnInitiatorThatGoesOn) {
  SPEC("L9");
  Leg silent = go_on("");
  silent.token.reset();
  play({go_on("one"), silent, complete()}, {go_on("two"), complete("four")});
  SaslClient client;
  SaslServer server(watched());
  const Login login = log_in(&client, &server, kScriptedName);
  EXPECT_TRUE(login.ok()) << client.error() << server.log().text();
  EXPECT_EQ(login.messages.at(2).octets, "");
}

TEST_F(Gs2Test, TokensAfterTheEndAreErrors) {
  SPEC("L15 L29");
  SaslClient client;
  SaslServer server(watched());
  ASSERT_TRUE(log_in(&client, &server, kScriptedName).ok());
  const Record before = scripted().record();
  EXPECT_LT(client.step("more").code, SASL_OK);
  EXPECT_LT(server.step("more").code, SASL_OK);
  EXPECT_EQ(scripted().record().inits.size(), before.inits.size());
  EXPECT_EQ(scripted().record().accepts.size(), before.accepts.size());
}

TEST_F(Gs2Test, NumberOfLegsIsBounded) {
  SPEC("L31 L26");
  const std::vector<Leg> endless(100, go_on("again"));
  for (const unsigned max : {2U, 5U, 32U}) {
    play(endless, endless);
    SaslOptions options;
    if (max != 32) options["gssloop_max_legs"] = std::to_string(max);
    ServerSetup setup = watched();
    setup.options = options;
    SaslClient client;
    SaslServer server(setup);
    Turn turn = server.start(kScriptedName, "n,,again");
    unsigned num_steps = 1;
    for (; turn.code == SASL_CONTINUE && num_steps < 50; ++num_steps) turn = server.step("again");
    EXPECT_EQ(turn.code, SASL_BADPROT);
    // A leg is a token, in either direction.
    EXPECT_LE(scripted().record().accepts.size(), max / 2 + 1);
    EXPECT_GE(scripted().record().accepts.size(), max / 2);

    play(endless, endless);
    SaslClient limited({.options = options});
    turn = limited.start(kScriptedName);
    for (num_steps = 1; turn.code == SASL_CONTINUE && num_steps < 50; ++num_steps) {
      turn = limited.step("again");
    }
    EXPECT_EQ(turn.code, SASL_BADPROT);
    EXPECT_LE(scripted().record().inits.size(), max / 2 + 1);
  }
}

TEST_F(Gs2Test, SizeOfTokensIsBounded) {
  SPEC("L26");
  const struct {
    const char* option;
    std::size_t max;
  } rows[] = {{nullptr, 262144}, {"1024", 1024}};
  for (const auto& row : rows) {
    SaslOptions options;
    if (row.option != nullptr) options["gssloop_max_token"] = row.option;
    for (const bool is_over : {false, true}) {
      // On the second leg, where nothing of the framing counts.
      play({go_on("one"), complete("three")}, {go_on("two"), complete()});
      const std::string token(row.max + (is_over ? 1 : 0), 'x');
      ServerSetup setup = watched();
      setup.options = options;
      SaslServer server(setup);
      ASSERT_EQ(server.start(kScriptedName, "n,,one").code, SASL_CONTINUE);
      const Turn turn = server.step(token);
      EXPECT_EQ(turn.code, is_over ? SASL_BADPROT : SASL_BADAUTH) << server.log().text();
      EXPECT_EQ(scripted().record().accepts.size(), is_over ? 1U : 2U);

      SaslClient client({.options = options});
      ASSERT_EQ(client.start(kScriptedName).code, SASL_CONTINUE);
      EXPECT_EQ(client.step(token).code, is_over ? SASL_BADPROT : SASL_OK);
      EXPECT_EQ(scripted().record().inits.size(), is_over ? 1U : 2U);
    }
  }
}

TEST_F(Gs2Test, AttributesOfOtherMechanismsAreNotPublishedRaw) {
  SPEC("N5 N10 N3");
  scripted().edit([](Script& script) {
    AttributeValue value;
    value.value = "admin";
    for (const char* name : {"auth-indicators", "urn:x", "auth-indicators x"}) {
      script.attributes.emplace_back().name = name;
      script.attributes.back().values = {value};
    }
  });
  ServerSetup setup = watched();
  // Only what is traced would be read.
  setup.options["log_level"] = std::to_string(SASL_LOG_NOTE);
  setup.requested = {"*auth-indicators", "auth-indicators", "*urn:x", "*auth-indicators x"};
  SaslClient client;
  SaslServer server(setup);
  ASSERT_TRUE(log_in(&client, &server, kScriptedName).ok());
  for (const auto& [name, values] : server.properties()) EXPECT_TRUE(values.empty()) << name;
  EXPECT_TRUE(scripted().record().attribute_gets.empty());
}

TEST_F(Gs2Test, DelegatedCredentialAndNamesLiveUntilDispose) {
  SPEC("G14 L41");
  scripted().edit(
      [](Script& script) { script.credentials.delegated = NameSpec{"alice@EXAMPLE.COM"}; });
  auto client = std::make_unique<SaslClient>();
  auto server = std::make_unique<SaslServer>(watched());
  const std::size_t held = scripted().live().credentials;
  ASSERT_TRUE(log_in(client.get(), server.get(), kScriptedName).ok());
  ASSERT_NE(server->pointer(SASL_DELEGATEDCREDS), nullptr);
  ASSERT_NE(server->pointer(SASL_GSS_PEER_NAME), nullptr);
  ASSERT_NE(server->pointer(SASL_GSS_LOCAL_NAME), nullptr);
  ASSERT_NE(client->pointer(SASL_GSS_PEER_NAME), nullptr);
  ASSERT_NE(client->pointer(SASL_GSS_LOCAL_NAME), nullptr);
  OM_uint32 minor = 0;
  gss_name_t name = GSS_C_NO_NAME;
  const auto* delegated = static_cast<const gss_cred_id_t*>(server->pointer(SASL_DELEGATEDCREDS));
  EXPECT_EQ(gss_inquire_cred(&minor, *delegated, &name, nullptr, nullptr, nullptr), 0U);
  gss_release_name(&minor, &name);
  EXPECT_GT(scripted().live().names, 0U);
  EXPECT_EQ(scripted().live().contexts, 0U) << "nothing uses a context without a layer";
  client.reset();
  server.reset();
  EXPECT_EQ(scripted().live().names, 0U);
  EXPECT_EQ(scripted().live().contexts, 0U);
  EXPECT_LE(scripted().live().credentials, held + 1);  // the acceptor's, kept by the module
}

// Whatever fails, nothing of the mechanism is left.
TEST_F(Gs2Test, NothingIsLeftAfterAnyFailure) {
  SPEC("L41");
  const std::function<void(Script&)> breaks[] = {
      [](Script& s) { s.acceptor = {fail(GSS_S_FAILURE, 0, "E")}; },
      [](Script& s) {
        s.acceptor = {go_on("two"), fail(GSS_S_FAILURE, 0, "E")};
      },
      [](Script& s) {
        s.inquiry.answer = {GSS_S_FAILURE, 0};
      },
      [](Script& s) { s.source = NameSpec{" odd "}; },
      [](Script& s) {
        s.credentials.acquire_accept = {GSS_S_NO_CRED, 0};
      },
      [](Script& s) {
        s.credentials.acquire_initiate = {GSS_S_NO_CRED, 0};
      },
      [](Script& s) {
        s.names.import = {GSS_S_BAD_NAME, 0};
      },
      [](Script& s) {
        s.names.display = {GSS_S_FAILURE, 0};
      },
      [](Script& s) { s.actual_mech = oid(Mech::kNoSaslName); },
      [](Script& s) { s.acceptor[0].flags_cleared = GSS_C_CHANNEL_BOUND_FLAG; },
      [](Script& s) {
        s.credentials.delegated = NameSpec{"x"};
        s.source = NameSpec{" odd "};
      },
  };
  int number = 0;
  for (const auto& change : breaks) {
    Script script;
    script.initiator = {go_on("one"), complete("three")};
    change(script);
    scripted().play(script);
    const std::size_t held = scripted().live().credentials;
    {
      SaslClient client;
      SaslServer server(watched());
      const Login login = log_in(&client, &server, kScriptedName);
      EXPECT_FALSE(login.ok()) << number;
    }
    EXPECT_EQ(scripted().live().contexts, 0U) << number;
    EXPECT_EQ(scripted().live().names, 0U) << number;
    EXPECT_LE(scripted().live().credentials, held + 1) << number;
    ++number;
  }
}

}  // namespace
}  // namespace gssloop::testing
