// SPDX-License-Identifier: BSD-2-Clause

// Names for SIDs: [aliases] of a policy, in its rules and for its properties.

#include <gtest/gtest.h>

#include "gssloop/authz/aliases.h"
#include "gssloop/authz/rule_context.h"
#include "tests/unit/policy_reading.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;

const char* const kAttributes = R"([attributes]
groups.from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups" }]
sid.from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-sid" }]
how.from = [{ mechanism = "krb5", name = "auth-indicators" }]
both.from = [{ mechanism = "krb5", name = "urn:mspac:18", form = "pac-requestor-sid" },
             { mechanism = "eap-aes128-cts-hmac-sha1-96", name = "user" }]
)";
const char* const kAliases = R"([aliases]
mail-admins = "S-1-5-21-1-2-3-1105"
"all:of.us_" = "S-1-5-32-545"
alice = "S-1-5-21-1-2-3-1104"
)";

// The policy with an alias more, and with this rule in line 8.
PolicyReading with_rule(const std::string& rule) {
  return read(kAttributes + "[services.imap]\nrequire = ['"s + rule + "']\n" +
              "[aliases]\nmail-admins = 'S-1-5-21-1-2-3-1105'\nalice = 'S-1-5-21-1-2-3-1104'\n");
}

// What the rule decides about a peer with this value of the attribute.
Truth decides(const std::string& rule, const std::string& attribute, const std::string& value) {
  const auto reading = with_rule(rule);
  EXPECT_TRUE(reading.policy) << messages(reading);
  if (!reading.policy) return Truth::kUnknown;
  PeerInfo peer;
  peer.service = "imap";
  peer.mechanism = "krb5";
  RuleContext context(*reading.policy, peer);
  context.suppose(*reading.policy->find(attribute), {{value}, true, {}});
  return reading.policy->scope("imap", "krb5")
      .require.at(0)
      .expression.evaluate(
          [&](std::string_view name) -> const LocalAttribute& { return context.attribute(name); });
}

TEST(PolicyAliases, ARuleComparesWithTheSid) {
  const auto admins = "S-1-5-21-1-2-3-1105"s, others = "S-1-5-21-1-2-3-1106"s;
  for (const char* rule : {"groups=mail-admins", "groups=\"mail-admins\"", "!!groups=mail-admins",
                           "groups=S-1-5-21-1-2-3-1105", "how=x | (groups=mail-admins)"}) {
    EXPECT_EQ(decides(rule, "groups", admins), Truth::kTrue) << rule;
    EXPECT_EQ(decides(rule, "groups", others), Truth::kFalse) << rule;
  }
  EXPECT_EQ(decides("sid=alice", "sid", "S-1-5-21-1-2-3-1104"), Truth::kTrue);
  EXPECT_EQ(decides("sid=alice", "sid", admins), Truth::kFalse);
  EXPECT_EQ(decides("both=alice", "both", "S-1-5-21-1-2-3-1104"), Truth::kTrue);
  EXPECT_EQ(decides("both=bob", "both", "bob"), Truth::kTrue);
}

// The peer's values are never names, so that a text in a ticket or a pattern gains nothing by one.
TEST(PolicyAliases, AValueIsNeverAnAlias) {
  EXPECT_EQ(decides("groups=mail-admins", "groups", "mail-admins"), Truth::kFalse);
  EXPECT_EQ(decides("both=alice", "both", "alice"), Truth::kFalse);
  EXPECT_EQ(decides("how=mail-admins", "how", "mail-admins"), Truth::kTrue) << "no SIDs in there";
  EXPECT_EQ(decides("groups~mail-*", "groups", "S-1-5-21-1-2-3-1105"), Truth::kFalse);
  EXPECT_EQ(decides("groups~S-1-5-21-1-2-3-*", "groups", "S-1-5-21-1-2-3-1105"), Truth::kTrue);
}

TEST(PolicyAliases, TheRuleOfTheFileStaysAsItIs) {
  const auto reading = with_rule("groups=mail-admins");
  ASSERT_TRUE(reading.policy) << messages(reading);
  EXPECT_EQ(messages(reading), "");
  EXPECT_EQ(reading.policy->scope("imap", "krb5").require.at(0).text, "groups=mail-admins");
}

TEST(PolicyAliases, AnUnknownNameIsAnError) {
  for (const char* rule :
       {"groups=mail-admin", "groups=Mail-Admins", "groups=\"\"", "sid=bob", "groups=S-1-5-21-01",
        "groups=s-1-5-21-1-2-3-4", "groups=S-1-5-", "groups=S-1", "groups=\"S-1-5-21-1-2-3-4 \"",
        "groups=S-1-0x12-1", "sid=S-1-5-99999999999", "how=x & groups=mail-admin"}) {
    const auto reading = with_rule(rule);
    EXPECT_FALSE(reading.policy) << rule;
    EXPECT_EQ(places(reading), Strings{"8:12"}) << rule << messages(reading);
    EXPECT_NE(messages(reading).find("or with a name that [aliases] defines"), std::string::npos);
    EXPECT_EQ(messages(reading).find("mail-admin"), std::string::npos) << "no value in a log";
  }
}

TEST(PolicyAliases, PropertiesHaveThem) {
  const auto reading = read(kAliases + std::string(kAttributes));
  ASSERT_TRUE(reading.policy) << messages(reading);
  const Policy& policy = *reading.policy;
  const Definition& groups = *policy.find("groups");
  ASSERT_NE(policy.alias_of(groups, "S-1-5-21-1-2-3-1105"), nullptr);
  EXPECT_EQ(*policy.alias_of(groups, "S-1-5-21-1-2-3-1105"), "mail-admins");
  EXPECT_EQ(*policy.alias_of(groups, "S-1-5-32-545"), "all:of.us_");
  EXPECT_EQ(policy.alias_of(groups, "S-1-5-32-546"), nullptr);
  EXPECT_EQ(policy.alias_of(groups, "mail-admins"), nullptr);
  EXPECT_EQ(policy.alias_of(*policy.find("how"), "S-1-5-32-545"), nullptr);
}

TEST(PolicyAliases, ErrorsHaveAPlace) {
  const struct {
    const char* lines;
    const char* place;
    const char* says;
  } kRows[] = {
      {"a = 1", "2:5",
       "the alias \"a\" must be the name of one of the SIDs, for example S-1-5-21-"},
      {"a = 'S-1-5-21-01'", "2:5", "must be the name of one of the SIDs"},
      {"a = 'Domain Users'", "2:5", "must be the name of one of the SIDs"},
      {"a = ''", "2:5", "must be the name of one of the SIDs"},
      {"a = 'S-1-1-0'\nb = 'S-1-1-0'", "3:5", "the SID of the alias \"b\" already has the alias"},
      {"'a|b' = 'S-1-1-0'", "2:1", "the alias \"a|b\" must consist of letters"},
      {"'' = 'S-1-1-0'", "2:1", "must consist of letters"},
      {"S-1-5-32-544 = 'S-1-1-0'", "2:1", "the alias \"S-1-5-32-544\" looks like a SID"},
      {"s-1-x = 'S-1-1-0'", "2:1", "looks like a SID"},
  };
  for (const auto& row : kRows) {
    const auto reading = read("[aliases]\n"s + row.lines + "\n");
    EXPECT_FALSE(reading.policy) << row.lines;
    EXPECT_EQ(places(reading), Strings{row.place}) << row.lines << messages(reading);
    EXPECT_NE(messages(reading).find(row.says), std::string::npos) << messages(reading);
  }
  EXPECT_FALSE(read("aliases = 1\n").policy);
}

TEST(PolicyAliases, OneNameInTwoFilesIsAnError) {
  const auto reading = parse_policy(
      {{"p", "[aliases]\na = 'S-1-1-0'\n"}, {"q", "[aliases]\na = 'S-1-5-18'\n"}}, mechanisms());
  EXPECT_FALSE(reading.policy);
  EXPECT_EQ(messages(reading), "q:2:1: error: \"a\" is already defined at p:2:1\n");
}

TEST(PolicyAliases, RulesOfAnotherFileUseThem) {
  const std::string rules = kAttributes + "[services.imap]\nrequire = ['groups=a']\n"s;
  const auto reading =
      parse_policy({{"p", rules}, {"q", "[aliases]\na = 'S-1-1-0'\n"}}, mechanisms());
  EXPECT_TRUE(reading.policy) << messages(reading);
}

}  // namespace
}  // namespace gssloop::authz
