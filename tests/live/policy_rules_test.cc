// SPDX-License-Identifier: BSD-2-Clause
// Which users get in: require and deny over what a real KDC says of its users.
#include "tests/live/policy_session.h"
#include "tests/support/pac_buffers.h"

namespace gssloop::testing {
namespace {

class PolicyRulesTest : public PolicyTest {};

TEST_F(PolicyRulesTest, ARuleDecides) {
  SPEC("N1 N3 N30");
  set_rules("require = [\"assurance=second-factor\"]\n");
  EXPECT_EQ(outcome().code, SASL_OK);
  be("bob");  // Kerberos has no indicator of bob
  const Outcome bob = outcome();
  EXPECT_EQ(bob.code, SASL_NOAUTHZ);
  EXPECT_NE(bob.log.find("require at " + policy_path() + ":6:12 is false"), std::string::npos)
      << bob.log;
}

TEST_F(PolicyRulesTest, TheSameInEveryMechanism) {
  SPEC("N1");
  for (const char* mechanism : {kGs2, "GSSAPI", "GSS-SPNEGO"}) {
    set_rules("require = [\"assurance=spake & peer.mechanism=krb5\"]\n");
    be("alice");
    EXPECT_EQ(outcome({}, mechanism).code, SASL_OK) << mechanism;
    be("bob");
    EXPECT_EQ(outcome({}, mechanism).code, SASL_NOAUTHZ) << mechanism;
    set_rules("deny = [\"assurance=spake\"]\n");
    EXPECT_EQ(outcome({}, mechanism).code, SASL_OK) << mechanism;
    be("alice");
    EXPECT_EQ(outcome({}, mechanism).code, SASL_NOAUTHZ) << mechanism;
  }
}

TEST_F(PolicyRulesTest, Tables) {
  SPEC("N1 N16 N17");
  const struct {
    const char* rules;
    bool alice, bob;
  } rows[] = {
      {"", true, true},
      {"require = [\"assurance=nothing | assurance=spake\"]\n", true, false},
      {"require = [\"assurance=spake\", \"assurance=nothing\"]\n", false, false},
      {"require = [\"assurance=spak\"]\n", false, false},   // no prefix
      {"require = [\"assurance=SPAKE\"]\n", false, false},  // no folding
      {"require = ['assurance=\"spake \"']\n", false, false},
      {"require = [\"assurance~sp*ke\"]\n", true, false},
      {"require = [\"assurance=spake\"]\ndeny = [\"assurance=second-factor\"]\n", false, false},
      {"deny = [\"exists assurance\"]\n", false, true},
      {"require = [\"!exists assurance\"]\n", false, true},
      {"require = [\"complete assurance\"]\n", true, false},
      {"require = [\"peer.realm=EXAMPLE.TEST\"]\n", true, true},
      {"require = [\"peer.realm=OTHER.TEST\"]\n", false, false},
      {"require = [\"peer.principal=alice@EXAMPLE.TEST\"]\n", true, false},
      {"require = [\"peer.local-name=bob\"]\n", false, true},
      {"require = [\"peer.service=imap & peer.anonymous=no\"]\n", true, true},
      {"require = ['client~\"*Z alice\"']\n", true, false},
      // Tables: all always holds, default only for others.
      {"[all]\nrequire = [\"assurance=spake\"]\n[services.imap]\n", true, false},
      {"[services.default]\nrequire = [\"assurance=spake\"]\n", true, false},
      {"[services.default]\nrequire = [\"assurance=spake\"]\n[services.imap]\n", true, true},
      {"[services.smtp]\nrequire = [\"assurance=nothing\"]\n", true, true},
      {"[services.imap.mechanisms.krb5]\nrequire = [\"assurance=spake\"]\n", true, false},
      {"[services.imap.mechanisms.\"1.3.6.1.4.1.5322.22.1.17\"]\nrequire = [\"peer.realm=X\"]\n",
       true, true},
  };
  for (const auto& row : rows) {
    set_rules(row.rules);
    be("alice");
    EXPECT_EQ(outcome().code, row.alice ? SASL_OK : SASL_NOAUTHZ) << row.rules;
    be("bob");
    EXPECT_EQ(outcome().code, row.bob ? SASL_OK : SASL_NOAUTHZ) << row.rules;
  }
}

// Absent is false, and a client can make a PAC absent: what a deny lets pass then, a require does
// not.
TEST_F(PolicyRulesTest, AClientCanMakeAttributesAbsent) {
  SPEC("N2 N3");
  const struct {
    const char* rules;
    bool with_pac, without;
  } rows[] = {
      {"require = [\"exists client\"]\n", true, false},
      {"deny = [\"client~*bob\"]\n", false, true},
      {"deny = [\"client~*bob\"]\nrequire = [\"exists client\"]\n", false, false},
      {"require = [\"!client~*bob\"]\n", false, true},
  };
  for (const auto& row : rows) {
    set_rules(row.rules);
    be("bob");
    EXPECT_EQ(outcome().code, row.with_pac ? SASL_OK : SASL_NOAUTHZ) << row.rules;
    be_without_pac();
    EXPECT_EQ(outcome().code, row.without ? SASL_OK : SASL_NOAUTHZ) << row.rules;
  }
}

// A PAC that another service signed is listed, and cannot be read: neither yes nor no.
TEST_F(PolicyRulesTest, AForgedPacIsUnknown) {
  SPEC("N2");
  disable_replay_cache();
  const struct {
    const char* rules;
    bool is_admitted;
  } rows[] = {
      {"", true},
      {"require = [\"exists client\"]\n", false},
      {"require = [\"client~*alice\"]\n", false},
      {"require = [\"!client~*alice\"]\n", false},  // not-unknown is unknown
      {"require = [\"client~*alice | peer.mechanism=krb5\"]\n", true},
      {"require = [\"client~*alice & peer.mechanism=krb5\"]\n", false},
      {"deny = [\"client~*mallory\"]\n", false},  // a deny fires on unknown
      {"deny = [\"client~*mallory & peer.realm=OTHER.TEST\"]\n", true},
      {"deny = [\"assurance=mallory\"]\n", true},  // that one is absent
  };
  for (const auto& row : rows) {
    set_rules(row.rules);
    use_forged({.client = {{"alice"}}, .pac = Signature::kBad});
    const Outcome result = outcome();
    EXPECT_EQ(result.code, row.is_admitted ? SASL_OK : SASL_NOAUTHZ) << row.rules << result.log;
    if (!row.is_admitted) {
      EXPECT_NE(result.log.find("is unknown (client: \"urn:mspac:client-info\" cannot be read: "),
                std::string::npos)
          << result.log;
    }
  }
}

// A validly signed buffer that is cut short is authenticated, and still nothing to decide by.
TEST_F(PolicyRulesTest, WhatADecoderRefusesIsUnknown) {
  SPEC("N2 N3");
  disable_replay_cache();
  const std::string definition =
      "[attributes.groups]\n"
      "from = [{ mechanism = \"krb5\", name = \"urn:mspac:logon-info\", form = \"pac-groups\" }]\n"
      "[services.imap]\n";
  for (const auto& [rules, is_admitted] :
       std::vector<std::pair<std::string, bool>>{{"", true},
                                                 {"deny = [\"groups=S-1-5-32-544\"]\n", false},
                                                 {"require = [\"exists groups\"]\n", false}}) {
    write_policy(definition + rules);
    use_forged({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "short"});
    const Outcome result = outcome();
    EXPECT_EQ(result.code, is_admitted ? SASL_OK : SASL_NOAUTHZ) << rules << result.log;
  }
}

// Groups as Active Directory's KDCs put them into tickets.
TEST_F(PolicyRulesTest, GroupsOfAPac) {
  SPEC("N1 P1 P4");
  disable_replay_cache();
  write_policy(
      "[attributes.groups]\n"
      "from = [{ mechanism = \"krb5\", name = \"urn:mspac:logon-info\", form = \"pac-groups\" }]\n"
      "[attributes.upn]\n"
      "from = [{ mechanism = \"krb5\", name = \"urn:mspac:upn-dns-info\", form = \"pac-upn\" }]\n"
      "[attributes.requestor]\n"
      "from = [{ mechanism = \"krb5\", name = \"urn:mspac:18\", form = \"pac-requestor-sid\" }]\n"
      "[services.imap]\n"
      "require = [\"groups=S-1-5-21-1-2-3-1105 & requestor=S-1-5-21-1-2-3-1104\"]\n"
      "deny = [\"groups=S-1-5-32-546\"]\n"
      "identity = { attribute = \"upn\" }\n");
  const auto code_with = [](const PacLogonInfo& info) {
    use_forged({.client = {{"alice"}},
                .pac = Signature::kGood,
                .logon_info = logon_info(info).octets,
                .pac_buffers = {{12, upn_info({})}, {18, sid_octets("S-1-5-21-1-2-3-1104")}}});
    const Outcome result = outcome();
    EXPECT_EQ(result.authid, result.code == SASL_OK ? "alice@example.test" : "") << result.log;
    return result.code;
  };
  EXPECT_EQ(code_with({.groups = {{513}, {1105}}}), SASL_OK);
  EXPECT_EQ(code_with({.groups = {{513}, {1106}}}), SASL_NOAUTHZ);
  EXPECT_EQ(code_with({.groups = {{513}, {1105}}, .extra_sids = {{"S-1-5-32-546"}}}), SASL_NOAUTHZ);
  EXPECT_EQ(code_with({.extra_sids = {{"S-1-5-21-1-2-3-1105"}}}), SASL_OK);
  EXPECT_EQ(code_with({.resource_domain = "S-1-5-21-1-2-3", .resource_groups = {{1105}}}), SASL_OK);
  // For denials only: neither in nor out.
  EXPECT_EQ(code_with({.groups = {{513}, {1105, 0x10}}}), SASL_NOAUTHZ);
}

// Service tickets of Active Directory have no requestor: the SID is in two other buffers.
TEST_F(PolicyRulesTest, AUserBySid) {
  SPEC("N1 P10");
  disable_replay_cache();
  const std::string user = "S-1-5-21-1-2-3-1104";
  const std::string definition =
      "[attributes.user]\n"
      "from = [{ mechanism = \"krb5\", name = \"urn:mspac:logon-info\", form = \"pac-sid\" },\n"
      "  { mechanism = \"krb5\", name = \"urn:mspac:upn-dns-info\", form = \"pac-sid\" }]\n"
      "[services.imap]\n";
  const std::string required = "require = [\"user=" + user + "\"]\n";
  const std::string denied = "deny = [\"user=S-1-5-21-1-2-3-500\"]\n";
  const PacUpnInfo extended{.sam_name = u"alice", .sid = user};
  const std::string logon = logon_info({}).octets, other = logon_info({.user_id = 500}).octets;
  const struct {
    std::string logon_info, upn_info;
    bool is_admitted, is_denied;
  } rows[] = {{logon, upn_info(extended), true, false},
              {logon, "", true, false},
              {"", upn_info(extended), true, false},
              {logon, upn_info({}), true, false},
              {other, upn_info({}), false, true},
              {other, upn_info(extended), false, true},  // they disagree
              {logon.substr(0, 64), upn_info(extended), false, true},
              {logon, "short", false, true},
              {"", upn_info({}), false, true}};
  for (const auto& row : rows) {
    ForgedTicket ticket{
        .client = {{"alice"}}, .pac = Signature::kGood, .logon_info = row.logon_info};
    if (!row.upn_info.empty()) ticket.pac_buffers[12] = row.upn_info;
    write_policy(definition + required);
    use_forged(ticket);
    Outcome result = outcome();
    EXPECT_EQ(result.code, row.is_admitted ? SASL_OK : SASL_NOAUTHZ) << result.log;
    write_policy(definition + denied);
    use_forged(ticket);
    result = outcome();
    EXPECT_EQ(result.code, row.is_denied ? SASL_NOAUTHZ : SASL_OK) << result.log;
    EXPECT_EQ(result.log.find("S-1-5-21-1-2-3-"), result.log.npos) << result.log;
  }
}

TEST_F(PolicyRulesTest, ChannelAndStrength) {
  SPEC("N1");
  const ChannelBinding binding{"tls-exporter", "data of the channel"};
  const struct {
    const char* rule;
    const char* mechanism;
    bool is_bound, is_admitted;
  } rows[] = {
      {"peer.channel-bound=yes", kGs2Plus, true, true},
      {"peer.channel-bound=yes", kGs2, false, false},
      {"peer.channel-bound=no", kGs2, false, true},
      {"peer.ssf=0", kGs2, false, true},
      {"peer.ssf>=128", kGs2, false, false},
      {"peer.ssf>=128", "GSSAPI", false, true},
      {"peer.ssf=256", "GSSAPI", false, true},
      {"peer.ssf>=257", "GSSAPI", false, false},
  };
  for (const auto& row : rows) {
    set_rules(std::string("require = [\"") + row.rule + "\"]\n");
    ClientSetup client_setup;
    ServerSetup server_setup;
    if (row.is_bound) client_setup.binding = server_setup.binding = binding;
    SaslClient client(client_setup);
    SaslServer server(under_policy(server_setup));
    EXPECT_EQ(log_in(&client, &server, row.mechanism).server.code,
              row.is_admitted ? SASL_OK : SASL_NOAUTHZ)
        << row.rule << " " << row.mechanism << server.log().text();
  }
  // What lies below counts as well.
  set_rules("require = [\"peer.ssf>=256\"]\n");
  SaslClient client;
  SaslServer server(under_policy({.strength = {.external_ssf = 256}}));
  EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_OK);
}

// libsasl ignores "-PLUS" in mech_list, so a list of such names alone lets unbound clients in.
TEST_F(PolicyRulesTest, AMechListDoesNotRequireABinding) {
  SPEC("N1");
  for (const auto& [rules, code] :
       {std::pair{"", SASL_OK},
        std::pair{"require = [\"peer.channel-bound=yes\"]\n", SASL_NOAUTHZ}}) {
    set_rules(rules);
    for (const char* mechanism : {kGs2, "GSSAPI", "GSS-SPNEGO"}) {
      ServerSetup setup{.binding = ChannelBinding{"tls-exporter", "data of the channel"}};
      setup.options["mech_list"] = std::string(mechanism) + "-PLUS";
      SaslClient client;
      SaslServer server(under_policy(setup));
      EXPECT_EQ(log_in(&client, &server, mechanism).server.code, code) << server.log().text();
    }
  }
}

// The peer learns that it is not authorized and nothing else, the log which rule it was; neither a
// value.
TEST_F(PolicyRulesTest, WhoLearnsWhat) {
  SPEC("N31");
  set_rules("deny = [\"assurance=second-factor\"]\n");
  SaslClient client;
  SaslServer server(under_policy());
  ASSERT_EQ(log_in(&client, &server, kGs2).server.code, SASL_NOAUTHZ);
  EXPECT_NE(server.error().find("not authorized"), std::string::npos) << server.error();
  EXPECT_NE(server.log().text().find("deny at " + policy_path() + ":6:9 is true"),
            std::string::npos);
  EXPECT_FALSE(server.log().has("second-factor")) << server.log().text();
  EXPECT_FALSE(server.log().has("spake"));
  EXPECT_TRUE(server.was_silent());
}

// At the level of debugging, the result of each rule.
TEST_F(PolicyRulesTest, EveryRuleCanBeFollowed) {
  SPEC("N31");
  set_rules("require = [\"assurance=spake\"]\ndeny = [\"client~*mallory\"]\n");
  restart_library({{"log_level", "5"}});
  SaslClient client;
  SaslServer server(under_policy({.options = {{"log_level", "5"}}}));
  ASSERT_EQ(log_in(&client, &server, kGs2).server.code, SASL_OK);
  EXPECT_TRUE(server.log().has("policy: require at " + policy_path() + ":6:12 is true"));
  EXPECT_TRUE(server.log().has("policy: deny at " + policy_path() + ":7:9 is false"));
  EXPECT_FALSE(server.log().has("spake")) << server.log().text();
}

TEST_F(PolicyRulesTest, EveryRuleAboutActingAsOthersCanBeFollowed) {
  SPEC("N31");
  set_rules("authorize = [\"assurance=nothing\", \"assurance=spake\"]\n");
  restart_library({{"log_level", "5"}});
  SaslClient client({.user = says("bob")});
  SaslServer server(under_policy({.options = {{"log_level", "5"}}}));
  ASSERT_EQ(log_in(&client, &server, kGs2).server.code, SASL_OK);
  EXPECT_TRUE(server.log().has("policy: authorize at " + policy_path() + ":6:14 is false"));
  EXPECT_TRUE(server.log().has("policy: authorize at " + policy_path() + ":6:35 is true"));
}

}  // namespace
}  // namespace gssloop::testing
