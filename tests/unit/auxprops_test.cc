// SPDX-License-Identifier: BSD-2-Clause
// AuxProps over libsasl's own property functions.
#include "plugin/server/auxprops.h"

#include <gtest/gtest.h>
#include <sasl/prop.h>

#include <map>
#include <optional>

#include "tests/support/spec.h"
#include "tests/unit/logged_lines.h"
#include "tests/unit/policy_reading.h"

namespace gssloop::plugin {
namespace {

using namespace std::string_literals;
using testing::keep_logged_line;
using testing::logged_lines;
using Values = std::vector<std::string>;

struct FreeProps {
  void operator()(propctx* context) const { prop_dispose(&context); }
};

class AuxPropsTest : public ::testing::Test {
 protected:
  AuxPropsTest() : context_(prop_new(0)) {
    utils_.log = keep_logged_line;
    utils_.prop_get = prop_get;
    utils_.prop_set = prop_set;
    utils_.prop_erase = prop_erase;
    utils_.prop_request = prop_request;
    logged_lines().clear();
  }

  void request(std::vector<const char*> names) {
    names.push_back(nullptr);
    ASSERT_EQ(prop_request(context_.get(), names.data()), SASL_OK);
  }

  Values values(const std::string& name) const {
    Values found;
    for (const propval* value = prop_get(context_.get()); value->name != nullptr; ++value) {
      if (value->name != name) continue;
      for (const char** one = value->values; one != nullptr && *one != nullptr; ++one) {
        found.emplace_back(*one);
      }
    }
    return found;
  }

  SaslUtils sasl() const { return SaslUtils(&utils_); }

  sasl_utils_t utils_{};
  std::unique_ptr<propctx, FreeProps> context_;
};

template <class Value>
Attribute attribute(const std::string& name, const Values& values) {
  std::vector<Value> held;
  for (const std::string& value : values) {
    held.push_back(Value::from_mechanism(to_bytes(as_bytes(value))));
  }
  return {name, false, std::move(held)};
}

Attribute authenticated(const std::string& name, const Values& values) {
  return attribute<AuthenticatedValue>(name, values);
}

authz::PeerInfo peer(Attributes attributes) {
  authz::PeerInfo peer;
  peer.mechanism = "krb5";
  peer.attributes = std::move(attributes);
  return peer;
}

// Under the empty policy.
void publish(AuxProps* properties, authz::PeerInfo peer, bool is_own_identity) {
  const authz::Policy policy;
  properties->publish(authz::RuleContext(policy, std::move(peer)), is_own_identity);
}

// Which attributes are read for what the application requested.
Values sources(const AuxProps& properties) {
  return authz::attributes_needed({}, peer({}), properties.begin({}, "krb5"));
}

TEST_F(AuxPropsTest, AssertedValuesAreWithheld) {
  SPEC("N29");
  request({"*auth-indicators", "auth-indicators", "*urn:x"});
  AuxProps properties(sasl(), context_.get());
  publish(&properties,
          peer({{attribute<AssertedValue>("auth-indicators", {"admin"}),
                 attribute<AssertedValue>("urn:x", {"admin"})},
                {}}),
          true);
  for (const char* name : {"*auth-indicators", "auth-indicators", "*urn:x"}) {
    EXPECT_TRUE(values(name).empty()) << name;
  }
  EXPECT_NE(logged_lines().find("not authenticated"), std::string::npos);
  EXPECT_EQ(logged_lines().find("admin"), std::string::npos);
}

// A peer's claim that the values are all there are neither adds nor takes any.
TEST_F(AuxPropsTest, CompleteDecidesNothing) {
  SPEC("N17 N16");
  request({"*auth-indicators"});
  for (const bool is_complete : {false, true}) {
    Attribute indicators = authenticated("auth-indicators", {"one", "two"});
    indicators.is_complete = is_complete;
    AuxProps properties(sasl(), context_.get());
    publish(&properties, peer({{indicators}, {}}), false);
    EXPECT_EQ(values("*auth-indicators"), (Values{"one", "two"})) << is_complete;
  }
}

TEST_F(AuxPropsTest, UnstarredNamesAreForTheOwnIdentityAlone) {
  SPEC("N29 N5");
  request({"auth-indicators", "*auth-indicators"});
  AuxProps properties(sasl(), context_.get());
  const Attributes attributes{{authenticated("auth-indicators", {"one", "two", "one"})}, {}};
  publish(&properties, peer(attributes), false);
  EXPECT_TRUE(values("auth-indicators").empty());
  EXPECT_EQ(values("*auth-indicators"), (Values{"one", "two", "one"}));
  publish(&properties, peer(attributes), true);
  EXPECT_EQ(values("auth-indicators"), (Values{"one", "two", "one"}));
  EXPECT_EQ(values("*auth-indicators"), (Values{"one", "two", "one"}));
}

// Text under a URN is base64, and what looks like base64 in an indicator stays as it is.
TEST_F(AuxPropsTest, FormBelongsToTheName) {
  SPEC("N4");
  request({"*auth-indicators", "*urn:mspac:client-info", "*urn:x b"});
  AuxProps properties(sasl(), context_.get());
  publish(&properties,
          peer({{authenticated("auth-indicators", {"AP8=", "", "\xc3\xa4"}),
                 authenticated("urn:mspac:client-info", {"\0\xff"s, "text", ""}),
                 authenticated("urn:x b", {std::string(65536, 'x')})},
                {}}),
          false);
  EXPECT_EQ(values("*auth-indicators"), (Values{"AP8=", "", "\xc3\xa4"}));
  EXPECT_EQ(values("*urn:mspac:client-info"), (Values{"AP8=", "dGV4dA==", ""}));
  EXPECT_EQ(values("*urn:x b").at(0).size(), 87384U);
}

TEST_F(AuxPropsTest, WhatIsNotTextIsWithheldValueByValue) {
  SPEC("N4");
  request({"*auth-indicators"});
  AuxProps properties(sasl(), context_.get());
  publish(
      &properties,
      peer({{authenticated("auth-indicators", {"good", "ad\0min"s, "\xffsecret", "fine"})}, {}}),
      false);
  EXPECT_EQ(values("*auth-indicators"), (Values{"good", "fine"}));
  EXPECT_EQ(logged_lines().find("min"), std::string::npos);
  EXPECT_EQ(logged_lines().find("secret"), std::string::npos);
}

// prop_setvals and appending overrun libsasl's heap with these.
TEST_F(AuxPropsTest, FortyLongValuesArrive) {
  SPEC("N11");
  request({"*auth-indicators", "*urn:groups"});
  Values groups;
  for (int i = 0; i < 40; ++i) {
    groups.push_back("CN=Department of Long Names " + std::to_string(i) +
                     ",OU=Groups,OU=Berlin,DC=ad,DC=example,DC=com");
  }
  AuxProps properties(sasl(), context_.get());
  for (int i = 0; i < 3; ++i) {
    publish(
        &properties,
        peer({{authenticated("auth-indicators", groups), authenticated("urn:groups", groups)}, {}}),
        false);
    EXPECT_EQ(values("*auth-indicators"), groups);
    EXPECT_EQ(values("*urn:groups").size(), 40U);
  }
}

TEST_F(AuxPropsTest, OnlyWhatWasRequestedIsSet) {
  request({"*urn:a", "mail", "*mail"});
  AuxProps properties(sasl(), context_.get());
  EXPECT_EQ(sources(properties), Values{"urn:a"});
  publish(&properties,
          peer({{authenticated("urn:a", {"x"}), authenticated("urn:b", {"x"}),
                 authenticated("mail", {"x"}), authenticated("auth-indicators", {"x"})},
                {}}),
          true);
  EXPECT_EQ(values("*urn:a"), Values{"eA=="});
  EXPECT_TRUE(values("mail").empty());
  EXPECT_TRUE(values("*mail").empty());
}

TEST_F(AuxPropsTest, WantedNamesComeOnceAndWithoutStar) {
  request({"auth-indicators", "*auth-indicators", "*urn:b", "cmusaslsecretPLAIN", "**urn:c"});
  EXPECT_EQ(sources(AuxProps(sasl(), context_.get())), (Values{"auth-indicators", "urn:b"}));
}

TEST_F(AuxPropsTest, ADatabaseCannotPose) {
  SPEC("N29");
  request({"*auth-indicators", "*urn:a", "*mail"});
  for (const char* name : {"*auth-indicators", "*urn:a", "*mail"}) {
    ASSERT_EQ(prop_set(context_.get(), name, "posed", 5), SASL_OK);
  }
  AuxProps properties(sasl(), context_.get());
  publish(&properties, peer({{authenticated("auth-indicators", {"true"})}, {}}), true);
  EXPECT_EQ(values("*auth-indicators"), Values{"true"});
  EXPECT_TRUE(values("*urn:a").empty());
  EXPECT_EQ(values("*mail"), Values{"posed"});  // not a name of ours
}

TEST_F(AuxPropsTest, DestructionErases) {
  request({"*auth-indicators", "*mail"});
  prop_set(context_.get(), "*mail", "kept", 4);
  {
    AuxProps properties(sasl(), context_.get());
    publish(&properties, peer({{authenticated("auth-indicators", {"x"})}, {}}), true);
    EXPECT_FALSE(values("*auth-indicators").empty());
  }
  EXPECT_TRUE(values("*auth-indicators").empty());
  EXPECT_EQ(values("*mail"), Values{"kept"});
}

// Of a user in one group of Active Directory that has an alias, and in one that has none.
std::optional<Error> publish_groups(AuxProps* properties) {
  const auto reading = authz::read(
      "[attributes]\n"
      "groups.from = [{ mechanism = 'krb5', name = 'urn:mspac:logon-info', form = 'pac-groups' }]\n"
      "[aliases]\nadmins = 'S-1-5-21-1-2-3-1105'\n");
  EXPECT_TRUE(reading.policy) << reading.summary();
  authz::RuleContext login(*reading.policy, peer({}));
  login.suppose(*reading.policy->find("groups"),
                {{"S-1-5-21-1-2-3-1105", "S-1-5-21-1-2-3-1106"}, true, {}});
  return properties->publish(login, false);
}

TEST_F(AuxPropsTest, AnAliasFollowsItsSid) {
  request({"*groups"});
  AuxProps properties(sasl(), context_.get());
  EXPECT_FALSE(publish_groups(&properties));
  EXPECT_EQ(values("*groups"), (Values{"S-1-5-21-1-2-3-1105", "admins", "S-1-5-21-1-2-3-1106"}));
  EXPECT_EQ(logged_lines(), "");
}

// libsasl refuses a value without memory. The application must not decide by a part of them.
TEST_F(AuxPropsTest, ARefusedValueLeavesNone) {
  SPEC("N2");
  request({"*groups"});
  for (const char* refused : {"S-1-5-21-1-2-3-1105", "admins", "S-1-5-21-1-2-3-1106"}) {
    static const char* refuses;
    refuses = refused;
    utils_.prop_set = [](propctx* context, const char* name, const char* value, int len) {
      return value == std::string(refuses) ? SASL_NOMEM : prop_set(context, name, value, len);
    };
    AuxProps properties(sasl(), context_.get());
    const auto error = publish_groups(&properties);
    ASSERT_TRUE(error) << refused;
    EXPECT_EQ(error->message, "property *groups could not be set: libsasl refused it");
    EXPECT_TRUE(values("*groups").empty());
  }
}

TEST_F(AuxPropsTest, ARefusedRequestFails) {
  SPEC("N2");
  const authz::Definition mail{"mail", "mail", {}, {}};
  const authz::Definition groups{"groups", "groups", {}, {}};
  AuxProps properties(sasl(), context_.get());
  EXPECT_FALSE(properties.request({{&mail}}));
  utils_.prop_request = [](propctx*, const char**) { return SASL_NOMEM; };
  EXPECT_FALSE(properties.request({{&mail}})) << "nothing is missing";
  const auto error = properties.request({{&groups}});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "libsasl refused to add the properties that the policy publishes");
}

TEST_F(AuxPropsTest, NoContextNoProperties) {
  AuxProps properties(sasl(), nullptr);
  EXPECT_TRUE(sources(properties).empty());
  publish(&properties, peer({{authenticated("auth-indicators", {"x"})}, {}}), true);
}

TEST(RawNames, AreIndicatorsAndUrns) {
  SPEC("N5 N10");
  for (const char* name : {"auth-indicators", "urn:x", "urn:"})
    EXPECT_TRUE(authz::is_raw_name(name));
  for (const char* name : {"", "auth-indicators x", "x auth-indicators", "auth-indicator", "URN:x",
                           "xurn:x", " urn:x", "mail", "*urn:x"}) {
    EXPECT_FALSE(authz::is_raw_name(name)) << name;
  }
}

}  // namespace
}  // namespace gssloop::plugin
