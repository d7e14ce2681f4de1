// SPDX-License-Identifier: BSD-2-Clause
// The policies that the documentation shows: each is read, and decides about peers that it lets in
// and peers that it refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "gssloop/authz/decision.h"
#include "gssloop/authz/policy_file.h"
#include "tests/docs/doc_examples.h"
#include "tests/docs/doc_peers.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

using authz::PeerInfo;
using authz::PolicyReading;
using Named = std::map<std::string, std::vector<std::string>>;  // attributes, by name

const std::vector<authz::MechanismName> kMechanisms = {
    {"krb5", "1.2.840.113554.1.2.2"},
    {"eap-aes128-cts-hmac-sha1-96", "1.3.6.1.5.5.15.1.1.17", "EAP-AES128"},
    {"eap-aes256-cts-hmac-sha1-96", "1.3.6.1.5.5.15.1.1.18", "EAP-AES256"}};

const std::string kIndicators = "auth-indicators";
const std::string kLogonInfo = "urn:mspac:logon-info";
const std::string kEppn =
    "urn:ietf:params:gss:federated-saml-attribute urn:oasis:names:tc:SAML:2.0:attrname-format:uri "
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6";

Attributes authenticated(const Named& named) {
  Attributes attributes;
  for (const auto& [name, texts] : named) {
    std::vector<AuthenticatedValue> values;
    for (const std::string& text : texts) {
      values.push_back(AuthenticatedValue::from_mechanism(to_bytes(as_bytes(text))));
    }
    attributes.readable.push_back({name, true, std::move(values)});
  }
  return attributes;
}

// A Kerberos user of the server's own realm, unless the name says otherwise.
PeerInfo user(const std::string& service, const std::string& name, const Named& attributes = {}) {
  const bool is_whole = name.find('@') != name.npos;
  return {.service = service,
          .mechanism = "krb5",
          .principal = is_whole ? name : name + "@EXAMPLE.COM",
          .default_realm = "EXAMPLE.COM",
          .attributes = authenticated(attributes)};
}

PeerInfo with_indicators(const std::string& service, const std::string& name,
                         const std::vector<std::string>& indicators) {
  return user(service, name, {{kIndicators, indicators}});
}

PeerInfo with_groups(const std::string& service, const std::string& name,
                     const std::vector<std::uint32_t>& rids) {
  return user(service, name, {{kLogonInfo, {logon_info(rids)}}});
}

PeerInfo with_sid(const std::string& service, const std::string& name, std::uint32_t rid) {
  return user(service, name, {{kLogonInfo, {logon_info({513}, rid)}}});
}

PeerInfo on_channel(const std::string& service, const std::string& name, bool is_bound,
                    unsigned ssf) {
  PeerInfo peer = user(service, name);
  peer.is_channel_bound = is_bound;
  peer.ssf = ssf;
  return peer;
}

PeerInfo anonymous(const std::string& service) {
  PeerInfo peer = user(service, "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS");
  peer.is_anonymous = true;
  return peer;
}

// Of a federation: without a name, and with an attribute that is one.
PeerInfo federated(const std::string& service, const std::string& eppn) {
  PeerInfo peer = anonymous(service);
  peer.mechanism = "eap-aes128-cts-hmac-sha1-96";
  peer.principal = "";
  peer.attributes = authenticated({{kEppn, {eppn}}});
  return peer;
}

// A peer that says the same of itself, without proof.
PeerInfo boasting(const std::string& service, const std::string& name, const std::string& attribute,
                  const std::string& text) {
  PeerInfo peer = user(service, name);
  std::vector<AssertedValue> values;
  values.push_back(AssertedValue::from_mechanism(to_bytes(as_bytes(text))));
  peer.attributes.readable.push_back({attribute, true, std::move(values)});
  return peer;
}

struct Row {
  std::string example;
  PeerInfo login;
  std::string seen_as = {};  // empty: refused
  std::string authzid = {};  // empty: as itself
};

std::vector<Row> rows() {
  const std::string admin = "alice/admin";
  return {
      {"first", with_indicators("imap", "alice", {"otp"}), "alice"},
      {"first", with_indicators("imap", "alice", {"hardware", "pkinit"}), "alice"},
      {"first", with_indicators("imap", "bob", {"spake"})},
      {"first", user("imap", "bob")},
      {"first", boasting("imap", "bob", kIndicators, "otp")},
      {"first", user("smtp", "bob"), "bob"},
      {"hidden", with_groups("imap", "bob", {513, 1107})},
      {"hidden", user("imap", "bob"), "bob"},  // what the warning is about
      {"shown", with_groups("imap", "alice", {513}), "alice"},
      {"shown", with_groups("imap", "bob", {513, 1107})},
      {"shown", user("imap", "bob")},
      {"groups", with_groups("imap", "eve@AD.EXAMPLE.COM", {1105}), "eve@AD.EXAMPLE.COM"},
      {"groups", with_groups("imap", "eve@AD.EXAMPLE.COM", {1106})},
      {"groups", with_groups("imap", "eve@OTHER.EXAMPLE", {1105})},
      {"sid", with_sid("ldap", "alice", 1104), "alice", "bob"},
      {"sid", with_sid("ldap", "alice", 1105), "", "bob"},
      {"sid", with_sid("ldap", "alice", 1105), "alice"},
      {"sid", user("ldap", "alice"), "", "bob"},
      {"administrators", with_indicators("ldap", admin, {"pkinit"}), admin},
      {"administrators", user("ldap", admin)},
      {"administrators", user("ldap", "bob"), "bob"},
      {"bound", on_channel("imap", "alice", true, 0), "alice"},
      {"bound", on_channel("imap", "alice", false, 256)},
      {"bound", on_channel("smtp", "alice", false, 128), "alice"},
      {"bound", on_channel("smtp", "alice", false, 112)},
      {"bound", on_channel("smtp", "eve@OTHER.EXAMPLE", false, 256)},
      {"bound", on_channel("smtp", "eve@OTHER.EXAMPLE", true, 0), "eve@OTHER.EXAMPLE"},
      {"realms", user("imap", "alice"), "alice"},
      {"realms", user("imap", "eve@PARTNER.EXAMPLE"), "eve@PARTNER.EXAMPLE"},
      {"realms", user("ldap", "eve@PARTNER.EXAMPLE")},
      {"realms", user("imap", "eve@OTHER.EXAMPLE")},
      {"helpdesk", with_groups("imap", "alice", {1110}), "alice", "bob"},
      {"helpdesk", with_groups("imap", "alice", {1110}), "", "admin"},
      {"helpdesk", with_groups("imap", "alice", {1110}), "", "carol/admin"},
      {"helpdesk", with_groups("imap", "alice", {1109}), "", "bob"},
      {"helpdesk", user("imap", "alice"), "alice"},
      {"helpdesk", user("imap", "backup"), "backup", "admin"},
      {"federation", federated("imap", "robin@university.example"), "robin@university.example"},
      {"federation", federated("imap", "robin@university.example.com")},
      {"federation", federated("imap", "robin@another-university.example")},
      {"federation", federated("ldap", "robin@university.example")},
      {"federation", user("imap", "alice"), "alice"},
      {"guests", anonymous("imap"), "guest"},
      {"guests", anonymous("ldap")},
      {"guests", user("imap", "alice"), "alice"},
      {"guests", user("imap", "alice"), "", "bob"},
      {"unasked", user("imap", "alice"), "alice"},
      {"unasked", anonymous("imap")},
      {"README.md 1", with_indicators("imap", "alice", {"otp"}), "alice"},
      {"README.md 1", user("imap", "alice")},
      {"README.md 1", with_indicators("imap", "eve@OTHER.EXAMPLE", {"otp"})},
      {"README.md 1", user("ldap", "alice"), "alice"},
      {"README.md 1", user("ldap", "eve@OTHER.EXAMPLE")},
      {"docs/freeipa.md 1", with_indicators("imap", "alice", {"passkey"}), "alice"},
      {"docs/freeipa.md 1", with_indicators("imap", "alice", {"hardened"})},
      {"docs/freeipa.md 2", with_groups("imap", "alice", {1105}), "alice"},
      {"docs/freeipa.md 2", with_groups("imap", "alice", {1106})},
      {"examples/policy.toml", user("imap", "alice"), "alice"},
      {"examples/policy.toml", user("imap", "eve@OTHER.EXAMPLE")},
      {"examples/policy.toml without #", with_indicators("imap", "alice", {"otp"}), "alice"},
      {"examples/policy.toml without #", user("imap", "alice")},
      {"examples/policy.toml without #", user("ldap", "alice"), "alice"},
  };
}

PolicyReading read(const DocExample& example) {
  return authz::parse_policy({{"SYSCONFDIR/gssloop/policy.toml", example.text}}, kMechanisms);
}

// As a server decides it: the user that the application sees, or nothing.
std::string decide(const authz::Policy& policy, PeerInfo peer, const std::string& authzid) {
  authz::RuleContext context(policy, std::move(peer));
  const auto decision = authz::decide_login(&context, authzid);
  return decision.is_admitted() ? decision.authid : std::string();
}

// The one example of that name.
DocExample example(const std::string& name) {
  for (DocExample& shown : doc_examples()) {
    if (shown.name == name) return std::move(shown);
  }
  ADD_FAILURE() << "no page shows the example \"" << name << "\"";
  return {};
}

TEST(DocumentedPolicies, AreReadWithoutAComplaint) {
  const auto examples = doc_examples();
  ASSERT_GE(examples.size(), 12U);
  std::map<std::string, int> seen;
  for (const DocExample& shown : examples) {
    EXPECT_EQ(++seen[shown.name], 1) << shown.place << ": another example has that name";
    const PolicyReading reading = read(shown);
    EXPECT_TRUE(reading.policy) << shown.place << ": " << reading.summary();
    EXPECT_EQ(reading.diagnostics.size(), shown.is_warned ? 1U : 0U) << shown.place;
  }
}

TEST(DocumentedPolicies, AreAllMarked) {
  for (const std::string& place : unmarked_policies()) {
    ADD_FAILURE() << place << ": this looks like a policy, but no comment says \"policy NAME\"";
  }
}

// A guide's policies are decided by real logins to its server, in the test that follows the guide.
bool has_its_own_test(const DocExample& shown) {
  const std::string page = shown.place.substr(0, shown.place.find(".md"));
  std::string name = page.substr(page.rfind('/') + 1);
  std::ranges::replace(name, '-', '_');
  const std::string tests[] = {"tests/servers/" + name + "_test.py",
                               "tests/federation/" + name + "_test.py",
                               "tests/federation/" + name + "_guide_test.py"};
  return page.starts_with("docs/") && std::ranges::any_of(tests, [](const std::string& test) {
           return !doc_text(test).empty();
         });
}

TEST(DocumentedPolicies, DecideAsDescribed) {
  SPEC("N1 N3");
  std::map<std::string, std::pair<bool, bool>> decided;  // whether any was let in, or refused
  for (const Row& row : rows()) {
    const PolicyReading reading = read(example(row.example));
    ASSERT_TRUE(reading.policy) << row.example;
    EXPECT_EQ(decide(*reading.policy, row.login, row.authzid), row.seen_as)
        << row.example << ": " << row.login.principal << " as \"" << row.authzid << "\" to "
        << row.login.service;
    (row.seen_as.empty() ? decided[row.example].second : decided[row.example].first) = true;
  }
  for (const DocExample& shown : doc_examples()) {
    if (has_its_own_test(shown)) continue;
    EXPECT_EQ(decided[shown.name], std::pair(true, true))
        << shown.place << ": the table above needs a peer that is let in, and one that is not";
  }
}

std::vector<std::string> values(const authz::Policy& policy, const PeerInfo& login,
                                const std::string& property) {
  const authz::Scope& scope = policy.scope(login.service, login.mechanism);
  const authz::Definition* definition = policy.find_property(property);
  if (definition == nullptr || !scope.publish.adds(definition->name)) return {};
  return authz::local_attribute(*definition, login).values;
}

TEST(DocumentedPolicies, PublishAsDescribed) {
  const std::vector<std::string> upn = {"alice@example.com"}, methods = {"otp"},
                                 group = {std::string(kDomain) + "-1105"};
  const PolicyReading unasked = read(example("unasked"));
  ASSERT_TRUE(unasked.policy);
  const PeerInfo alice =
      user("imap", "alice",
           {{"urn:mspac:upn-dns-info", {upn_info(upn[0], "EXAMPLE.COM")}}, {kIndicators, methods}});
  EXPECT_EQ(values(*unasked.policy, alice, "upn"), upn);
  EXPECT_EQ(values(*unasked.policy, alice, "login-method"), methods);
  EXPECT_EQ(values(*unasked.policy, alice, "assurance").size(), 0U);
  const PolicyReading groups = read(example("groups"));
  ASSERT_TRUE(groups.policy);
  const PeerInfo eve = with_groups("imap", "eve@AD.EXAMPLE.COM", {1105});
  EXPECT_EQ(values(*groups.policy, eve, "groups"), group);
  const PolicyReading readme = read(example("README.md 1"));
  ASSERT_TRUE(readme.policy);
  EXPECT_EQ(values(*readme.policy, with_groups("ldap", "alice", {1105}), "groups"), group);
  EXPECT_EQ(values(*readme.policy, with_groups("imap", "alice", {1105}), "groups").size(), 0U);
}

// The log line that the page shows for its first example.
TEST(DocumentedPolicies, TheLogNamesTheRule) {
  const PolicyReading reading = read(example("first"));
  ASSERT_TRUE(reading.policy);
  const PeerInfo bob = user("imap", "bob");
  const auto findings = authz::evaluate_rules(authz::RuleContext(*reading.policy, bob));
  const authz::Finding* objection = authz::objection(findings);
  ASSERT_NE(objection, nullptr);
  EXPECT_NE(doc_text("man/gssloop-policy.5")
                .find("the policy refuses \"bob\":\n" + objection->text() + "\n"),
            std::string::npos)
      << objection->text();
}

authz::LocalAttribute answering(const std::string& truth) {
  if (truth == "true") return {{"yes"}, true, {}};
  return {{}, false, truth == "unknown" ? "unreadable" : ""};
}

// "a" and "b", as true, false or unknown as they are to be.
authz::AttributeLookup answers(const std::string& a, const std::string& b) {
  return [a = answering(a), b = answering(b)](
             std::string_view name) -> const authz::LocalAttribute& { return name == "a" ? a : b; };
}

TEST(DocumentedPolicies, TheTruthTableIsTheRules) {
  const auto table = truth_table();
  ASSERT_EQ(table.size(), 9U);
  const char* const rules[] = {"a=yes & b=yes", "a=yes | b=yes", "!a=yes"};
  std::map<std::string, int> seen;
  for (const std::vector<std::string>& line : table) {
    ASSERT_EQ(line.size(), 5U);
    EXPECT_EQ(++seen[line[0] + line[1]], 1);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto rule = authz::Expression::parse(rules[i]);
      ASSERT_TRUE(rule);
      EXPECT_EQ(to_string(rule->evaluate(answers(line[0], line[1]))), line[2 + i])
          << rules[i] << " with " << line[0] << " and " << line[1];
    }
  }
}

TEST(DocumentedPolicies, TheLimitsAreTheRules) {
  const std::string page = doc_text("man/gssloop-policy.5");
  const auto tells = [&](std::size_t limit, const std::string& of) {
    return page.find(std::to_string(limit) + " " + of) != page.npos;
  };
  EXPECT_TRUE(tells(authz::Expression::kMaxLen, "bytes, a pattern"));
  EXPECT_TRUE(tells(authz::Expression::kMaxPattern, "characters"));
  EXPECT_TRUE(tells(authz::Expression::kMaxMatched, "bytes is not compared"));
  constexpr unsigned kDepth = authz::Expression::kMaxDepth;
  EXPECT_TRUE(tells(kDepth, "deep"));
  EXPECT_TRUE(authz::Expression::parse(std::string(kDepth, '!') + "a=b"));
  EXPECT_FALSE(authz::Expression::parse(std::string(kDepth + 1, '!') + "a=b"));
}

}  // namespace
}  // namespace gssloop::testing
