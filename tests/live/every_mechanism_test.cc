// SPDX-License-Identifier: BSD-2-Clause
// What is the same in every mechanism: the peer's name, what is known of it, which keys are used,
// and what is delegated.
#include "tests/live/live_test.h"
#include "tests/live/pages.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

using Values = std::vector<std::string>;

std::string display(const void* name) {
  if (name == nullptr) return "(none)";
  OM_uint32 minor = 0;
  gss::Buffer text;
  gss_display_name(&minor, static_cast<gss_name_t>(const_cast<void*>(name)), text.out(), nullptr);
  return to_string(text.view());
}

// The first octets of a client's first message of this length, up to where its ticket would begin.
std::string first_octets(const std::string& mechanism, unsigned len) {
  if (mechanism == kGs2) return "n,,";
  const gss_OID oid = mechanism == kSpnego ? spnego_oid() : const_cast<gss_OID>(gss_mech_krb5);
  const auto header = [](char tag, unsigned length) {
    Bytes octets(4);
    to_network_order(length, octets);
    return std::string({tag, '\x84'}) + to_string(octets);
  };
  const std::string mech = std::string({'\x06', static_cast<char>(oid->length)}) +
                           std::string(static_cast<const char*>(oid->elements), oid->length);
  return header('\x60', len - 6) + mech;
}

class EveryMechanismTest : public LiveTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }
  static std::string mechanism() { return GetParam(); }
  static bool has_authzid() { return mechanism() != kSpnego; }
};

std::string mechanism_name(const ::testing::TestParamInfo<const char*>& info) {
  const std::string name = info.param;
  return name == kGssapi ? "Gssapi" : name == kSpnego ? "Spnego" : "Gs2";
}
INSTANTIATE_TEST_SUITE_P(Each, EveryMechanismTest, ::testing::Values(kGssapi, kSpnego, kGs2),
                         mechanism_name);

TEST_P(EveryMechanismTest, NamesOfBothSidesLastUntilDispose) {
  SPEC("R1");
  auto client = std::make_unique<SaslClient>();
  auto server = std::make_unique<SaslServer>();
  ASSERT_TRUE(log_in(client.get(), server.get(), mechanism()).ok());
  EXPECT_EQ(client->authid(), "alice@EXAMPLE.TEST");
  EXPECT_EQ(display(client->pointer(SASL_GSS_LOCAL_NAME)), "alice@EXAMPLE.TEST");
  EXPECT_EQ(display(client->pointer(SASL_GSS_PEER_NAME)), "imap@localhost");
  client.reset();
  EXPECT_EQ(server->authid(), "alice");
  EXPECT_EQ(display(server->pointer(SASL_GSS_PEER_NAME)), "alice@EXAMPLE.TEST");
  EXPECT_EQ(display(server->pointer(SASL_GSS_LOCAL_NAME)), "imap@localhost");
  SaslServer any({.options = {{"service_principal", "*"}}});
  SaslClient other;
  ASSERT_TRUE(log_in(&other, &any, mechanism()).ok());
  EXPECT_EQ(display(any.pointer(SASL_GSS_LOCAL_NAME)), "imap/localhost@EXAMPLE.TEST");
}

TEST_P(EveryMechanismTest, AttributesAreTheSame) {
  SPEC("N4 N5 N11");
  const auto log_in_as = [&](const std::string& how, Properties* properties) {
    SaslClient client({.user = says(has_authzid() ? "alice" : "")});
    SaslServer server({.requested = {"*auth-indicators", "auth-indicators",
                                     "*urn:mspac:client-info", "urn:mspac:client-info", "*mail"}});
    ASSERT_TRUE(log_in(&client, &server, how).ok()) << server.log().text();
    *properties = server.properties();
    ASSERT_EQ(server.proxy_calls().size(), 1U);
    EXPECT_EQ(server.proxy_calls()[0].properties, *properties);
  };
  Properties seen, by_gs2;
  log_in_as(mechanism(), &seen);
  log_in_as(kGs2, &by_gs2);
  EXPECT_EQ(seen, by_gs2);
  EXPECT_EQ(seen["*auth-indicators"], (Values{"spake", "second-factor"}));
  EXPECT_EQ(seen["*urn:mspac:client-info"].size(), 1U);
  EXPECT_TRUE(seen["*mail"].empty());
}

// An application passes a length that is not its buffer's, as the -1 of a read that failed. Each
// message begins as the mechanism expects it, so that nothing but its length is wrong.
TEST_P(EveryMechanismTest, LengthsOfMessagesThatAreWrong) {
  SPEC("L17 R3");
  const char* out = nullptr;
  unsigned out_len = 0;
  for (const unsigned len : {~0U, 0x80000000U, 0x7fffffffU, 0x1000001U}) {
    const Pages framed(first_octets(mechanism(), len));
    const auto start = [&](SaslServer* server) {
      return sasl_server_start(server->get(), mechanism().c_str(), framed.text(), len, &out,
                               &out_len);
    };
    SaslServer first;
    EXPECT_LT(start(&first), SASL_OK);
    SaslServer asked;
    ASSERT_EQ(asked.start(mechanism(), std::nullopt).code, SASL_CONTINUE);
    EXPECT_LT(sasl_server_step(asked.get(), framed.text(), len, &out, &out_len), SASL_OK);
    SaslClient client;
    ASSERT_EQ(client.start(mechanism()).code, SASL_CONTINUE);
    EXPECT_LT(sasl_client_step(client.get(), framed.text(), len, nullptr, &out, &out_len), SASL_OK);
  }
}

// The messages about layers, after the context is complete.
TEST_F(EveryMechanismTest, LengthsOfWrappedMessagesThatAreWrong) {
  SPEC("R3");
  const char* out = nullptr;
  unsigned out_len = 0;
  // A token of gss_wrap, sealed or not (RFC 4121 section 4.2.6.2).
  for (const std::string flags : {"\x01", "\x03", "\x05", "\x07"}) {
    const Pages wrapped("\x05\x04" + flags + "\xff" + std::string(12, '\0'));
    for (const unsigned len : {~0U, 0x80000000U, 0x7fffffffU, 0x1000001U}) {
      SaslClient client;
      SaslServer server;
      Turn turn = server.start(kGssapi, client.start(kGssapi).out);
      ASSERT_EQ(turn.code, SASL_CONTINUE);
      turn = client.step(turn.out);
      ASSERT_EQ(turn.code, SASL_CONTINUE);
      EXPECT_LT(sasl_client_step(client.get(), wrapped.text(), len, nullptr, &out, &out_len),
                SASL_OK);
      ASSERT_EQ(server.step(turn.out).code, SASL_CONTINUE);
      EXPECT_LT(sasl_server_step(server.get(), wrapped.text(), len, &out, &out_len), SASL_OK);
    }
  }
}

// Each property that the mechanism declares can be demanded, on both sides. What violates one is
// refused: PolicyIdentityTest.AnonymousPeers, GssapiServerTest.MutualAuthenticationWhere...,
// Gs2Test.MutualAuthenticationIsVerifiedOnBothSides.
TEST_P(EveryMechanismTest, EachDeclaredPropertyCanBeDemanded) {
  SPEC("G14");
  for (const unsigned flag : std::initializer_list<unsigned>{
           SASL_SEC_NOPLAINTEXT, SASL_SEC_NOACTIVE, SASL_SEC_NODICTIONARY, SASL_SEC_NOANONYMOUS,
           SASL_SEC_MUTUAL_AUTH, SASL_SEC_PASS_CREDENTIALS}) {
    SaslClient client({.security_flags = flag});
    SaslServer server({.security_flags = flag});
    const Login login = log_in(&client, &server, mechanism());
    EXPECT_TRUE(login.ok()) << std::hex << flag << client.error() << server.log().text();
    EXPECT_EQ(server.pointer(SASL_DELEGATEDCREDS) != nullptr, flag == SASL_SEC_PASS_CREDENTIALS);
  }
  // Forward secrecy is not declared, so no side takes the mechanism.
  SaslClient client({.security_flags = SASL_SEC_FORWARD_SECRECY});
  EXPECT_EQ(client.start(mechanism()).code, SASL_NOMECH);
  SaslServer server({.security_flags = SASL_SEC_FORWARD_SECRECY});
  EXPECT_FALSE(server.offers(mechanism()));
}

// Nothing of one login is there in the next, nor after a failure.
TEST_P(EveryMechanismTest, NothingIsLeftOfAFailedAttempt) {
  SPEC("N29");
  SaslServer server({.requested = {"*auth-indicators"},
                     .proxy_policy = [](const ProxyCall&) { return SASL_NOAUTHZ; }});
  for (int i = 0; i < 2; ++i) {
    SaslClient client({.security_flags = SASL_SEC_PASS_CREDENTIALS});
    EXPECT_EQ(log_in(&client, &server, mechanism()).server.code, SASL_NOAUTHZ);
    EXPECT_EQ(server.pointer(SASL_GSS_PEER_NAME), nullptr);
    EXPECT_EQ(server.pointer(SASL_GSS_LOCAL_NAME), nullptr);
    EXPECT_EQ(server.pointer(SASL_DELEGATEDCREDS), nullptr);
    EXPECT_TRUE(server.properties().at("*auth-indicators").empty());
    EXPECT_EQ(server.ssf(), 0U);
    EXPECT_EQ(server.authid(), "");
    EXPECT_EQ(server.authzid(), "");
    // The layer of a login that was refused is not used. (GS2 never has one.)
    if (mechanism() != kGs2) {
      EXPECT_LT(server.encode("x").code, SASL_OK);
    }
  }
}

// Without SASL_SUCCESS_DATA the server's last token is a challenge of its own. A client that
// cancels then, and starts again, must not count as logged in: libsasl itself remembers the login.
TEST_P(EveryMechanismTest, ACancelledLoginIsNotTheNextOnes) {
  SPEC("G14");
  SaslServer server({.success_data = false});
  SaslClient client({.success_data = false});
  Turn at_client = client.start(mechanism());
  Turn at_server = server.start(mechanism(), at_client.out);
  while (at_server.code == SASL_CONTINUE && at_client.code == SASL_CONTINUE) {
    at_client = client.step(at_server.out);
    if (at_client.code == SASL_OK) break;
    at_server = server.step(at_client.out.value_or(""));
  }
  ASSERT_EQ(at_client.code, SASL_OK) << client.error();
  // The client never answers, and chooses another mechanism.
  server.start(mechanism() == kGs2 ? kGssapi : kGs2, "n,,garbage");
  EXPECT_EQ(server.authid(), "");
  EXPECT_EQ(server.authzid(), "");
  EXPECT_EQ(server.ssf(), 0U);
  EXPECT_EQ(server.pointer(SASL_GSS_PEER_NAME), nullptr);
}

TEST_P(EveryMechanismTest, Authzid) {
  SPEC("R5 G5");
  for (const char* authzid : {"", "alice", "bob", "b\xc3\xb6rn", "a,b=c"}) {
    SaslClient client({.user = says(authzid)});
    SaslServer server({.proxy_policy = [](const ProxyCall&) { return SASL_OK; },
                       .canon_user = [](CanonCall*) { return SASL_OK; }});
    ASSERT_TRUE(log_in(&client, &server, mechanism()).ok()) << client.error();
    EXPECT_EQ(server.authid(), "alice");
    // GSS-SPNEGO has no place for it, and says so.
    const std::string expected = *authzid == '\0' || !has_authzid() ? "alice" : authzid;
    EXPECT_EQ(server.authzid(), expected);
    EXPECT_EQ(server.canon_calls().size(), expected == "alice" ? 1U : 2U);
    const bool is_lost = *authzid != '\0' && !has_authzid();
    EXPECT_EQ(client.log().has("cannot carry an authorization identity"), is_lost);
  }
}

TEST_P(EveryMechanismTest, ServicePrincipal) {
  SPEC("R12");
  const std::pair<std::string, std::string> services[] = {
      {"imap", "localhost"}, {"imap", "mail.example.test"}, {"smtp", "localhost"}};
  const struct {
    const char* option;
    bool is_accepted[3];  // in the order of `services`
  } rows[] = {
      {"", {true, false, false}},
      {"*", {true, true, false}},
      {"**", {true, true, true}},
      {"smtp@localhost", {false, false, true}},
      {"smtp/localhost@EXAMPLE.TEST", {false, false, true}},
      {"imap/mail.example.test", {false, true, false}},
  };
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < std::size(services); ++i) {
      SaslClient client({.service = services[i].first, .host = services[i].second});
      SaslServer server({.options = {{"service_principal", row.option}},
                         .canon_user = [](CanonCall*) { return SASL_OK; }});
      const Login login = log_in(&client, &server, mechanism());
      EXPECT_EQ(login.ok(), row.is_accepted[i])
          << row.option << " " << services[i].first << server.log().text();
      EXPECT_EQ(server.was_silent(), !row.is_accepted[i]);
    }
  }
}

// With an application's credential that holds every key, "*" still keeps other services out.
TEST_P(EveryMechanismTest, AnyHostIsNotAnyService) {
  SPEC("R12");
  OM_uint32 minor = 0;
  gss::Credential all;
  ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, GSS_C_NO_OID_SET, GSS_C_ACCEPT, all.out(),
                             nullptr, nullptr),
            0U);
  for (const char* service : {"imap", "smtp"}) {
    SaslClient client({.service = service});
    SaslServer server({.options = {{"service_principal", "*"}}, .credential = all.get()});
    EXPECT_EQ(log_in(&client, &server, mechanism()).ok(), std::string(service) == "imap");
  }
}

TEST_P(EveryMechanismTest, IsOfferedOnlyWithAKeytab) {
  SPEC("R11 R12");
  const std::string keytab = "FILE:" + realm().path("late-" + mechanism() + ".keytab");
  SaslServer server({.options = {{"keytab", keytab}}});
  EXPECT_FALSE(server.offers(mechanism()));
  EXPECT_TRUE(server.log().has(mechanism() + " is not offered"));
  SaslClient early;
  EXPECT_EQ(server.start(mechanism(), early.start(mechanism()).out).code, SASL_NOMECH);
  realm().write_keytab(keytab, {"imap/localhost"});
  // On the same connection: a failure is not remembered.
  EXPECT_TRUE(server.offers(mechanism())) << server.log().text();
  SaslClient client;
  EXPECT_TRUE(log_in(&client, &server, mechanism()).ok()) << server.log().text();
  SaslServer smtp({.service = "smtp", .options = {{"keytab", keytab}}});
  EXPECT_FALSE(smtp.offers(mechanism()));
}

TEST_P(EveryMechanismTest, ForeignAndAnonymousPeers) {
  SPEC("L45 R1");
  const struct {
    ForgedPrincipal client;
    const char* authid;  // null: refused
  } rows[] = {
      {{{"alice"}}, "alice"},
      {{{"alice"}, "OTHER.TEST"}, "alice@OTHER.TEST"},
      {{{"admin"}, "EXAMPLE.TEST.EVIL"}, "admin@EXAMPLE.TEST.EVIL"},
      {{{" admin"}}, nullptr},
      {{{"admin "}}, nullptr},
      {{{"admin@EXAMPLE.TEST"}, "OTHER.TEST"}, nullptr},
      {{{"WELLKNOWN", "ANONYMOUS"}}, nullptr},
      {{{"WELLKNOWN", "ANONYMOUS"}, "WELLKNOWN:ANONYMOUS", KRB5_NT_WELLKNOWN}, nullptr},
  };
  for (const auto& row : rows) {
    use_forged({.client = row.client});
    SaslClient client;
    SaslServer server({.canon_user = [](CanonCall*) { return SASL_OK; }});
    const Login login = log_in(&client, &server, mechanism());
    EXPECT_EQ(login.server.code, row.authid != nullptr ? SASL_OK : SASL_BADAUTH)
        << server.log().text();
    EXPECT_EQ(server.authid(), row.authid != nullptr ? row.authid : "");
    EXPECT_EQ(server.was_silent(), row.authid == nullptr);
  }
}

TEST_P(EveryMechanismTest, AForeignUserKeepsTheRealm) {
  SPEC("L45");
  realm().kinit("carol@OTHER.TEST", "secret", ccache("carol"));
  use_ccache(ccache("carol"));
  SaslClient client;
  SaslServer server({.requested = {"*auth-indicators"}});
  ASSERT_TRUE(log_in(&client, &server, mechanism()).ok()) << client.error() << server.log().text();
  EXPECT_EQ(server.authid(), "carol@OTHER.TEST");
  EXPECT_EQ(server.authzid(), "carol@OTHER.TEST");
}

TEST_P(EveryMechanismTest, Delegation) {
  SPEC("R2 G14");
  for (const unsigned flags : {0U, unsigned{SASL_SEC_PASS_CREDENTIALS}}) {
    for (const unsigned max_ssf : {0U, 256U}) {
      use_ccache(realm().default_ccache());
      SaslClient client({.security_flags = flags, .strength = {.max_ssf = max_ssf}});
      SaslServer server;
      ASSERT_TRUE(log_in(&client, &server, mechanism()).ok()) << client.error();
      const auto* held = static_cast<const gss_cred_id_t*>(server.pointer(SASL_DELEGATEDCREDS));
      ASSERT_EQ(held != nullptr, flags != 0) << max_ssf;
      if (held == nullptr) continue;
      // With no ticket of its own, the server logs in to another service as the user. (MIT
      // delegates a credential of Kerberos alone, which its SPNEGO does not find.)
      use_ccache(ccache("nothing-here"));
      for (const char* next_mechanism : {kGssapi, kGs2}) {
        SaslClient next({.service = "smtp", .credential = *held});
        SaslServer other({.service = "smtp"});
        EXPECT_TRUE(log_in(&next, &other, next_mechanism).ok()) << next.error();
        EXPECT_EQ(other.authid(), "alice");
      }
    }
  }
}

// With any credential that is given, its owner logs in, or no user.
TEST_P(EveryMechanismTest, AGivenCredentialIsTheOneThatIsUsed) {
  SPEC("R2 G14");
  realm().kinit("bob", "secret", ccache("bob"));
  gss_OID_desc krb5 = *gss_mech_krb5;
  gss_OID_desc spnego = *spnego_oid();
  for (gss_OID only : {static_cast<gss_OID>(GSS_C_NO_OID), &krb5, &spnego}) {
    gss_OID_set_desc mechs = {1, only};
    const std::string cache = ccache("bob");
    gss_key_value_element_desc place = {"ccache", cache.c_str()};
    const gss_key_value_set_desc store = {1, &place};
    OM_uint32 minor = 0;
    gss::Credential bobs;
    ASSERT_EQ(gss_acquire_cred_from(&minor, GSS_C_NO_NAME, 0,
                                    only != GSS_C_NO_OID ? &mechs : GSS_C_NO_OID_SET,
                                    GSS_C_INITIATE, &store, bobs.out(), nullptr, nullptr),
              0U);
    for (const unsigned max_ssf : {0U, 256U}) {
      SaslClient client({.credential = bobs.get(), .strength = {.max_ssf = max_ssf}});
      SaslServer server;
      const Login login = log_in(&client, &server, mechanism());
      if (login.ok()) {
        EXPECT_EQ(server.authid(), "bob");
        EXPECT_EQ(client.authid(), "bob@EXAMPLE.TEST");
      }
      // One that was made for another mechanism alone may be refused.
      const bool is_for_us = only == GSS_C_NO_OID || (only == &spnego) == (mechanism() == kSpnego);
      EXPECT_TRUE(login.ok() || !is_for_us) << client.error();
    }
  }
}

TEST_P(EveryMechanismTest, AnonymityThatIsNotGrantedSendsNothing) {
  SPEC("L5");
  SaslClient client({.options = {{"gssloop_anonymous", "yes"}}});
  SaslServer server;
  const Login login = log_in(&client, &server, mechanism());
  EXPECT_TRUE(login.messages.empty()) << "octets left the client";
  EXPECT_LT(login.client.code, SASL_OK);
  EXPECT_NE(client.error().find("gssloop_anonymous"), std::string::npos) << client.error();
}

// A wrong option refuses logins, names itself in the log, and stays away from strangers.
TEST_P(EveryMechanismTest, AWrongOptionRefusesLogins) {
  SPEC("R4 R2");
  for (const auto& [name, value] : SaslOptions{{"ad_compat", "maybe"},
                                               {"gssloop_channel_binding", "2"},
                                               {"ccache_store", "FILE:/tmp/../%q"}}) {
    SaslClient client;
    SaslServer server({.options = {{name, value}}});
    EXPECT_EQ(log_in(&client, &server, mechanism()).server.code, SASL_CONFIGERR);
    EXPECT_TRUE(server.log().has(name, SASL_LOG_ERR)) << server.log().text();
    EXPECT_EQ(server.error().find(name), std::string::npos) << server.error();
    SaslClient wrong({.options = {{name, value}}});
    EXPECT_EQ(wrong.start(mechanism()).code, SASL_CONFIGERR);
    EXPECT_NE(wrong.error().find(name), std::string::npos) << wrong.error();
  }
}

TEST_P(EveryMechanismTest, FirstMessagesBeyondTheLimitAreRefusedUnread) {
  SPEC("L17 R3");
  for (const std::size_t limit : {std::size_t{1024}, std::size_t{262144}}) {
    SaslServer server({.options = {{"gssloop_max_token", std::to_string(limit)}}});
    EXPECT_EQ(server.start(mechanism(), std::string(limit + 1, '\x60')).code, SASL_BADPROT);
    EXPECT_TRUE(server.log().has("too long", SASL_LOG_ERR)) << server.log().text();
  }
}

// A message after the last one changes nothing.
TEST_P(EveryMechanismTest, StepsAfterTheEndFail) {
  SPEC("R3 L15");
  SaslClient client;
  SaslServer server;
  ASSERT_TRUE(log_in(&client, &server, mechanism()).ok());
  EXPECT_LT(client.step("token").code, SASL_OK);
  EXPECT_LT(server.step("token").code, SASL_OK);
  EXPECT_EQ(server.authid(), "alice");
}

}  // namespace
}  // namespace gssloop::testing
