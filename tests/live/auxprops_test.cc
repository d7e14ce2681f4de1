// SPDX-License-Identifier: BSD-2-Clause
// The peer's name attributes as the application gets them. No auxprop database exists here.
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

using Values = std::vector<std::string>;

const std::vector<std::string> kAll = {"*auth-indicators", "auth-indicators",
                                       "*urn:mspac:client-info", "urn:mspac:client-info"};

int allow(const ProxyCall&) { return SASL_OK; }

class AuxpropsTest : public LiveTest {
 protected:
  // An octet 00 to 02 or so begins each base64 text of a PAC's client-info: it is a time.
  static void expect_client_info(const Values& values) {
    ASSERT_EQ(values.size(), 1U);
    EXPECT_GE(values[0].size(), 24U);
    EXPECT_EQ(values[0].size() % 4, 0U);
    EXPECT_EQ(values[0].find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789+/="),
              std::string::npos);
  }
};

TEST_F(AuxpropsTest, TheOwnIdentityHasBothNames) {
  SPEC("N11 N4");
  SaslClient client({.user = says("alice")});
  SaslServer server({.requested = kAll});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
  Properties seen = server.properties();
  EXPECT_EQ(seen["*auth-indicators"], (Values{"spake", "second-factor"}));
  EXPECT_EQ(seen["auth-indicators"], (Values{"spake", "second-factor"}));
  expect_client_info(seen["*urn:mspac:client-info"]);
  EXPECT_EQ(seen["urn:mspac:client-info"], seen["*urn:mspac:client-info"]);
}

TEST_F(AuxpropsTest, AnotherIdentityHasNoneOfThePeers) {
  SPEC("N5");
  SaslClient client({.user = says("bob")});
  SaslServer server({.requested = kAll, .proxy_policy = allow});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
  Properties seen = server.properties();
  EXPECT_EQ(seen["*auth-indicators"].size(), 2U);
  EXPECT_TRUE(seen["auth-indicators"].empty());
  EXPECT_EQ(seen["*urn:mspac:client-info"].size(), 1U);
  EXPECT_TRUE(seen["urn:mspac:client-info"].empty());
}

// Without a rule an attribute is something to read: users with and without indicators are let in,
// named and refused alike.
TEST_F(AuxpropsTest, AttributesGrantNothing) {
  SPEC("N3 N30");
  realm().kinit("bob", "secret", ccache("bob"));  // Kerberos has no indicator of bob
  for (const std::string user : {"alice", "bob"}) {
    use_ccache(user == "alice" ? realm().default_ccache() : ccache("bob"));
    SaslClient as_itself;
    SaslServer server({.requested = kAll});
    const Login login = log_in(&as_itself, &server, kGs2);
    ASSERT_TRUE(login.ok()) << server.error();
    EXPECT_EQ(server.properties().at("*auth-indicators").empty(), user == "bob");
    EXPECT_EQ(server.proxy_calls().at(0).authid, user);
    SaslClient as_admin({.user = says("admin")});
    SaslServer strict({.requested = kAll, .proxy_policy = {}});
    EXPECT_EQ(log_in(&as_admin, &strict, kGs2).server.code, SASL_BADAUTH) << user;
  }
}

TEST_F(AuxpropsTest, TheProxyPolicySeesThem) {
  SaslClient client;
  SaslServer server({.requested = {"*auth-indicators"}});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
  ASSERT_EQ(server.proxy_calls().size(), 1U);
  EXPECT_EQ(server.proxy_calls()[0].properties.at("*auth-indicators").size(), 2U);
}

TEST_F(AuxpropsTest, NothingIsSetThatWasNotRequested) {
  SaslClient client;
  SaslServer server({.requested = {"*mail", "*urn:mspac:server-checksum-x"}});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
  for (const auto& [name, values] : server.properties()) EXPECT_TRUE(values.empty()) << name;
  SaslClient other;
  SaslServer none;
  ASSERT_TRUE(log_in(&other, &none, kGs2).ok());
  for (const auto& [name, values] : none.properties()) EXPECT_TRUE(values.empty()) << name;
}

// slapd does this: prop_request in a canon_user callback clears all values.
TEST_F(AuxpropsTest, SurviveACanonUserThatRequestsProperties) {
  SaslClient client({.user = says("bob")});
  SaslServer server(
      {.requested = {"*auth-indicators"}, .proxy_policy = allow, .canon_user = [](CanonCall* call) {
         static const char* more[] = {"*late", nullptr};
         sasl_auxprop_request(call->connection, more);
         return SASL_OK;
       }});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
  EXPECT_EQ(server.canon_calls().size(), 2U);
  EXPECT_EQ(server.properties().at("*auth-indicators").size(), 2U);
  EXPECT_EQ(server.proxy_calls().at(0).properties.at("*auth-indicators").size(), 2U);
}

// A database fills properties at the same time as a canon_user callback: before ours are set.
TEST_F(AuxpropsTest, ADatabaseCannotPose) {
  SPEC("N29");
  realm().kinit("bob", "secret", ccache("bob"));  // of whom Kerberos has no indicator
  for (const bool has_own : {true, false}) {
    use_ccache(has_own ? realm().default_ccache() : ccache("bob"));
    SaslClient client;
    SaslServer server({.requested = {"*auth-indicators", "auth-indicators", "*mail"},
                       .canon_user = [](CanonCall* call) {
                         propctx* context = sasl_auxprop_getctx(call->connection);
                         for (const char* name : {"*auth-indicators", "auth-indicators", "*mail"}) {
                           prop_set(context, name, "posed", 5);
                         }
                         return SASL_OK;
                       }});
    ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
    const Values expected = has_own ? Values{"spake", "second-factor"} : Values{};
    EXPECT_EQ(server.properties().at("*auth-indicators"), expected);
    EXPECT_EQ(server.properties().at("auth-indicators"), expected);
    EXPECT_EQ(server.properties().at("*mail"), Values{"posed"});
  }
}

TEST_F(AuxpropsTest, NothingIsLeftOfAFailedAttempt) {
  int verdict = SASL_NOAUTHZ;
  SaslServer server({.requested = kAll, .proxy_policy = [&](const ProxyCall& call) {
                       EXPECT_EQ(call.properties.at("*auth-indicators").size(), 2U);
                       return verdict;
                     }});
  const auto expect_nothing = [&] {
    for (const auto& [name, values] : server.properties()) EXPECT_TRUE(values.empty()) << name;
  };
  SaslClient refused;
  EXPECT_EQ(log_in(&refused, &server, kGs2).server.code, SASL_NOAUTHZ);
  expect_nothing();
  // A success is followed by an attempt that fails in our own steps.
  verdict = SASL_OK;
  SaslClient good;
  ASSERT_TRUE(log_in(&good, &server, kGs2).ok());
  EXPECT_EQ(server.properties().at("*auth-indicators").size(), 2U);
  EXPECT_LT(server.start(kGs2, "n,,garbage").code, SASL_OK);
  expect_nothing();
}

// The next user of a connection must not inherit. (libsasl allows none after a success.)
TEST_F(AuxpropsTest, TheNextLoginHasItsOwn) {
  realm().kinit("bob", "secret", ccache("bob"));
  SaslServer server({.requested = {"*auth-indicators"}, .proxy_policy = [](const ProxyCall& call) {
                       return call.authid == "bob" ? SASL_OK : SASL_NOAUTHZ;
                     }});
  SaslClient alice;
  ASSERT_FALSE(log_in(&alice, &server, kGs2).ok());
  use_ccache(ccache("bob"));
  SaslClient bob;
  ASSERT_TRUE(log_in(&bob, &server, kGs2).ok());
  EXPECT_EQ(server.authid(), "bob");
  EXPECT_TRUE(server.proxy_calls().at(1).properties.at("*auth-indicators").empty());
  EXPECT_TRUE(server.properties().at("*auth-indicators").empty());
}

TEST_F(AuxpropsTest, UnauthenticatedValuesAreWithheld) {
  SPEC("N2 N29");
  const struct {
    Signature pac, indicators;
    bool has_pac, has_indicators;
  } rows[] = {
      {Signature::kGood, Signature::kGood, true, true},
      {Signature::kBad, Signature::kGood, false, true},
      {Signature::kGood, Signature::kBad, true, false},
      {Signature::kGood, Signature::kMissing, true, false},
  };
  disable_replay_cache();
  for (const auto& row : rows) {
    use_forged({.client = {{"alice"}},
                .pac = row.pac,
                .indicators = Values{"level-9", "x\nserver: root logged in"},
                .indicators_signature = row.indicators});
    SaslClient client;
    SaslServer server({.requested = {"*auth-indicators", "*urn:mspac:client-info"}});
    ASSERT_TRUE(log_in(&client, &server, kGs2).ok()) << server.log().text();
    EXPECT_EQ(server.properties().at("*auth-indicators").size(), row.has_indicators ? 2U : 0U);
    EXPECT_EQ(server.properties().at("*urn:mspac:client-info").size(), row.has_pac ? 1U : 0U);
    EXPECT_EQ(server.log().has("are missing"), !row.has_pac) << server.log().text();
    EXPECT_FALSE(server.log().has("level-9"));
  }
}

TEST_F(AuxpropsTest, ValuesThatAreNotTextAreWithheld) {
  SPEC("N9");
  disable_replay_cache();
  use_forged(
      {.client = {{"alice"}}, .indicators = Values{"good", std::string("ad\0min", 6), "\xff\xfe"}});
  SaslClient client;
  SaslServer server({.requested = {"*auth-indicators"}});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok()) << server.log().text();
  EXPECT_EQ(server.properties().at("*auth-indicators"), Values{"good"});
}

}  // namespace
}  // namespace gssloop::testing
