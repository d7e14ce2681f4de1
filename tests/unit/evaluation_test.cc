// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/evaluation.h"

#include <gtest/gtest.h>

#include "gssloop/authz/policy_file.h"
#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;
using Strings = std::vector<std::string>;

template <class Value>
Attribute attribute(const std::string& name, const Strings& values, bool is_complete = false) {
  std::vector<Value> held;
  for (const std::string& value : values) {
    held.push_back(Value::from_mechanism(to_bytes(as_bytes(value))));
  }
  return {name, is_complete, std::move(held)};
}
Attribute authenticated(const std::string& name, const Strings& values, bool is_complete = false) {
  return attribute<AuthenticatedValue>(name, values, is_complete);
}
Attribute asserted(const std::string& name, const Strings& values) {
  return attribute<AssertedValue>(name, values, true);
}

constexpr char kEap[] = "eap-aes128-cts-hmac-sha1-96";

// A policy over the attribute "who" of Kerberos, and a few more.
Policy policy(const std::string& rules) {
  const std::string text = R"(
[attributes.who]
from = [{ mechanism = "krb5", name = "src" }]
[attributes.how]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[attributes.both]
from = [{ mechanism = "krb5", name = "src" }, { mechanism = "krb5", name = "more" },
        { mechanism = "eap-aes128-cts-hmac-sha1-96", name = "src" }]
[attributes.issued]
from = [{ mechanism = "krb5", name = "src", issuer = "IDP" }]
[attributes.sid]
from = [{ mechanism = "krb5", name = "src", form = "pac-requestor-sid" }]
[attributes.hex]
from = [{ mechanism = "krb5", name = "src", form = "hex" }]
[services.default]
)" + rules + "\n";
  auto reading = parse_policy({{"p", text}}, {{kEap, "1.2.3"}});
  EXPECT_TRUE(reading.policy) << reading.summary();
  return reading.policy ? *std::move(reading.policy) : Policy();
}

PeerInfo alice() {
  return {
      .service = "imap", .mechanism = "krb5", .principal = "alice@HOME", .default_realm = "HOME"};
}
PeerInfo with(std::vector<Attribute> attributes) {
  PeerInfo peer = alice();
  peer.attributes.readable = std::move(attributes);
  return peer;
}
PeerInfo unreadable(const std::string& name) {
  PeerInfo peer = alice();
  peer.attributes.unreadable.push_back({name, "the mechanism failed"});
  return peer;
}
PeerInfo unlisted() {
  PeerInfo peer = alice();
  peer.unlisted = "the list failed";
  return peer;
}

Result<std::string, Error> identify(const std::string& rules, const PeerInfo& peer) {
  const Policy decided = policy(rules);
  return identify(RuleContext(decided, peer));
}

// What a rule comes to as the only deny, which shows all three truths.
std::optional<Error> may_not_act(const RuleContext& context) {
  return authorize(context, authorize_findings(context));
}

Truth truth(const std::string& rule, const PeerInfo& peer) {
  const Policy decided = policy("deny = ['" + rule + "']");
  const RuleContext context(decided, peer);
  const auto findings = evaluate_rules(context);
  EXPECT_EQ(findings.size(), 1U);
  EXPECT_EQ(objection(findings) != nullptr, findings.at(0).truth != Truth::kFalse);
  return findings.at(0).truth;
}

TEST(Identify, ByPrincipal) {
  SPEC("L45");
  const auto person = [](const char* principal, const char* mechanism = "krb5") {
    PeerInfo peer = alice();
    peer.principal = principal;
    peer.mechanism = mechanism;
    return peer;
  };
  const struct {
    const char* identity;
    PeerInfo peer;
    const char* name;  // null: refused
  } rows[] = {
      {"'strip-default-realm'", person("alice@HOME"), "alice"},
      {"'strip-default-realm'", person("alice@OTHER"), "alice@OTHER"},
      {"'strip-default-realm'", person("alice@home"), "alice@home"},
      {"'strip-default-realm'", person("alice@HOME", kEap), "alice@HOME"},
      {"'strip-default-realm'", person(" admin@HOME"), nullptr},
      {"'strip-default-realm'", person("admin @HOME"), nullptr},
      {"'strip-default-realm'", person("admin\\@HOME@OTHER"), nullptr},
      {"'strip-default-realm'", person(""), nullptr},
      {"'principal'", person("alice@HOME"), "alice@HOME"},
      {"'principal'", person("alice@OTHER"), "alice@OTHER"},
      {"'principal'", person("WELLKNOWN/ANONYMOUS@HOME"), nullptr},
      {"'auth-to-local'", person("alice@HOME"), nullptr},
  };
  for (const auto& row : rows) {
    const auto name = identify("identity = "s + row.identity, row.peer);
    ASSERT_EQ(static_cast<bool>(name), row.name != nullptr) << row.peer.principal;
    if (name) {
      EXPECT_EQ(*name, row.name);
    } else {
      EXPECT_FALSE(name.error().message.empty());
    }
  }
}

TEST(Identify, ByAuthToLocal) {
  SPEC("L45");
  const auto person = [](const Strings& values, const char* unknown = "") {
    PeerInfo peer = alice();
    peer.local_name = {values, false, unknown};
    return peer;
  };
  const std::string rules = "identity = 'auth-to-local'";
  EXPECT_EQ(*identify(rules, person({"local"})), "local");
  for (const PeerInfo& bad : {person({}), person({}, "no rule applies"), person({" x"}),
                              person({""}), person({"a\0b"s}), person({"a", "b"})}) {
    EXPECT_FALSE(identify(rules, bad));
  }
  EXPECT_NE(identify(rules, person({}, "no rule applies")).error().message.find("no rule applies"),
            std::string::npos);
}

// An application with the realm HOME takes alice@HOME for its own user alice.
TEST(Identify, TheDefaultRealmIsThatOfKerberos) {
  SPEC("L45");
  PeerInfo peer = alice();
  for (const char* realm : {"HOME", "home"}) {
    peer.application_realm = realm;
    peer.mechanism = "krb5";
    EXPECT_EQ(*identify("", peer), "alice");
    peer.mechanism = kEap;
    EXPECT_FALSE(identify("", peer)) << realm;
    EXPECT_FALSE(identify("identity = 'principal'", peer)) << realm;
  }
  peer.application_realm = "OTHER";
  EXPECT_EQ(*identify("", peer), "alice@HOME");
}

TEST(Identify, AnonymousPeersAreNobodyUnlessAPolicySaysSo) {
  SPEC("L45 N31");
  PeerInfo nobody = with({authenticated("src", {"bob"})});
  nobody.is_anonymous = true;
  nobody.principal = "WELLKNOWN/ANONYMOUS@HOME";
  nobody.local_name.values = {"local"};
  for (const char* identity : {"'strip-default-realm'", "'principal'", "'auth-to-local'"}) {
    const std::string rules = "identity = "s + identity;
    EXPECT_FALSE(identify(rules, nobody)) << identity;
    EXPECT_EQ(*identify(rules + "\nanonymous = 'guest'", nobody), "guest");
    EXPECT_NE(*identify(rules + "\nanonymous = 'guest'",
                        [] {
                          PeerInfo peer = alice();
                          peer.local_name.values = {"local"};
                          return peer;
                        }()),
              "guest");
  }
  // naming-exts section 9: an attribute may replace the name that such a peer lacks.
  EXPECT_EQ(*identify("identity = { attribute = 'who' }", nobody), "bob");
  EXPECT_EQ(*identify("identity = { attribute = 'who' }\nanonymous = 'guest'", nobody), "bob");
  EXPECT_EQ(*identify("identity = { attribute = 'how' }\nanonymous = 'guest'", nobody), "guest");
  EXPECT_FALSE(identify("identity = { attribute = 'how' }", nobody));
  // Unknown is not absent, nor are two values.
  PeerInfo unclear = nobody;
  unclear.unlisted = "the list failed";
  EXPECT_FALSE(identify("identity = { attribute = 'who' }\nanonymous = 'guest'", unclear));
  nobody.attributes.readable = {authenticated("src", {"a", "b"})};
  EXPECT_FALSE(identify("identity = { attribute = 'who' }\nanonymous = 'guest'", nobody));
  // Any peer can have such a name, and come from such a realm.
  for (const char* rule : {"exists peer.realm", "exists peer.principal"}) {
    EXPECT_EQ(truth(rule, nobody), Truth::kFalse);
    EXPECT_EQ(truth(rule, alice()), Truth::kTrue);
  }
  EXPECT_EQ(truth("peer.anonymous=yes", nobody), Truth::kTrue);
}

TEST(Identify, ByAttribute) {
  SPEC("L45 N29 N31");
  const std::string rules = "anonymous = 'guest'\nidentity = { attribute = 'who' }";
  EXPECT_EQ(*identify(rules, with({authenticated("src", {"bob"})})), "bob");
  EXPECT_EQ(*identify(rules, with({authenticated("src", {"bob@HOME"})})), "bob@HOME");
  const PeerInfo bad[] = {alice(),
                          with({authenticated("src", {})}),
                          with({authenticated("src", {"secret1", "secret2"})}),
                          with({authenticated("src", {"secret", "secret"})}),
                          with({asserted("src", {"secret"})}),
                          with({authenticated("src", {"secret\xff"})}),
                          with({authenticated("src", {"secret", "\xff"})}),
                          with({authenticated("src", {"sec\0ret"s})}),
                          with({authenticated("src", {" secret"})}),
                          with({authenticated("src", {"secret\t"})}),
                          with({authenticated("src", {"sec\x1bret"})}),
                          with({authenticated("src", {""})}),
                          with({authenticated("src x", {"secret"})}),
                          unreadable("src"),
                          unlisted()};
  for (const PeerInfo& peer : bad) {
    const auto name = identify(rules, peer);
    ASSERT_FALSE(name) << *name;
    EXPECT_NE(name.error().message.find("attribute who"), std::string::npos);
    EXPECT_EQ(name.error().message.find("sec"), std::string::npos) << name.error().message;
  }
}

// A source is one mechanism's attribute of exactly this name, from this issuer.
TEST(Sources, AreExact) {
  SPEC("N5 N9 N10");
  for (const char* imitation : {"auth-indicators x", "x auth-indicators", "auth-indicators ",
                                " auth-indicators", "Auth-Indicators", "auth-indicator", ""}) {
    EXPECT_EQ(truth("exists how", with({authenticated(imitation, {"otp"})})), Truth::kFalse);
    EXPECT_EQ(truth("exists how", unreadable(imitation)), Truth::kFalse);
  }
  EXPECT_EQ(truth("exists how", with({authenticated("auth-indicators\0"s, {"otp"})})),
            Truth::kFalse);
  EXPECT_EQ(truth("how=otp", with({authenticated("auth-indicators", {"otp"})})), Truth::kTrue);
  // The same name from another mechanism is another attribute, unless both are listed.
  for (const char* mechanism : {kEap, "KRB5", "krb5 ", "iakerb", "1.2.3", ""}) {
    PeerInfo other = with({authenticated("src", {"x"})});
    other.mechanism = mechanism;
    EXPECT_EQ(truth("exists who", other), Truth::kFalse) << mechanism;
    EXPECT_EQ(truth("both=x", other) == Truth::kTrue, mechanism == std::string(kEap));
    other.unlisted = "the list failed";
    EXPECT_EQ(truth("exists who", other), Truth::kFalse) << mechanism;
  }
  // The values of several sources of one mechanism come together.
  const PeerInfo two = with({authenticated("src", {"x"}), authenticated("more", {"y"})});
  EXPECT_EQ(truth("both=x & both=y", two), Truth::kTrue);
  EXPECT_EQ(truth("who=y", two), Truth::kFalse);
}

TEST(Sources, AreOfTheIssuerThatIsNamed) {
  SPEC("N5 N10");
  const struct {
    const char* principal;
    bool applies;
  } rows[] = {{"alice@IDP", true},       {"alice@HOME", false},  {"alice@idp", false},
              {"alice@IDP@HOME", false}, {"alice@X.IDP", false}, {"alice@IDPX", false},
              {"alice\\@IDP", false},    {"IDP", false},         {"a@HOME@IDP", true}};
  for (const auto& row : rows) {
    PeerInfo peer = with({authenticated("src", {"x"})});
    peer.principal = row.principal;
    EXPECT_EQ(truth("issued=x", peer), row.applies ? Truth::kTrue : Truth::kFalse) << row.principal;
    const Policy decided = policy("");
    EXPECT_EQ(source_names(*decided.find("issued"), peer).size(), row.applies ? 1U : 0U);
    EXPECT_EQ(source_names(*decided.find("who"), peer), Strings{"src"});
  }
}

TEST(Values, AssertedOnesNeverDecide) {
  SPEC("N29 N2");
  const PeerInfo peer = with({asserted("src", {"admin"}), authenticated("more", {"user"})});
  for (const char* rule : {"who=admin", "who~*", "exists who", "complete who", "both=admin"}) {
    EXPECT_EQ(truth(rule, peer), Truth::kFalse) << rule;
  }
  EXPECT_EQ(truth("both=user", peer), Truth::kTrue);
  const Policy decided = policy("require = ['who=admin']\nauthorize = ['who=admin']");
  const RuleContext context(decided, peer);
  EXPECT_NE(objection(evaluate_rules(context)), nullptr);
  PeerInfo acting = peer;
  acting.authid = "alice";
  acting.authzid = "bob";
  EXPECT_TRUE(may_not_act(RuleContext(decided, acting)));
  // A caller gets them if it asks for them by that name.
  EXPECT_EQ(asserted_attribute(*decided.find("who"), peer).values, Strings{"admin"});
  EXPECT_TRUE(asserted_attribute(*decided.find("issued"), peer).is_absent());
  EXPECT_TRUE(local_attribute(*decided.find("who"), peer).is_absent());
  EXPECT_TRUE(
      asserted_attribute(*decided.find("who"), with({authenticated("src", {"x"})})).is_absent());
}

TEST(Values, CompleteCountsOnlyWhereItIsAskedFor) {
  SPEC("N16 N17");
  for (const bool is_complete : {false, true}) {
    const PeerInfo peer = with({authenticated("src", {"x"}, is_complete)});
    EXPECT_EQ(truth("who=x & exists who & who~? & !who=y", peer), Truth::kTrue);
    EXPECT_EQ(truth("complete who", peer), is_complete ? Truth::kTrue : Truth::kFalse);
    EXPECT_EQ(*identify("identity = { attribute = 'who' }", peer), "x");
    // Of two sources both must say so, of one that is absent nothing is missing.
    EXPECT_EQ(truth("complete both", peer), is_complete ? Truth::kTrue : Truth::kFalse);
    const PeerInfo two =
        with({authenticated("src", {"x"}, true), authenticated("more", {"y"}, is_complete)});
    EXPECT_EQ(truth("complete both", two), is_complete ? Truth::kTrue : Truth::kFalse);
  }
  EXPECT_EQ(truth("complete who", with({authenticated("src", {}, true)})), Truth::kFalse);
  EXPECT_EQ(truth("complete who", with({authenticated("src", {"x", "\xff"}, true)})),
            Truth::kUnknown);
}

// A value that could not be read, or lacks its form, lets a deny refuse and no require hold.
TEST(Values, UnknownIsNeverAbsent) {
  SPEC("N3 N23 N30");
  const struct {
    const char* attribute;
    PeerInfo peer;
    const char* reason;
  } rows[] = {
      {"who", unreadable("src"), "the mechanism failed"},
      {"both", unreadable("more"), "the mechanism failed"},
      {"who", unlisted(), "the list failed"},
      {"who", with({authenticated("src", {"secret\xff"})}), "not have the form text"},
      {"who", with({authenticated("src", {"sec\0ret"s})}), "not have the form text"},
      {"sid", with({authenticated("src", {"secret"})}), "not have the form pac-requestor-sid"},
      {"both", with({authenticated("src", {"y"}), authenticated("more", {"secret\xff"})}),
       "not have the form text"},
  };
  for (const auto& row : rows) {
    const std::string rule = row.attribute + (row.attribute == "sid"s ? "=S-1-5-18"s : "=x");
    EXPECT_EQ(truth(rule, row.peer), Truth::kUnknown) << rule;
    EXPECT_EQ(truth("!" + rule, row.peer), Truth::kUnknown);
    const Policy decided = policy("require = ['!" + rule + "']\ndeny = ['" + rule +
                                  "']\nauthorize = ['!" + rule + "', '" + rule + "']");
    PeerInfo peer = row.peer;
    peer.authid = "alice";
    peer.authzid = "bob";
    const RuleContext context(decided, peer);
    const auto findings = evaluate_rules(context);
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_TRUE(findings[0].is_objection());
    EXPECT_TRUE(findings[1].is_objection());
    const std::string text = findings[0].text();
    EXPECT_TRUE(text.starts_with("deny at " + findings[0].rule->place.text() + " is ")) << text;
    EXPECT_NE(text.find(row.reason), std::string::npos) << text;
    EXPECT_EQ(text.find("sec"), std::string::npos) << text;
    const auto error = may_not_act(context);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->message.find("sec"), std::string::npos);
    peer.authzid = "alice";
    EXPECT_FALSE(may_not_act(RuleContext(decided, peer)));
  }
  // The form is the name's: any octets have a hexadecimal one.
  EXPECT_EQ(truth("hex=\"00ff\"", with({authenticated("src", {"\0\xff"s})})), Truth::kTrue);
}

TEST(Judge, DenyWinsAndNoRuleIsForgotten) {
  SPEC("N3 N30");
  const PeerInfo peer = with({authenticated("src", {"x"})});
  const struct {
    const char* rules;
    const char* objection;  // null: none
  } rows[] = {
      {"", nullptr},
      {"require = []\ndeny = []", nullptr},
      {"require = ['who=x']", nullptr},
      {"require = ['who=x', 'who=y']", "require"},
      {"require = ['who=y', 'who=x']", "require"},
      {"require = ['who=x | who=y']", nullptr},
      {"require = ['exists how']", "require"},
      {"deny = ['who=y', 'exists how']", nullptr},
      {"deny = ['who=y', 'who=x']", "deny"},
      {"require = ['who=x']\ndeny = ['who=x']", "deny"},
      {"require = ['who=y']\ndeny = ['who=x']", "deny"},
  };
  for (const auto& row : rows) {
    const Policy decided = policy(row.rules);
    const RuleContext context(decided, peer);
    const auto findings = evaluate_rules(context);
    const Finding* const found = objection(findings);
    ASSERT_EQ(found != nullptr, row.objection != nullptr) << row.rules;
    // The log says where the rule is, not what it says.
    if (found == nullptr) continue;
    EXPECT_TRUE(found->text().starts_with(row.objection)) << found->text();
    EXPECT_EQ(found->text().find("who"), std::string::npos);
  }
}

TEST(Authorize, IsForThoseWhoActAsOthers) {
  const struct {
    const char* rules;
    const char* authzid;
    bool may;
  } rows[] = {
      {"", "bob", true},  // the application alone decides
      {"authorize = []", "alice", true},
      {"authorize = []", "bob", false},
      {"authorize = ['authid=alice & authzid=bob']", "bob", true},
      {"authorize = ['authid=alice & authzid=bob']", "bobby", false},
      {"authorize = ['authid=x', 'authzid~b*']", "bob", true},
      {"authorize = ['exists how']", "bob", false},
      {"authorize = ['exists how']", "alice", true},
  };
  for (const auto& row : rows) {
    const Policy decided = policy(row.rules);
    PeerInfo peer = alice();
    peer.authid = "alice";
    peer.authzid = row.authzid;
    const auto error = may_not_act(RuleContext(decided, peer));
    EXPECT_EQ(!error, row.may) << row.rules << " " << row.authzid;
  }
}

}  // namespace
}  // namespace gssloop::authz
