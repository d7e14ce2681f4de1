// SPDX-License-Identifier: BSD-2-Clause
// The user that a peer is, and the users that it may act as.
#include "tests/live/policy_session.h"

namespace gssloop::testing {
namespace {

class PolicyIdentityTest : public PolicyTest {
 protected:
  // A ticket of a user whose one indicator is to be a name.
  static void be_called(const Values& indicators) {
    disable_replay_cache();
    use_forged({.client = {{"alice"}}, .indicators = indicators});
  }
};

TEST_F(PolicyIdentityTest, Kinds) {
  SPEC("L45");
  realm().kinit("carol@OTHER.TEST", "secret", ccache("carol"));
  const struct {
    const char* identity;
    const char* alice;
    const char* carol;  // of another realm; null: refused
  } rows[] = {
      {"", "alice", "carol@OTHER.TEST"},
      {"identity = \"strip-default-realm\"\n", "alice", "carol@OTHER.TEST"},
      {"identity = \"principal\"\n", "alice@EXAMPLE.TEST", "carol@OTHER.TEST"},
      {"identity = \"auth-to-local\"\n", "alice", nullptr},
  };
  for (const auto& row : rows) {
    set_rules(row.identity);
    use_ccache(realm().default_ccache());
    EXPECT_EQ(outcome().authid, row.alice) << row.identity;
    use_ccache(ccache("carol"));
    const Outcome carol = outcome();
    EXPECT_EQ(carol.authid, row.carol != nullptr ? row.carol : "") << row.identity << carol.log;
    EXPECT_EQ(carol.code, row.carol != nullptr ? SASL_OK : SASL_NOAUTHZ) << row.identity;
  }
}

// With the whole principal, the application's realm may well be the peer's.
TEST_F(PolicyIdentityTest, TheApplicationsRealm) {
  SPEC("L45");
  set_rules("identity = \"principal\"\n");
  const struct {
    const char* user;
    const char* user_realm;
    bool is_admitted;
  } rows[] = {{"alice", "EXAMPLE.TEST", true},
              {"alice", "OTHER.TEST", true},
              {"carol@OTHER.TEST", "EXAMPLE.TEST", true},
              {"carol@OTHER.TEST", "OTHER.TEST", false}};  // would become its own "carol"
  for (const auto& row : rows) {
    be(row.user);
    SaslClient client;
    SaslServer server(under_policy({.user_realm = row.user_realm}));
    EXPECT_EQ(log_in(&client, &server, kGs2).server.code, row.is_admitted ? SASL_OK : SASL_BADAUTH)
        << row.user << " " << row.user_realm << server.log().text();
  }
}

TEST_F(PolicyIdentityTest, AnAttributeNames) {
  SPEC("L45 N31");
  set_rules("identity = { attribute = \"assurance\" }\n");
  be_called({"robin"});
  EXPECT_EQ(outcome().authid, "robin");
  const std::vector<Values> refused = {
      {}, {"one", "two"}, {" admin"}, {""}, {"\xff"}, {"a\nb"}, {std::string("a\0b", 3)}};
  for (const Values& indicators : refused) {
    be_called(indicators);
    const Outcome result = outcome();
    EXPECT_EQ(result.code, SASL_NOAUTHZ) << result.log;
    EXPECT_NE(result.log.find("identity at " + policy_path() + ":6:12: the "), result.log.npos);
    EXPECT_EQ(result.log.find("admin"), result.log.npos);
  }
  be("bob");
  EXPECT_EQ(outcome().code, SASL_NOAUTHZ);
}

// An anonymous ticket that a KDC issued: no user without a rule, else the rule's user; without
// attributes, so that no rule over one holds.
TEST_F(PolicyIdentityTest, AnonymousPeers) {
  SPEC("L45 N31");
  if (!is_inside()) return run_inside();  // with another realm's krb5.conf
  RealmOptions options;
  options.services = {"imap/localhost"};
  options.anonymous = true;
  Realm other(options);
  other.kinit({.user = {}, .anonymous = true});
  other.apply_to_this_process();
  restart_library({});
  const struct {
    const char* rules;
    int code;
  } rows[] = {
      {"", SASL_BADAUTH},
      {"identity = \"principal\"\n", SASL_BADAUTH},
      {"identity = \"auth-to-local\"\n", SASL_BADAUTH},
      {"identity = { attribute = \"assurance\" }\n", SASL_BADAUTH},
      {"anonymous = \"guest\"\n", SASL_OK},
      {"anonymous = \"guest\"\nidentity = { attribute = \"assurance\" }\n", SASL_OK},
      {"anonymous = \"guest\"\nrequire = [\"peer.anonymous=yes\"]\n", SASL_OK},
      {"anonymous = \"guest\"\nrequire = [\"peer.anonymous=no\"]\n", SASL_NOAUTHZ},
      {"anonymous = \"guest\"\nrequire = [\"exists assurance | exists client\"]\n", SASL_NOAUTHZ},
      {"anonymous = \"guest\"\nrequire = [\"exists peer.realm | exists peer.principal\"]\n",
       SASL_NOAUTHZ},
  };
  for (const auto& row : rows) {
    set_rules(row.rules);
    const Outcome result = outcome();
    EXPECT_EQ(result.code, row.code) << row.rules << result.log;
    EXPECT_EQ(result.authid, row.code == SASL_OK ? "guest" : "") << row.rules;
  }
  // Without a policy as well.
  SaslClient client;
  SaslServer server;
  EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_BADAUTH);

  // SASL_SEC_NOANONYMOUS, on each side.
  set_rules("anonymous = \"guest\"\n");
  for (const char* mechanism : {kGs2, "GSSAPI", "GSS-SPNEGO"}) {
    SaslClient anyone;
    SaslServer strict(under_policy({.security_flags = SASL_SEC_NOANONYMOUS}));
    EXPECT_EQ(log_in(&anyone, &strict, mechanism).server.code, SASL_BADAUTH) << mechanism;
    EXPECT_TRUE(strict.log().has("the application forbids anonymous logins", SASL_LOG_ERR));
    SaslClient user({.security_flags = SASL_SEC_NOANONYMOUS});
    SaslServer open(under_policy({}));
    const Login login = log_in(&user, &open, mechanism);
    EXPECT_LT(login.client.code, SASL_OK) << mechanism;
    EXPECT_TRUE(login.messages.empty()) << "octets left the client";
    EXPECT_NE(user.error().find("the ticket is anonymous"), std::string::npos) << user.error();
  }
}

TEST_F(PolicyIdentityTest, WhoMayActAsWhom) {
  const struct {
    const char* rules;
    const char* as;
    bool alice;
  } rows[] = {
      {"", "bob", true},
      {"authorize = []\n", "bob", false},
      {"authorize = []\n", "alice", true},
      {"authorize = []\n", "", true},
      // Its own principal is the peer itself; "@" stands for the realm.
      {"authorize = []\n", "alice@", true},
      {"authorize = []\n", "bob@", false},
      {"authorize = []\n", "Alice@", false},
      {"authorize = []\n", "alice@OTHER.ORG", false},
      {"authorize = [\"authid=alice & authzid=bob\"]\n", "bob", true},
      {"authorize = [\"authid=alice & authzid=bob\"]\n", "admin", false},
      {"authorize = [\"authid=bob\", \"authzid~b*b\"]\n", "bob", true},
      {"authorize = [\"authid=bob\"]\n", "bob", false},
      {"authorize = [\"assurance=spake\"]\n", "admin", true},
      {"authorize = [\"!assurance=spake\"]\n", "admin", false},
  };
  for (const auto& row : rows) {
    set_rules(row.rules);
    std::string as = row.as;
    if (as.ends_with('@')) as += realm().name();
    const Outcome result = outcome({.user = says(as)});
    EXPECT_EQ(result.code, row.alice ? SASL_OK : SASL_NOAUTHZ) << row.rules << row.as << result.log;
    const std::string place = "authorize at " + policy_path() + ":6";
    // Before the reason of the failure, the log has the result of each rule.
    const std::size_t start = result.log.find("the policy does not allow it");
    const std::string reason = start == result.log.npos ? "" : result.log.substr(start);
    EXPECT_EQ(reason.find(place) != reason.npos, !row.alice) << result.log;
    EXPECT_EQ(reason.find(place), reason.rfind(place)) << "said twice: " << result.log;
    const bool is_itself = as.empty() || as == "alice@" + realm().name();
    const std::string acting = is_itself ? "alice" : as;
    EXPECT_EQ(result.authzid, row.alice ? acting : "") << row.rules;
  }
}

// In no place of the application's own policy, and on the names as the application made them.
TEST_F(PolicyIdentityTest, TheApplicationHasItsSayToo) {
  set_rules("authorize = [\"authzid=bob\"]\n");
  SaslClient client({.user = says("bob")});
  SaslServer server(under_policy({.proxy_policy = [](const ProxyCall&) { return SASL_NOAUTHZ; }}));
  EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_NOAUTHZ);
  EXPECT_EQ(server.proxy_calls().size(), 1U);

  set_rules("authorize = [\"authid=u-alice & authzid=u-bob\"]\n");
  SaslClient other({.user = says("bob")});
  SaslServer renaming(under_policy({.canon_user = [](CanonCall* call) {
    call->name = "u-" + call->name;
    return SASL_OK;
  }}));
  EXPECT_EQ(log_in(&other, &renaming, kGs2).server.code, SASL_OK) << renaming.log().text();
}

}  // namespace
}  // namespace gssloop::testing
