// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_file.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "gssloop/authz/evaluation.h"
#include "tests/support/spec.h"
#include "tests/unit/policy_reading.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;
Strings texts(const std::vector<Rule>& rules) {
  Strings found;
  for (const Rule& rule : rules) found.push_back(rule.text);
  return found;
}

constexpr const char* kGood = R"([attributes.how]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[attributes.role]
from = [{ mechanism = "eap-aes128-cts-hmac-sha1-96", name = "urn:x role", issuer = "IDP", form = "hex" },
        { mechanism = "1.2.3.4", name = "role" }]
property = "theRole"
[services.imap]
require = ["how=otp", "exists role"]
deny = ["role=guest"]
authorize = ["authid=admin & authzid~shared-*"]
identity = { attribute = "role" }
publish = ["how", "asserted:role"]
anonymous = "nobody"
[services.imap.mechanisms.krb5]
deny = ["peer.ssf=0"]
identity = "principal"
[services.default]
require = ["how=pkinit"]
publish = "all"
[all]
require = ["peer.realm=R"]
deny = ["peer.anonymous=yes"]
)";

TEST(PolicyFile, ReadsAll) {
  const auto reading = read("raw-attributes = [\"eap-aes128-cts-hmac-sha1-96\"]\n"s + kGood);
  ASSERT_TRUE(reading.policy) << messages(reading);
  EXPECT_EQ(reading.num_errors(), 0U);
  const Policy& policy = *reading.policy;
  ASSERT_EQ(policy.definitions().size(), 2U);
  EXPECT_EQ(policy.find("how")->property, "how");
  EXPECT_EQ(policy.find("how")->sources.at(0).form, ValueForm::kText);
  EXPECT_EQ(policy.find_property("theRole"), policy.find("role"));
  EXPECT_EQ(policy.find("theRole"), nullptr);
  EXPECT_EQ(policy.find("role")->place.text(), "p:4:13");
  const Source& source = policy.find("role")->sources.at(0);
  EXPECT_EQ(source.mechanism + "|" + source.name + "|" + source.issuer,
            "eap-aes128-cts-hmac-sha1-96|urn:x role|IDP");
  EXPECT_EQ(source.form, ValueForm::kHex);
  EXPECT_TRUE(policy.publishes_raw("krb5"));
  EXPECT_TRUE(policy.publishes_raw("eap-aes128-cts-hmac-sha1-96"));
  EXPECT_FALSE(policy.publishes_raw("1.2.3.4"));
}

// Two rules of one line differ in their columns.
TEST(PolicyFile, APlaceHasItsLineAndColumn) {
  EXPECT_EQ((Place{"p"}.text()), "p");
  const auto reading = read("[all]\nrequire = ['peer.ssf>=1', 'peer.ssf>=2']\n");
  ASSERT_TRUE(reading.policy) << messages(reading);
  const auto& rules = reading.policy->scope("imap", "krb5").require;
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].place.text(), "p:2:12");
  EXPECT_EQ(rules[1].place.text(), "p:2:27");
}

// Nothing of [services.default] reaches a service with a table of its own; [all] reaches every one;
// a mechanism's table adds rules, and its other keys take the service's place.
TEST(PolicyFile, ScopesOfServicesAndMechanisms) {
  SPEC("N3");
  const auto reading = read(kGood);
  ASSERT_TRUE(reading.policy) << messages(reading);
  const Scope& imap = reading.policy->scope("imap", "eap-aes128-cts-hmac-sha1-96");
  EXPECT_EQ(texts(imap.require), (Strings{"peer.realm=R", "how=otp", "exists role"}));
  EXPECT_EQ(texts(imap.deny), (Strings{"peer.anonymous=yes", "role=guest"}));
  EXPECT_EQ(imap.identity.kind, Identity::Kind::kAttribute);
  EXPECT_EQ(imap.anonymous, "nobody");
  EXPECT_TRUE(imap.publish.adds("how"));
  const Scope& krb5 = reading.policy->scope("imap", "krb5");
  EXPECT_EQ(texts(krb5.require), texts(imap.require));
  EXPECT_EQ(texts(krb5.deny), (Strings{"peer.anonymous=yes", "role=guest", "peer.ssf=0"}));
  ASSERT_TRUE(imap.authorize && krb5.authorize);
  EXPECT_EQ(texts(*krb5.authorize), texts(*imap.authorize));
  EXPECT_EQ(krb5.identity.kind, Identity::Kind::kPrincipal);
  EXPECT_EQ(krb5.anonymous, "nobody");
  for (const char* service : {"ldap", "IMAP", "imap ", "", "default"}) {
    const Scope& other = reading.policy->scope(service, "krb5");
    EXPECT_EQ(texts(other.require), (Strings{"peer.realm=R", "how=pkinit"})) << service;
    EXPECT_EQ(texts(other.deny), Strings{"peer.anonymous=yes"});
    EXPECT_FALSE(other.authorize);
    EXPECT_FALSE(other.anonymous);
    EXPECT_TRUE(other.publish.is_all);
  }
  for (const char* name : {"how", "role", "authid", "authzid", "peer.realm"}) {
    EXPECT_TRUE(imap.uses(name)) << name;
  }
  EXPECT_FALSE(imap.uses("peer.ssf"));
  EXPECT_TRUE(krb5.uses("peer.ssf"));
  EXPECT_TRUE(Policy().scope("imap", "krb5").require.empty());
}

TEST(PolicyFile, ListedScopesAreAllThatALoginCanGet) {
  const auto reading = read(kGood);
  ASSERT_TRUE(reading.policy) << messages(reading);
  const std::vector<const Scope*> listed = reading.policy->scopes();
  std::set<const Scope*> wanted;
  for (const char* service : {"imap", "ldap"}) {
    for (const char* mechanism : {"krb5", "spnego"}) {
      wanted.insert(&reading.policy->scope(service, mechanism));
    }
  }
  EXPECT_EQ(wanted.size(), 3U);  // ldap has no table, and so one for all mechanisms
  EXPECT_EQ(std::set<const Scope*>(listed.begin(), listed.end()), wanted);
  EXPECT_EQ(listed.size(), wanted.size());
}

TEST(PolicyFile, ErrorsAreAllFoundEachAtItsPlace) {
  const std::string how = "[attributes.how]\nfrom = [{mechanism = 'krb5', name = 'i'}]\n";
  const struct {
    std::string text;
    Strings places;
    const char* message;  // part of one
  } rows[] = {
      // TOML itself: the first error alone.
      {"[all]\nrequire = ['a=b'\ndeny = 1\n", {"3:1"}, "array"},
      {"[all]\nrequire = ['a=b]\n", {"2:17"}, "string"},
      {"[all]\nrequire = []\n[all]\ndeny = []\n", {"3:1"}, "redefine"},
      {"[all]\ndeny = []\ndeny = []\n", {"3:8"}, "redefine"},
      {"[all]\n\0deny = []\n"s, {"2:1"}, "control character 0x00"},
      {"# \0\n"s, {"1:3"}, "control"},
      {"[all]\ndeny = ['\xff']\n", {"2:10"}, "the byte 0xff is not UTF-8"},
      {"\x1a", {"1:1"}, "control character 0x1a"},
      {"[*]\n", {"1:2"}, "saw '*'"},
      {"[[ = ]]\n", {"1:4"}, "saw '='"},
      {"all = [}\n", {"1:8"}, "value type"},
      // Unknown keys of each table, in the order of the file.
      {"zz = 1\naa = 2\n",
       {"1:1", "2:1"},
       "unknown key \"zz\"; a policy can have the keys attributes"},
      {"[Services.imap]\n", {"1:2"}, "unknown key \"Services\""},
      {"[all]\n  identity = 'principal'\n", {"2:3"}, "[all] can have the keys require, deny"},
      {"[services.s]\nrequires = []\n", {"2:1"}, "a service can have the keys require"},
      {"[services.s.mechanisms.krb5]\nmechanisms = 1\n", {"2:1"}, "a service's mechanism can have"},
      {how + "value = 1\n", {"3:1"}, "an attribute can have the keys from, property"},
      {"[attributes.a]\nfrom=[{mechanism='krb5', name='i', nane='j'}]\n", {"2:36"}, "a source"},
      {"[services.s]\nidentity = { name = 'how' }\n",
       {"2:12", "2:14"},
       "identity can have the keys attribute"},
      // Types.
      {"attributes = 1\nservices = []\nall = ''\nraw-attributes = 'x'\n",
       {"1:14", "2:12", "3:7", "4:18"},
       "must be a table"},
      {"attributes.a = 1\nservices.s = 2\n", {"1:16", "2:14"}, "\"s\" must be a table"},
      {"[[services.s]]\n", {"1:1"}, "must be a table"},
      {"[services.s]\nmechanisms = 1\n", {"2:14"}, "must be a table"},
      {"[services.s]\nmechanisms.krb5 = []\n", {"2:19"}, "must be a table"},
      {"[all]\nrequire = 'peer.ssf=0'\n", {"2:11"}, "list of strings"},
      {"[all]\nrequire = [1, 1979-05-27, true, {}, []]\n",
       {"2:12", "2:15", "2:27", "2:33", "2:37"},
       "only strings"},
      {"[services.s]\nanonymous = 1\npublish = 2\nidentity = 3\nauthorize = 4\n",
       {"2:13", "3:11", "4:12", "5:13"},
       "identity must be \"strip"},
      {"[services.s]\nidentity = 'Principal'\npublish = 'none'\n",
       {"2:12", "3:11"},
       "publish must be"},
      {"[services.s]\nanonymous = ' x'\n", {"2:13"}, "white space"},
      {"[services.s]\nanonymous = ''\n", {"2:13"}, "empty"},
      // Definitions.
      {"[attributes.a]\n", {"1:13"}, "must be a list of sources"},
      {"[attributes.a]\nfrom = []\n", {"2:8"}, "must be a list of sources"},
      {"[attributes.a]\nfrom = [1, 'x']\n", {"2:9", "2:12"}, "must be a table"},
      {"[attributes.a]\nfrom = [{}]\n", {"2:9", "2:9"}, "must have a \"mechanism\""},
      {"[attributes.a]\nfrom = [{mechanism='krb5', name=' x'}]\n", {"2:9"}, "full name"},
      {"[attributes.a]\nfrom = [{mechanism='krb6', name='x', form='rot13'}]\n",
       {"2:20", "2:43"},
       "unknown form \"rot13\"; the forms are text"},
      {"raw-attributes = ['nope', 'SPNEGO']\n", {"1:19", "1:27"}, "unknown mechanism \"nope\""},
      {how + "property = 'a b'\n", {"1:13"}, "must not set the property"},
      {how + "property = 'userPassword'\n", {"1:13"}, "must not set the property"},
      {how + "property = 'cmusaslsecretPLAIN'\n", {"1:13"}, "must not set the property"},
      {how + "property = 'USERPASSWORD'\n", {"1:13"}, "must not set the property"},
      {how + "property = 'CMUSaslSecretX'\n", {"1:13"}, "must not set the property"},
      {how + "property = 'slapAuthcDN'\n", {"1:13"}, "must not set the property"},
      {how + "property = 'SLAP'\n", {"1:13"}, "must not set the property"},
      {how + "property = '*how'\n", {"1:13"}, "must not set the property"},
      {how + "property = 'asserted:how'\n", {"1:13"}, "must not set the property"},
      {how + "property = ''\n", {"1:13"}, "must not set the property"},
      {how + "[attributes.i]\nfrom=[{mechanism='krb5',name='j'}]\nproperty = 'how'\n",
       {"3:13"},
       "is already defined at p:1"},
      // Rules.
      {"[all]\nrequire = ['peer.ssf=0', 'peer.ssf']\n", {"2:35"}, "in the rule \"peer.ssf\""},
      {"[all]\nrequire = ['']\ndeny = ['(']\n", {"2:13", "3:11"}, "needs the name of an attribute"},
      {"[all]\nrequire = ['a=1 & peer.x=1 & authid=x & peer.realm>=1']\n",
       {"2:12", "2:12", "2:12", "2:12"},
       "can be used only in \"authorize\""},
      {"[all]\ndeny = ['peer.anonymous=true', 'peer.channel-bound~YES', 'peer.ssf=056']\n",
       {"2:9", "2:32", "2:58"},
       "matches neither"},
      {"[all]\ndeny = ['peer.mechanism=gs2-krb5', 'peer.mechanism=GSSAPI']\n",
       {"2:9", "2:36"},
       "unknown mechanism \"gs2-krb5\""},
      {"[services.s]\nidentity = { attribute = 'how' }\npublish = ['how', 'asserted:how']\n",
       {"2:12", "3:12", "3:19"},
       "no such attribute"},
      {"[services.s.mechanisms.krb5]\n[services.s.mechanisms.'1.2.840.113554.1.2.2']\n",
       {"1:24"},
       "is named twice"},
  };
  for (const auto& row : rows) {
    const auto reading = read(row.text);
    EXPECT_FALSE(reading.policy) << row.text;
    EXPECT_EQ(places(reading), row.places) << row.text << messages(reading);
    EXPECT_NE(messages(reading).find(row.message), std::string::npos)
        << row.text << messages(reading);
    EXPECT_TRUE(reading.summary().starts_with(messages(reading).substr(0, 10))) << row.text;
  }
}

// A rule in a table that never applies would never be evaluated.
TEST(PolicyFile, MechanismsByNameAndOid) {
  SPEC("N5");
  const struct {
    const char* given;
    const char* meant;  // null: refused
  } rows[] = {
      {"krb5", "krb5"},
      {"1.2.840.113554.1.2.2", "krb5"},
      {"eap-aes128-cts-hmac-sha1-96", "eap-aes128-cts-hmac-sha1-96"},
      {"1.3.6.1.5.5.15.1.1.17", "eap-aes128-cts-hmac-sha1-96"},
      {"EAP-AES128", "eap-aes128-cts-hmac-sha1-96"},
      {"EAP-AES128-PLUS", nullptr},
      {"eap-aes128", nullptr},
      {"1.2.3", "1.2.3"},
      {"iakerb", nullptr},
      {"1.3.6.1.5.2.5", nullptr},
      {"spnego", nullptr},
      {"1.3.6.1.5.5.2", nullptr},
      {"KRB5", nullptr},
      {"GS2-KRB5", nullptr},
      {"GSSAPI", nullptr},
      {"GSS-SPNEGO", nullptr},
      {"", nullptr},
      {"1", nullptr},
      {"1..2", nullptr},
      {".1.2", nullptr},
      {"1.2.", nullptr},
      {"1.02.3", nullptr},
      {"1.2.840.0113554.1.2.2", nullptr},
  };
  for (const auto& row : rows) {
    const std::string text =
        "[services.default.mechanisms.\""s + row.given + "\"]\ndeny = ['peer.ssf=0']\n";
    const auto reading = read(text);
    ASSERT_EQ(static_cast<bool>(reading.policy), row.meant != nullptr) << text;
    if (!reading.policy) continue;
    EXPECT_EQ(reading.policy->scope("x", row.meant).deny.size(), 1U) << text;
    const auto rule =
        read("[all]\ndeny = ['peer.ssf=1 | !peer.mechanism=\""s + row.given + "\"']\n");
    ASSERT_TRUE(rule.policy) << messages(rule);
    EXPECT_EQ(rule.policy->scope("x", "").deny.front().expression.terms().back()->value, row.meant);
  }
  // The list need not tell of Kerberos.
  const auto without = parse_policy(
      {{"p", "[services.default.mechanisms.\"1.2.840.113554.1.2.2\"]\ndeny = ['peer.ssf=0']\n"}},
      {});
  ASSERT_TRUE(without.policy);
  EXPECT_EQ(without.policy->scope("x", "krb5").deny.size(), 1U);
}

TEST(PolicyFile, FilesAreOnePolicy) {
  const std::string how = "[attributes.how]\nfrom = [{mechanism = 'krb5', name = 'i'}]\n";
  const auto both = [](const std::string& first, const std::string& second) {
    return parse_policy({{"b", first}, {"a", second}}, mechanisms());
  };
  // Defined in the later file, used in the earlier one.
  EXPECT_TRUE(both("[all]\ndeny = ['!exists how']\n", how).policy);
  const struct {
    std::string first, second, message;
  } rows[] = {
      {how, "\n" + how, "a:2:13: error: \"how\" is already defined at b:1"},
      {how, how + "property = 'x'\n", "a:1:13: error: \"how\" is already defined at b:1"},
      {"[all]\n", "[all]\n", "a:1:1: error: \"all\" is already defined at b:1"},
      {"[services.x]\n", "[services.x.mechanisms.krb5]\n", "\"x\" is already defined at b:1"},
      {"[services.default]\n", "[services.default]\n", "is already defined at b:1"},
      {how, "[attributes.x]\nfrom=[{mechanism='krb5',name='j'}]\nproperty='how'\n",
       "a:1:13: error: \"how\" is already defined at b:1"},
      {"x = 1\n", "y = 1\n", "b:1:1: error: unknown key \"x\""},
      {"", "[all", "a:1:5: error: "},
  };
  // A file that is no TOML stops the reading: all messages are about that file.
  EXPECT_EQ(places(both("[all\n", "x = 1\n")).size(), 1U);
  EXPECT_EQ(places(both("x = 1\n", "[all\n")).size(), 1U);
  for (const auto& row : rows) {
    const auto reading = both(row.first, row.second);
    EXPECT_FALSE(reading.policy) << row.message;
    EXPECT_NE(messages(reading).find(row.message), std::string::npos) << messages(reading);
    EXPECT_EQ(reading.num_errors(), row.first == "x = 1\n" ? 2U : 1U) << messages(reading);
  }
  // By file, as they were given, then by line.
  EXPECT_EQ(both("x = 1\n", "y = 1\nx = 1\n").summary().substr(0, 6), "b:1:1:");
  EXPECT_NE(both("x = 1\n", "y = 1\nx = 1\n").summary().find("(and 2 more)"), std::string::npos);
  EXPECT_TRUE(parse_policy({}, {}).policy);
}

// A file cut anywhere but at a line's end is refused. At a line's end nothing can tell: that is why
// the store demands that files be renamed into place.
TEST(PolicyFile, ACutLineIsAnError) {
  SPEC("N3");
  const std::string whole = kGood;
  for (std::size_t len = 0; len < whole.size(); ++len) {
    const bool is_at_end_of_line = len == 0 || whole[len - 1] == '\n' || whole[len] == '\n';
    const auto reading = read(whole.substr(0, len));
    if (is_at_end_of_line) continue;
    EXPECT_FALSE(reading.policy) << whole.substr(0, len);
    EXPECT_GT(reading.num_errors(), 0U);
  }
}

// With the rules for all in front, a cut policy is never one that grants more.
TEST(PolicyFile, ACutPolicyGrantsNoMoreWhereAllComesFirst) {
  SPEC("N3");
  const std::string whole =
      "[all]\nrequire = [\n  'peer.realm=R',\n  'peer.channel-bound=yes',\n]\n"
      "[services.default]\nauthorize = []\n[services.imap]\nidentity = 'principal'\n";
  for (std::size_t len = whole.find("[services"); len <= whole.size(); ++len) {
    const auto reading = read(whole.substr(0, len));
    if (!reading.policy) continue;
    const PeerInfo peer{.service = "imap", .mechanism = "krb5", .principal = "x@OTHER"};
    const RuleContext context(*reading.policy, peer);
    EXPECT_NE(objection(evaluate_rules(context)), nullptr) << len;
  }
  // Within the list there is no policy at all.
  for (std::size_t len = whole.find("require") + 1; len < whole.find("]\n[services"); ++len) {
    EXPECT_FALSE(read(whole.substr(0, len)).policy) << len;
  }
}

TEST(PolicyFile, WarnsOfWhatAbsenceBringsAbout) {
  const std::string two =
      "[attributes.a]\nfrom=[{mechanism='krb5',name='i'}]\n"
      "[attributes.b]\nfrom=[{mechanism='krb5',name='j'}]\n";
  const struct {
    const char* rules;
    Strings places;
  } rows[] = {
      {"[all]\ndeny = ['a=x']\n", {"6:9"}},
      {"[all]\ndeny = ['a=x & b=y']\n", {"6:9", "6:9"}},
      {"[all]\nrequire = ['a=x']\ndeny = ['a=y']\n", {}},
      {"[all]\nrequire = ['a=x | b=y']\ndeny = ['a=y']\n", {"7:9"}},
      {"[all]\nrequire = ['a=x', '!b=y']\n", {"6:19"}},
      {"[all]\nrequire = ['exists b & !b=y']\n", {}},
      {"[all]\nrequire = ['!!b=y']\n", {}},
      // Absence makes it fire.
      {"[all]\ndeny = ['!exists a', '!a=x']\n", {}},
      {"[services.s]\nrequire = ['exists a']\n[all]\ndeny = ['a=x']\n", {"8:9"}},
      {"[services.s.mechanisms.krb5]\ndeny = ['a=x']\n[services.s]\nrequire=['exists a']\n", {}},
      {"[services.s]\nauthorize = ['!a=x']\n", {"6:14"}},
      {"[services.s]\nauthorize = ['exists a & !a=x', '!authid=x']\n", {}},
      {"[all]\ndeny = ['peer.realm=EVIL']\nrequire=['!peer.ssf=0']\n", {}},
  };
  for (const auto& row : rows) {
    const auto reading = read(two + row.rules);
    EXPECT_TRUE(reading.policy) << row.rules << messages(reading);
    EXPECT_EQ(places(reading), row.places) << row.rules << messages(reading);
    EXPECT_EQ(reading.num_errors(), 0U);
    EXPECT_EQ(reading.summary(), "");
  }
}

}  // namespace
}  // namespace gssloop::authz
