// SPDX-License-Identifier: BSD-2-Clause
// As which user the server sees a Kerberos peer. The odd names come in forged tickets.
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

class IdentityTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
  }

  // The authid that a ticket for `client` logs in as, or nullopt.
  std::optional<std::string> authid_of(const ForgedPrincipal& client, std::string* log) {
    use_forged({.client = client});
    SaslClient sasl_client;
    SaslServer server({.canon_user = [](CanonCall*) { return SASL_OK; }});
    const Login login = log_in(&sasl_client, &server, kGs2);
    *log = server.log().text();
    if (login.server.code == SASL_OK) return server.authid();
    EXPECT_EQ(login.server.code, SASL_BADAUTH) << *log;
    EXPECT_TRUE(server.was_silent()) << "an identity was handed to the application";
    return std::nullopt;
  }
};

TEST_F(IdentityTest, ForgedNames) {
  SPEC("L45");
  const struct {
    ForgedPrincipal client;
    const char* authid;  // null: refused
  } rows[] = {
      {{{"alice"}}, "alice"},
      {{{"host", "www.example.test"}}, "host/www.example.test"},
      {{{"alice"}, "OTHER.TEST"}, "alice@OTHER.TEST"},
      {{{"alice"}, "example.test"}, "alice@example.test"},
      {{{"admin"}, "EXAMPLE.TEST.EVIL"}, "admin@EXAMPLE.TEST.EVIL"},
      {{{"\xc3\xa4"}}, "\xc3\xa4"},
      {{{" admin"}}, nullptr},
      {{{"admin "}}, nullptr},
      {{{"\tadmin"}}, nullptr},
      {{{"admin\n"}}, nullptr},
      {{{"a@b"}}, nullptr},
      {{{"admin@EXAMPLE.TEST"}}, nullptr},
      {{{"admin@EXAMPLE.TEST"}, "OTHER.TEST"}, nullptr},
      {{{"x\\y"}}, nullptr},
      {{{"a/b"}}, nullptr},
      {{{"ad\nmin"}}, nullptr},
      {{{"ad\bmin"}}, nullptr},
      {{{"\x1b[2J"}}, nullptr},
      {{{"\x7f"}}, nullptr},
      {{{"root\0x"s}}, nullptr},
      {{{"\xff\xfe"}}, nullptr},
      {{{""}}, nullptr},
      {{{" "}}, nullptr},
      {{{"alice"}, "O@T"}, nullptr},
      {{{"a\xc2\x85"
         "b"}},
       nullptr},
      // No user, with any name type.
      {{{"WELLKNOWN", "ANONYMOUS"}}, nullptr},
      {{{"WELLKNOWN", "ANONYMOUS"}, "EXAMPLE.TEST", KRB5_NT_WELLKNOWN}, nullptr},
      {{{"WELLKNOWN", "ANONYMOUS"}, "OTHER.TEST"}, nullptr},
      {{{"WELLKNOWN", "ANONYMOUS"}, "WELLKNOWN:ANONYMOUS"}, nullptr},
  };
  for (const auto& row : rows) {
    std::string log;
    const auto authid = authid_of(row.client, &log);
    const std::string shown = printable(as_bytes(row.client.components[0]));
    EXPECT_EQ(authid.has_value(), row.authid != nullptr) << shown << "\n" << log;
    if (authid && row.authid != nullptr) {
      EXPECT_EQ(*authid, row.authid) << shown;
    }
    // Nothing of a name can forge a line of the log.
    EXPECT_EQ(log.find('\x1b'), std::string::npos);
  }
}

TEST_F(IdentityTest, AnonymousTicketIsRefused) {
  SPEC("L45 N31 G14");
  std::string log;
  const auto authid =
      authid_of({{"WELLKNOWN", "ANONYMOUS"}, "WELLKNOWN:ANONYMOUS", KRB5_NT_WELLKNOWN}, &log);
  EXPECT_FALSE(authid) << *authid;
  EXPECT_NE(log.find("anonymous"), std::string::npos) << log;
}

TEST_F(IdentityTest, UserOfAForeignRealmKeepsIt) {
  SPEC("L45");
  realm().kinit("carol@OTHER.TEST", "secret", ccache("carol"));
  use_ccache(ccache("carol"));
  SaslClient client;
  SaslServer server;
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok()) << client.error() << server.log().text();
  EXPECT_EQ(server.authid(), "carol@OTHER.TEST");
  EXPECT_EQ(server.authzid(), "carol@OTHER.TEST");
}

// libsasl appends the application's realm to a name without one: both would be dave@OTHER.TEST.
TEST_F(IdentityTest, TheApplicationsRealmIsNoForeignOne) {
  SPEC("L45");
  const struct {
    const char* user_realm;
    const char* realm;   // of dave
    const char* authid;  // null: refused
  } rows[] = {
      {"OTHER.TEST", "OTHER.TEST", nullptr},
      {"other.test", "OTHER.TEST", nullptr},
      {"OTHER.TEST", "Other.Test", nullptr},
      {"EXAMPLE.TEST", "example.test", nullptr},
      {"example.test", "example.test", nullptr},
      {"example.test", "EXAMPLE.TEST", "dave@example.test"},
      {"OTHER.TEST", "EXAMPLE.TEST", "dave@OTHER.TEST"},
      {"OTHER.TEST", "SUB.OTHER.TEST", "dave@SUB.OTHER.TEST"},
      {"OTHER.TEST", "THIRD.TEST", "dave@THIRD.TEST"},
      {"EXAMPLE.TEST", "EXAMPLE.TEST", "dave@EXAMPLE.TEST"},
      {"EXAMPLE.TEST", "OTHER.TEST", "dave@OTHER.TEST"},
      {"", "OTHER.TEST", "dave@OTHER.TEST"},
      {"", "EXAMPLE.TEST", "dave"},
  };
  for (const auto& row : rows) {
    use_forged({.client = {{"dave"}, row.realm}});
    SaslClient client;
    SaslServer server({.user_realm = row.user_realm});
    const Login login = log_in(&client, &server, kGs2);
    EXPECT_EQ(login.server.code, row.authid != nullptr ? SASL_OK : SASL_BADAUTH)
        << row.user_realm << " " << row.realm << "\n"
        << server.log().text();
    EXPECT_EQ(server.authid(), row.authid != nullptr ? row.authid : "") << row.realm;
    EXPECT_EQ(server.proxy_calls().empty(), row.authid == nullptr);
  }
}

TEST_F(IdentityTest, ProxyPolicyDecidesWhoActsAsWhom) {
  SPEC("G5");
  const struct {
    const char* authzid;
    const char* seen;
  } rows[] = {{"", "alice"}, {"alice", "alice"}, {"bob,a=b", "bob,a=b"}};
  for (const auto& row : rows) {
    for (const int verdict : {SASL_OK, SASL_NOAUTHZ}) {
      SaslClient client({.user = says(row.authzid)});
      SaslServer server(
          {.needs_proxy = true, .proxy_policy = [&](const ProxyCall&) { return verdict; }});
      const Login login = log_in(&client, &server, kGs2);
      EXPECT_EQ(login.server.code, verdict);
      ASSERT_EQ(server.proxy_calls().size(), 1U);
      EXPECT_EQ(server.proxy_calls()[0].authid, "alice");
      EXPECT_EQ(server.proxy_calls()[0].authzid, row.seen);
    }
  }
}

// slapd counts on the order; one call where both are the same.
TEST_F(IdentityTest, CanonUserIsCalledForAuthidFirst) {
  SPEC("L45");
  const auto flags_of = [](const char* authzid) {
    SaslClient client({.user = says(authzid)});
    SaslServer server({.proxy_policy = [](const ProxyCall&) { return SASL_OK; },
                       .canon_user = [](CanonCall*) { return SASL_OK; }});
    EXPECT_TRUE(log_in(&client, &server, kGs2).ok());
    std::vector<unsigned> flags;
    for (const CanonCall& call : server.canon_calls()) {
      EXPECT_EQ(call.name, (call.flags & SASL_CU_AUTHID) != 0 ? "alice" : authzid);
      EXPECT_NE(call.flags & SASL_CU_EXTERNALLY_VERIFIED, 0U);
      flags.push_back(call.flags & (SASL_CU_AUTHID | SASL_CU_AUTHZID));
    }
    return flags;
  };
  const std::vector<unsigned> once = {SASL_CU_AUTHID | SASL_CU_AUTHZID};
  EXPECT_EQ(flags_of(""), once);
  EXPECT_EQ(flags_of("alice"), once);
  EXPECT_EQ(flags_of("bob"), (std::vector<unsigned>{SASL_CU_AUTHID, SASL_CU_AUTHZID}));
}

TEST_F(IdentityTest, ARefusalOfCanonUserIsPassedOn) {
  SaslClient client;
  SaslServer server({.canon_user = [](CanonCall*) { return SASL_NOUSER; }});
  EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_NOUSER);
  EXPECT_TRUE(server.proxy_calls().empty());
}

}  // namespace
}  // namespace gssloop::testing
