// SPDX-License-Identifier: BSD-2-Clause
// A policy over attributes that no honest mechanism would give, through libsasl and the module.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/spec/gs2_scripted.h"

namespace gssloop::testing {
namespace {

using Values = std::vector<std::string>;

class Gs2PolicyTest : public Gs2Test {
 protected:
  Gs2PolicyTest()
      : path_(std::filesystem::temp_directory_path() /
              ("gssloop-policy." + std::to_string(getpid()) + ".toml")) {}
  ~Gs2PolicyTest() override { std::filesystem::remove(path_); }

  static Attribute attribute(const std::string& name, const Values& values,
                             bool is_authenticated = true) {
    Attribute attribute;
    attribute.name = name;
    for (const std::string& value : values) {
      AttributeValue one;
      one.value = value;
      one.authenticated = is_authenticated;
      attribute.values.push_back(std::move(one));
    }
    return attribute;
  }

  struct Outcome {
    int code = SASL_FAIL;
    std::string authid;
    Properties properties;
    std::string log;
  };
  // One login of a peer with these attributes under a policy with one local attribute, "how", from
  // `sources`, or from "auth-indicators" of the scripted mechanism.
  Outcome log_in_with(std::vector<Attribute> attributes, const std::string& rules,
                      const Values& requested = {}, const std::string& sources = {}) {
    std::ofstream(path_) << "[attributes.how]\nfrom = ["
                         << (sources.empty()
                                 ? "{ mechanism = \"scripted\", name = \"auth-indicators\" }"
                                 : sources)
                         << "]\n"
                         << rules;
    Script script;
    script.attributes = std::move(attributes);
    script.source = source_;
    script.names.inquire = listing_;
    scripted().play(std::move(script));
    ServerSetup setup = watched();
    setup.options["gssloop_policy"] = path_;
    setup.requested = requested;
    SaslClient client;
    SaslServer server(setup);
    Outcome outcome;
    outcome.code = log_in(&client, &server, kScriptedName).server.code;
    outcome.log = server.log().text();
    if (outcome.code == SASL_OK) {
      outcome.authid = server.authid();
      outcome.properties = server.properties();
    }
    return outcome;
  }
  int code(std::vector<Attribute> attributes, const std::string& rules) {
    return log_in_with(std::move(attributes), rules).code;
  }

  const std::string path_;
  std::optional<NameSpec> source_ = NameSpec{"alice@EXAMPLE.COM", GSS_C_NT_USER_NAME};
  Answer listing_;  // of gss_inquire_name
};

constexpr char kRequire[] = "[services.imap]\nrequire = [\"how=pkinit\"]\n";
constexpr char kDeny[] = "[services.imap]\ndeny = [\"how=pkinit\"]\n";

// naming-exts section 6: what is more significant defines what is less; no peer gets past it with a
// name that only looks alike.
TEST_F(Gs2PolicyTest, ImitatedNamesAreOtherAttributes) {
  SPEC("N10 N7 N9");
  EXPECT_EQ(code({attribute("auth-indicators", {"pkinit"})}, kRequire), SASL_OK);
  for (const std::string& name :
       {std::string("auth-indicators x"), std::string("x auth-indicators"),
        std::string("auth-indicators "), std::string(" auth-indicators"),
        std::string("AUTH-INDICATORS"), std::string("auth-indicators\0x", 17),
        std::string("urn:x auth-indicators"), std::string("auth-indicator")}) {
    EXPECT_EQ(code({attribute(name, {"pkinit"})}, kRequire), SASL_NOAUTHZ) << name;
    EXPECT_EQ(code({attribute(name, {"pkinit"})}, kDeny), SASL_OK) << name;
  }
}

// Section 5: the same name of another mechanism is another attribute.
TEST_F(Gs2PolicyTest, AnotherMechanismsNameIsAnotherAttribute) {
  SPEC("N5");
  const std::vector<Attribute> peer = {attribute("auth-indicators", {"pkinit"})};
  const auto from = [](const std::string& mechanism) {
    return "{ mechanism = \"" + mechanism + "\", name = \"auth-indicators\" }";
  };
  EXPECT_EQ(log_in_with(peer, kRequire, {}, from("krb5")).code, SASL_NOAUTHZ);
  EXPECT_EQ(log_in_with(peer, kRequire, {}, from("1.3.6.1.4.1.32473.1.2")).code, SASL_NOAUTHZ);
  EXPECT_EQ(log_in_with(peer, kRequire, {}, from("1.3.6.1.4.1.32473.1.1")).code, SASL_OK);
  EXPECT_EQ(log_in_with(peer, kRequire, {}, from("krb5") + ", " + from("scripted")).code, SASL_OK);
}

TEST_F(Gs2PolicyTest, AnotherIssuersNameIsAnotherAttribute) {
  SPEC("N5");
  const std::vector<Attribute> peer = {attribute("auth-indicators", {"pkinit"})};
  const auto by = [](const std::string& issuer) {
    return "{ mechanism = \"scripted\", name = \"auth-indicators\", issuer = \"" + issuer + "\" }";
  };
  EXPECT_EQ(log_in_with(peer, kRequire, {}, by("EXAMPLE.COM")).code, SASL_OK);
  EXPECT_EQ(log_in_with(peer, kRequire, {}, by("example.com")).code, SASL_NOAUTHZ);
  EXPECT_EQ(log_in_with(peer, kRequire, {}, by("COM")).code, SASL_NOAUTHZ);
  // Realms are taken whole: the last "@" that is not escaped begins it.
  source_ = NameSpec{"alice@EVIL\\@EXAMPLE.COM", GSS_C_NT_USER_NAME};
  EXPECT_NE(log_in_with(peer, kRequire, {}, by("EXAMPLE.COM")).code, SASL_OK);
}

// Section 9: what a peer says of itself never decides, and is published only under a name that says
// so.
TEST_F(Gs2PolicyTest, AssertedValuesDecideNothing) {
  SPEC("N29");
  const std::vector<Attribute> asserted = {attribute("auth-indicators", {"pkinit"}, false)};
  EXPECT_EQ(code(asserted, kRequire), SASL_NOAUTHZ);
  EXPECT_EQ(code(asserted, "[services.imap]\nrequire = [\"exists how\"]\n"), SASL_NOAUTHZ);
  EXPECT_EQ(code(asserted, "[services.imap]\nidentity = { attribute = \"how\" }\n"), SASL_NOAUTHZ);
  const Values requested = {"*how", "how", "*asserted:how", "asserted:how"};
  Outcome seen = log_in_with(asserted, "", requested);
  ASSERT_EQ(seen.code, SASL_OK) << seen.log;
  EXPECT_TRUE(seen.properties["*how"].empty());
  EXPECT_TRUE(seen.properties["how"].empty());
  EXPECT_TRUE(seen.properties["asserted:how"].empty());
  EXPECT_EQ(seen.properties["*asserted:how"], Values{"pkinit"});
  seen = log_in_with({attribute("auth-indicators", {"pkinit"})}, "", requested);
  EXPECT_EQ(seen.properties["*how"], Values{"pkinit"});
  EXPECT_TRUE(seen.properties["*asserted:how"].empty());
  // Unasked, only where the policy says so.
  seen = log_in_with(asserted, "[services.imap]\npublish = [\"how\"]\n");
  EXPECT_TRUE(seen.properties["*how"].empty());
  EXPECT_EQ(seen.properties.count("*asserted:how"), 0U);
  seen = log_in_with(asserted, "[services.imap]\npublish = [\"asserted:how\"]\n");
  EXPECT_EQ(seen.properties["*asserted:how"], Values{"pkinit"});
}

// Section 7.5.1: flags that change between values make the whole attribute unknown.
TEST_F(Gs2PolicyTest, ChangingFlagsAreUnknown) {
  SPEC("N23");
  Attribute flips = attribute("auth-indicators", {"pkinit", "pkinit"});
  flips.values[1].authenticated = false;
  EXPECT_EQ(code({flips}, kRequire), SASL_NOAUTHZ);
  EXPECT_EQ(code({flips}, kDeny), SASL_NOAUTHZ);
  EXPECT_EQ(code({flips}, "[services.imap]\nrequire = [\"!how=pkinit\"]\n"), SASL_NOAUTHZ);
  Attribute refused = attribute("auth-indicators", {"otp"});
  refused.get = {GSS_S_FAILURE, 7};
  EXPECT_EQ(code({refused}, kDeny), SASL_NOAUTHZ);
  Attribute endless = attribute("auth-indicators", {"otp"});
  endless.endless = true;
  EXPECT_EQ(code({endless}, kDeny), SASL_NOAUTHZ);
}

// A list that lacks an attribute proves nothing, and neither does a failure of any other kind.
TEST_F(Gs2PolicyTest, AbsentIsOnlyWhatIsNeitherListedNorToBeHad) {
  SPEC("N29");
  constexpr OM_uint32 kNone = GSS_S_COMPLETE;
  const auto kFailure = static_cast<OM_uint32>(GSS_S_FAILURE);
  const auto kUnavailable = static_cast<OM_uint32>(GSS_S_UNAVAILABLE);
  enum class Truth { kTrue, kAbsent, kUnknown };
  const struct {
    bool is_listed;
    OM_uint32 listing, get;
    Truth truth;
  } rows[] = {
      {true, kNone, kNone, Truth::kTrue},
      {false, kNone, kNone, Truth::kTrue},
      {true, kFailure, kNone, Truth::kTrue},
      {true, kUnavailable, kNone, Truth::kTrue},
      {false, kNone, kUnavailable, Truth::kAbsent},
      {false, kUnavailable, kUnavailable, Truth::kAbsent},
      {true, kNone, kUnavailable, Truth::kUnknown},
      {false, kFailure, kUnavailable, Truth::kUnknown},
      {false, kNone, kFailure, Truth::kUnknown},
      {false, kNone, static_cast<OM_uint32>(GSS_S_BAD_NAME), Truth::kUnknown},
      {false, kNone, static_cast<OM_uint32>(GSS_S_UNAUTHORIZED), Truth::kUnknown},
      {false, kNone, kUnavailable | GSS_S_CALL_BAD_STRUCTURE, Truth::kUnknown},
  };
  for (const auto& row : rows) {
    Attribute how = attribute("auth-indicators", {"pkinit"});
    how.listed = row.is_listed;
    how.get = {row.get, 0};
    listing_ = {row.listing, 0};
    SCOPED_TRACE(std::to_string(&row - rows));
    EXPECT_EQ(code({how}, kRequire), row.truth == Truth::kTrue ? SASL_OK : SASL_NOAUTHZ);
    EXPECT_EQ(code({how}, kDeny), row.truth == Truth::kAbsent ? SASL_OK : SASL_NOAUTHZ);
  }
  // A first value, and none of the others.
  listing_ = {};
  Attribute how = attribute("auth-indicators", {"otp", "pkinit"});
  how.listed = false;
  how.values[1].get = {kUnavailable, 0};
  EXPECT_EQ(code({how}, kDeny), SASL_NOAUTHZ);
}

TEST_F(Gs2PolicyTest, CompleteDecidesOnlyWhereARuleAsks) {
  SPEC("N16 N17");
  Attribute partial = attribute("auth-indicators", {"pkinit"});
  partial.values[0].complete = false;
  EXPECT_EQ(code({partial}, kRequire), SASL_OK);
  EXPECT_EQ(code({partial}, "[services.imap]\nrequire = [\"complete how\"]\n"), SASL_NOAUTHZ);
  partial.values[0].complete = true;
  EXPECT_EQ(code({partial}, "[services.imap]\nrequire = [\"complete how\"]\n"), SASL_OK);
}

TEST_F(Gs2PolicyTest, OrderDecidesNothing) {
  SPEC("N18 N11");
  Values values = {"a", "b", "otp", "pkinit"};
  do {
    const std::vector<Attribute> peer = {attribute("auth-indicators", values)};
    EXPECT_EQ(code(peer, kRequire), SASL_OK);
    EXPECT_EQ(code(peer, kDeny), SASL_NOAUTHZ);
    EXPECT_EQ(code(peer, "[services.imap]\nidentity = { attribute = \"how\" }\n"), SASL_NOAUTHZ);
    // Applications get them in the mechanism's order all the same.
    EXPECT_EQ(log_in_with(peer, "", {"*how"}).properties["*how"], values);
  } while (std::ranges::next_permutation(values).found);
}

// Raw names are Kerberos' unless the policy lists the mechanism.
TEST_F(Gs2PolicyTest, RawAttributesOfListedMechanisms) {
  SPEC("N5");
  const std::vector<Attribute> peer = {attribute("urn:x", {"value"}),
                                       attribute("auth-indicators", {"pkinit"})};
  const Values requested = {"*urn:x", "*auth-indicators"};
  EXPECT_TRUE(log_in_with(peer, "", requested).properties["*urn:x"].empty());
  // After the table of the attribute, a key of the whole file cannot follow: it is written in
  // front.
  std::ofstream(path_) << "raw-attributes = [\"scripted\"]\n";
  Script script;
  script.attributes = peer;
  scripted().play(std::move(script));
  ServerSetup setup = watched();
  setup.options["gssloop_policy"] = path_;
  setup.requested = requested;
  SaslClient client;
  SaslServer server(setup);
  ASSERT_TRUE(log_in(&client, &server, kScriptedName).ok()) << server.log().text();
  EXPECT_EQ(server.properties()["*urn:x"], Values{"dmFsdWU="});
  EXPECT_EQ(server.properties()["*auth-indicators"], Values{"pkinit"});
}

// An anonymous initiator may have attributes all the same (section 9), and one may name it.
TEST_F(Gs2PolicyTest, AnAttributeMayNameAnAnonymousPeer) {
  SPEC("N31 L45");
  source_ = NameSpec{"nobody", GSS_C_NT_ANONYMOUS};
  const std::string by_attribute = "[services.imap]\nidentity = { attribute = \"how\" }\n";
  const std::vector<Attribute> peer = {attribute("auth-indicators", {"member-17"})};
  EXPECT_EQ(code(peer, ""), SASL_BADAUTH);
  EXPECT_EQ(log_in_with(peer, by_attribute).authid, "member-17");
  EXPECT_EQ(code({}, by_attribute), SASL_BADAUTH);
  EXPECT_EQ(log_in_with({}, by_attribute + "anonymous = \"guest\"\n").authid, "guest");
  EXPECT_EQ(log_in_with(peer, by_attribute + "anonymous = \"guest\"\n").authid, "member-17");
}

}  // namespace
}  // namespace gssloop::testing
