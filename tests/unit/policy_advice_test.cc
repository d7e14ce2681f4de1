// SPDX-License-Identifier: BSD-2-Clause
// What is right in a policy by itself, but never applies.

#include "gssloop/authz/policy_advice.h"

#include <gtest/gtest.h>

#include "tests/unit/policy_reading.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;

const char* const kDefinitions = R"([attributes]
groups.from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups" }]
user.from = [{ mechanism = "krb5", name = "urn:mspac:18", form = "pac-requestor-sid" }]
bits.from = [{ mechanism = "krb5", name = "urn:mspac:16", form = "hex" }]
blob.from = [{ mechanism = "krb5", name = "urn:mspac:", form = "base64" }]
made.from = [{ mechanism = "krb5", name = "urn:mspac:client-info", form = "pac-client-info" }]
how.from = [{ mechanism = "krb5", name = "auth-indicators" }]
both.from = [{ mechanism = "krb5", name = "urn:mspac:18", form = "pac-requestor-sid" },
             { mechanism = "eap-aes128-cts-hmac-sha1-96", name = "user" }]
[services.imap]
)";

// The messages about a rule.
std::string about(const std::string& rule, const std::string& table = "") {
  const auto reading = read(kDefinitions + table + "require = ['" + rule + "']\n");
  EXPECT_TRUE(reading.policy) << messages(reading);
  for (const Diagnostic& diagnostic : reading.diagnostics) {
    EXPECT_TRUE(diagnostic.is_warning);
    EXPECT_EQ(diagnostic.place.line, table.empty() ? 11U : 12U);
  }
  return messages(reading);
}

TEST(PolicyAdvice, NamesThatNoServiceHasAreErrors) {
  for (const char* name :
       {"IMAP", "Imap", "imap ", " imap", "", "im ap", "imap/x", "http+", "HTTPS"}) {
    for (const std::string& text : {"[services.\""s + name + "\"]\n",
                                    "[all]\nrequire = ['peer.service=\""s + name + "\"']\n"}) {
      const auto reading = read(text);
      EXPECT_FALSE(reading.policy) << text;
      EXPECT_NE(messages(reading).find("must consist of small letters"), std::string::npos)
          << messages(reading);
    }
  }
  for (const char* name : {"imap", "HTTP", "x-1_2.3", "default"}) {
    EXPECT_TRUE(read("[services.\""s + name + "\"]\n").policy) << name;
    EXPECT_TRUE(read("[all]\nrequire = ['peer.service="s + name + "']\n").policy) << name;
  }
}

TEST(PolicyAdvice, RealmsWithSmallLetters) {
  for (const char* rule : {"peer.realm=att.local", "!peer.realm=Att.LOCAL", "peer.realm~*.example",
                           "peer.principal=\"a@example.com\"", "peer.principal=a@eXAMPLE.COM",
                           "peer.principal~*/admin@example.com"}) {
    EXPECT_NE(about(rule).find("the realm has small letters here"), std::string::npos) << rule;
    EXPECT_EQ(about(rule, "[services.imap.mechanisms.eap-aes128-cts-hmac-sha1-96]\n"), "") << rule;
    EXPECT_NE(about(rule, "[services.imap.mechanisms.krb5]\n"), "") << rule;
  }
  for (const char* rule :
       {"peer.realm=ATT.LOCAL", "peer.realm~*.LOCAL", "exists peer.realm", "peer.principal=alice",
        "peer.principal~*/admin@EXAMPLE.COM", "peer.local-name=alice@example.com"}) {
    EXPECT_EQ(about(rule), "") << rule;
  }
  const std::string eap =
      "[attributes.eap]\nfrom = [{ mechanism = 'eap-aes128-cts-hmac-sha1-96', name = 'x', "
      "issuer = 'idp.example' }]\n[services.imap]\n";
  const auto with_eap = [&](const std::string& rule) {
    return messages(read(eap + "require = ['" + rule + "']\n"));
  };
  EXPECT_EQ(with_eap("peer.realm=idp.example"), "");
  EXPECT_NE(with_eap("peer.realm=other.example"), "");
  const auto issuer = [](const std::string& mechanism, const std::string& name) {
    return messages(read("[attributes.a]\nfrom = [{ mechanism = '" + mechanism +
                         "', name = 'x', issuer = '" + name + "' }]\n"));
  };
  EXPECT_NE(issuer("krb5", "ad.example.com").find("p:2:9: warning: the realm has small letters"),
            std::string::npos);
  EXPECT_EQ(issuer("krb5", "AD.EXAMPLE.COM"), "");
  EXPECT_EQ(issuer("eap-aes128-cts-hmac-sha1-96", "idp.example.com"), "");
}

// A value that is no SID is an error (policy_aliases_test.cc).
TEST(PolicyAdvice, ValuesThatAFormNeverHas) {
  const Strings never = {"groups~Domain*",
                         "groups~*-512;*",
                         "bits=0A",
                         "bits=abc",
                         "bits~*G*",
                         "blob=a",
                         "blob=\"a b=\"",
                         "blob~*-*",
                         "made=alice",
                         "made=\"2026 alice\"",
                         "how=\"\\xff\"",
                         "how=\"a\\x00\"",
                         "how~\"\\x00*\"",
                         "!groups~Domain*",
                         "exists groups & groups~Domain*"};
  for (const std::string& rule : never) {
    EXPECT_NE(about(rule).find("can be what this rule compares it with"), std::string::npos)
        << rule;
  }
  EXPECT_NE(about("groups~Domain*").find("\"groups\""), std::string::npos);
  EXPECT_NE(about("groups~Domain*").find("values are SIDs"), std::string::npos);
  EXPECT_EQ(about("groups~Domain*").find("Domain"), std::string::npos) << "no value in a log";
  for (const char* rule :
       {"groups=S-1-5-21-1004336348-1177238915-682003330-1105", "groups=S-1-1-0",
        "groups=S-1-5-32-544", "groups=S-1-0x0123456789ab-7", "groups~*-512", "groups~S-1-5-21-*",
        "exists groups", "user=S-1-5-18", "bits=0a", "bits=\"\"", "bits~*f?", "blob=\"YQ==\"",
        "blob~*+/*", "made=\"2026-11-30T09:00:00Z a b\"", "made~*mallory", "how=otp", "how=\"\"",
        "both=alice", "both=S-1-5-18"}) {
    EXPECT_EQ(about(rule), "") << rule;
  }
}

// What the author of a policy is told on a machine with the key of a service "own".
std::string advice(const std::string& text) {
  const auto reading = read(text);
  EXPECT_TRUE(reading.policy) << messages(reading);
  std::string all;
  for (const Diagnostic& diagnostic : advise(*reading.policy, {{"own", "host"}, mechanisms()})) {
    EXPECT_TRUE(diagnostic.is_warning);
    all += diagnostic.text() + "\n";
  }
  return all;
}

TEST(PolicyAdvice, ServicesThatAMachineDoesNotHave) {
  const auto about_service = [](const char* name) {
    return advice("[services.default]\n[services."s + name + "]\n");
  };
  for (const char* name : {"own", "imap", "pop", "smtp", "sieve", "ldap", "xmpp", "http", "HTTP",
                           "host", "nfs", "postgres", "libvirt", "svn", "memcached", "kafka"}) {
    EXPECT_EQ(about_service(name), "") << name;
  }
  const char* const other_names[][2] = {{"imaps", "imap"},      {"pop3", "pop"},
                                        {"ldaps", "ldap"},      {"smtps", "smtp"},
                                        {"submission", "smtp"}, {"https", "HTTP"}};
  for (const auto& [name, service] : other_names) {
    EXPECT_EQ(about_service(name), "p:2:11: warning: applications call this service \""s + service +
                                       "\", not \"" + name + "\"\n");
  }
  EXPECT_NE(about_service("imapp").find("\"imapp\" is no well-known service"), std::string::npos);
}

TEST(PolicyAdvice, ServicesThatThePolicyLeavesOpen) {
  const std::string rule = "[services.imap]\nrequire = ['peer.ssf>=1']\n";
  EXPECT_NE(advice(rule).find("p: warning: there is neither [services.default] nor [all]"),
            std::string::npos);
  EXPECT_EQ(advice(rule + "[services.default]\n"), "");
  EXPECT_EQ(advice(rule + "[all]\n"), "");
  EXPECT_EQ(advice("[services.imap]\npublish = 'all'\n"), "") << "it restricts no service";
  EXPECT_EQ(advice("# nothing\n"), "");
}

TEST(PolicyAdvice, AttributesThatNoMechanismHas) {
  const auto about_source = [](const char* mechanism, const char* name) {
    return advice("[attributes.a]\nfrom = [{ mechanism = '"s + mechanism + "', name = '" + name +
                  "' }]\n");
  };
  for (const char* name : {"auth-indicators", "urn:mspac:", "urn:mspac:logon-info", "urn:mspac:16",
                           "urn:mspac:client-info"}) {
    EXPECT_EQ(about_source("krb5", name), "") << name;
  }
  for (const char* name : {"auth-indicator", "urn:mspac:logoninfo", "urn:mspac", "groups"}) {
    EXPECT_EQ(
        about_source("krb5", name).find("p:1:13: warning: Kerberos has no attribute \""s + name),
        0U)
        << about_source("krb5", name);
  }
  EXPECT_EQ(about_source("eap-aes128-cts-hmac-sha1-96", "anything"), "");
  EXPECT_NE(about_source("1.2.3.4", "x").find("this machine has no mechanism \"1.2.3.4\""),
            std::string::npos);
}

TEST(PolicyAdvice, ThePolicySaysWhichTablesHaveRules) {
  const auto summary = [](const std::string& text) {
    const auto reading = read(text);
    return reading.policy ? reading.policy->summary() : messages(reading);
  };
  EXPECT_EQ(Policy().summary(), "none");
  EXPECT_EQ(summary("# nothing\n"), "none");
  EXPECT_EQ(summary("[services.default]\nrequire = ['peer.ssf>=1']\n[services.smtp]\n"
                    "[services.imap]\nrequire = ['peer.ssf>=1', 'peer.ssf>=2']\nauthorize = "
                    "['authid=a']\n[services.imap.mechanisms.krb5]\ndeny = ['peer.ssf=0']\n"
                    "authorize = ['authid=b']\n[all]\nrequire = ['peer.realm=A']\ndeny = "
                    "['peer.ssf=0']\n"),
            "all 2, imap 5, smtp 0, default 1");
  std::string many;
  for (int i = 10; i < 35; ++i) many += "[services.s" + std::to_string(i) + "]\n";
  EXPECT_NE(summary(many).find(", s29 0 and 5 more tables"), std::string::npos) << summary(many);
}

}  // namespace
}  // namespace gssloop::authz
