// SPDX-License-Identifier: BSD-2-Clause
// Logins with and without channel binding, and what both sides know afterwards.
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

class LoginTest : public LiveTest {};

std::string display(const void* name) {
  if (name == nullptr) return "(none)";
  OM_uint32 minor = 0;
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  gss_display_name(&minor, static_cast<gss_name_t>(const_cast<void*>(name)), &text, nullptr);
  const std::string result(static_cast<char*>(text.value), text.length);
  gss_release_buffer(&minor, &text);
  return result;
}

TEST_F(LoginTest, PlainLogin) {
  SPEC("G3 G6 G7 G14 L8");
  for (const bool client_data : {true, false}) {
    for (const bool server_data : {true, false}) {
      SaslClient client({.success_data = client_data});
      SaslServer server({.success_data = server_data});
      const Login login = log_in(&client, &server, kGs2);
      ASSERT_TRUE(login.ok()) << client.error() << "\n" << server.log().text();
      EXPECT_EQ(server.authid(), "alice");
      EXPECT_EQ(server.authzid(), "alice");
      EXPECT_EQ(client.authid(), "alice@EXAMPLE.TEST");
      EXPECT_EQ(client.ssf(), 0U);
      EXPECT_EQ(server.ssf(), 0U);
      // The header, and behind it the token without the framing of RFC 2743, which begins with 60.
      EXPECT_EQ(login.messages.at(0).octets->substr(0, 5), std::string("n,,\x01\x00", 5));
      // L25: with the success, or in a round of its own that the client answers by nothing.
      EXPECT_EQ(login.messages.size(), server_data ? 2U : 3U);
      if (!server_data) {
        EXPECT_EQ(login.messages.at(2).octets, "");
      }
    }
  }
}

TEST_F(LoginTest, PlusLogin) {
  SPEC("G7 G9 L25");
  for (const char* name : {"tls-unique", "tls-exporter", "ldap"}) {
    for (const bool is_critical : {false, true}) {
      const ChannelBinding binding{name, std::string("a\0b", 3), is_critical};
      SaslClient client({.user = says("alice"), .binding = binding});
      SaslServer server({.binding = binding});
      EXPECT_TRUE(server.offers(kGs2Plus)) << server.offered();
      const Login login = log_in(&client, &server, kGs2Plus);
      ASSERT_TRUE(login.ok()) << client.error() << "\n" << server.log().text();
      EXPECT_EQ(login.messages.at(0).octets->find("p=" + std::string(name) + ",a=alice,"), 0U);
      EXPECT_EQ(server.authid(), "alice");
    }
  }
}

TEST_F(LoginTest, AuthzidTravelsEscaped) {
  SPEC("G5");
  SaslClient client({.user = says("a,b=c=2C")});
  SaslServer server({.proxy_policy = [](const ProxyCall&) { return SASL_OK; }});
  const Login login = log_in(&client, &server, kGs2);
  ASSERT_TRUE(login.ok());
  EXPECT_EQ(login.messages.at(0).octets->find("n,a=a=2Cb=3Dc=3D2C,"), 0U);
  EXPECT_EQ(server.authzid(), "a,b=c=2C");
  EXPECT_EQ(client.authzid(), "a,b=c=2C");
}

// Both sides' views of the channel, and how the login ends.
TEST_F(LoginTest, DispositionsOnBothSides) {
  SPEC("G7 G8");
  const ChannelBinding same{"tls-unique", "data", false}, other{"tls-exporter", "data", false},
      changed{"tls-unique", "DATA", false}, critical{"tls-unique", "data", true};
  const struct {
    std::optional<ChannelBinding> client, server;
    const char* mechanisms;
    const char* header;  // "": the client sends nothing
    bool is_accepted;
  } rows[] = {
      {same, {}, "GS2-KRB5 X-OTHER", "y,,", true},
      {same, same, "GS2-KRB5 X-OTHER", "y,,", false},
      {same, critical, "GS2-KRB5 X-OTHER", "y,,", false},
      {{}, same, kGs2, "n,,", true},
      {{}, critical, kGs2, "n,,", false},
      {same, same, kGs2Plus, "p=tls-unique,,", true},
      {critical, critical, kGs2Plus, "p=tls-unique,,", true},
      {same, {}, kGs2Plus, "p=tls-unique,,", false},
      {same, other, kGs2Plus, "p=tls-unique,,", false},
      {same, changed, kGs2Plus, "p=tls-unique,,", false},
      {critical, {}, "GS2-KRB5 X-OTHER", "", false},
  };
  for (const auto& row : rows) {
    SaslClient client({.binding = row.client});
    SaslServer server({.binding = row.server, .canon_user = [](CanonCall*) { return SASL_OK; }});
    const Login login = log_in(&client, &server, row.mechanisms);
    EXPECT_EQ(login.ok(), row.is_accepted) << row.header << server.log().text();
    ASSERT_EQ(login.messages.empty(), *row.header == '\0');
    if (login.messages.empty()) continue;
    EXPECT_EQ(login.messages[0].octets->find(row.header), 0U);
    EXPECT_EQ(server.was_silent(), !row.is_accepted) << row.header;
    if (row.is_accepted) continue;
    // MIT gives an error token with BAD_BINDINGS, which the client got before the failure.
    const Turn last = login.server.code == SASL_CONTINUE ? server.step("") : login.server;
    EXPECT_EQ(last.code, SASL_BADBINDING) << row.header;
  }
}

TEST_F(LoginTest, NamesLastUntilDispose) {
  SPEC("G14");
  auto client = std::make_unique<SaslClient>();
  SaslServer server;
  ASSERT_TRUE(log_in(client.get(), &server, kGs2).ok());
  EXPECT_EQ(display(client->pointer(SASL_GSS_LOCAL_NAME)), "alice@EXAMPLE.TEST");
  EXPECT_EQ(display(client->pointer(SASL_GSS_PEER_NAME)), "imap@localhost");
  client.reset();
  EXPECT_EQ(display(server.pointer(SASL_GSS_PEER_NAME)), "alice@EXAMPLE.TEST");
  EXPECT_EQ(display(server.pointer(SASL_GSS_LOCAL_NAME)), "imap@localhost");
  EXPECT_EQ(server.pointer(SASL_DELEGATEDCREDS), nullptr);
}

// Where the configuration leaves open which name the ticket is for, the ticket tells.
TEST_F(LoginTest, TheLocalNameOfAnyHostIsTheTickets) {
  SPEC("R12");
  SaslClient client;
  SaslServer server({.options = {{"service_principal", "*"}}});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok()) << server.error();
  EXPECT_EQ(display(server.pointer(SASL_GSS_LOCAL_NAME)), "imap/localhost@EXAMPLE.TEST");
}

// libsasl keeps what a failed attempt left behind: nothing may dangle there.
TEST_F(LoginTest, NothingIsLeftOfAFailedAttempt) {
  SPEC("G14");
  SaslServer server({.requested = {"*auth-indicators"},
                     .proxy_policy = [](const ProxyCall&) { return SASL_NOAUTHZ; }});
  for (int i = 0; i < 2; ++i) {
    SaslClient client({.security_flags = SASL_SEC_PASS_CREDENTIALS});
    EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_NOAUTHZ);
    EXPECT_EQ(server.pointer(SASL_GSS_PEER_NAME), nullptr);
    EXPECT_EQ(server.pointer(SASL_GSS_LOCAL_NAME), nullptr);
    EXPECT_EQ(server.pointer(SASL_DELEGATEDCREDS), nullptr);
    EXPECT_TRUE(server.properties().at("*auth-indicators").empty());
  }
}

TEST_F(LoginTest, LogsInAfterAFailedAttemptOnTheSameConnection) {
  SPEC("L26");
  SaslServer server;
  EXPECT_LT(server.start(kGs2, "garbage").code, SASL_OK);
  SaslClient client;
  EXPECT_TRUE(log_in(&client, &server, kGs2).ok());
}

TEST_F(LoginTest, StepsAfterTheEndFail) {
  SPEC("L15 L29");
  SaslClient client;
  SaslServer server;
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
  EXPECT_LT(client.step("token").code, SASL_OK);
  EXPECT_LT(server.step("token").code, SASL_OK);
  EXPECT_EQ(server.authid(), "alice");
}

TEST_F(LoginTest, ServerThatSpeaksFirstIsRefused) {
  SPEC("G12");
  SaslClient client;
  ASSERT_EQ(client.start(kGs2).code, SASL_CONTINUE);
  EXPECT_LT(client.step("").code, SASL_OK);
}

// Delegation: the application asks, the ticket may be forwarded, and the server can use it.
TEST_F(LoginTest, Delegation) {
  SPEC("G14");
  for (const unsigned flags : {0U, unsigned{SASL_SEC_PASS_CREDENTIALS}}) {
    SaslClient client({.security_flags = flags});
    SaslServer server;
    ASSERT_TRUE(log_in(&client, &server, kGs2).ok()) << client.error();
    const auto* held = static_cast<const gss_cred_id_t*>(server.pointer(SASL_DELEGATEDCREDS));
    ASSERT_EQ(held != nullptr, flags != 0);
    if (held == nullptr) continue;
    // With no ticket of its own, the server logs in to another service as the user.
    use_ccache(ccache("nothing-here"));
    SaslClient next({.service = "smtp", .credential = *held});
    SaslServer other({.service = "smtp"});
    EXPECT_TRUE(log_in(&next, &other, kGs2).ok()) << next.error();
    EXPECT_EQ(other.authid(), "alice");
  }
}

TEST_F(LoginTest, AnonymityThatIsNotGrantedSendsNothing) {
  SPEC("L5 G14");
  SaslClient client({.options = {{"gssloop_anonymous", "yes"}}});
  SaslServer server;
  const Login login = log_in(&client, &server, kGs2);
  EXPECT_TRUE(login.messages.empty()) << "octets left the client";
  EXPECT_LT(login.client.code, SASL_OK);
  EXPECT_NE(client.error().find("gssloop_anonymous"), std::string::npos) << client.error();
  SaslClient forbidden(
      {.options = {{"gssloop_anonymous", "yes"}}, .security_flags = SASL_SEC_NOANONYMOUS});
  EXPECT_LT(forbidden.start(kGs2).code, SASL_OK);
}

// An application may take a server's word for the end of a login that is not over, as libldap does.
TEST_F(LoginTest, NothingIsProtectedBeforeTheEnd) {
  SPEC("H1");
  SaslClient client;
  ASSERT_EQ(client.start(kGs2).code, SASL_CONTINUE);
  EXPECT_GT(client.ssf(), 0U);  // so that such an application asks for protection at all
  EXPECT_EQ(client.encode("in the clear").code, SASL_NOTINIT);
  EXPECT_EQ(client.decode("in the clear").code, SASL_NOTINIT);
}

}  // namespace
}  // namespace gssloop::testing
