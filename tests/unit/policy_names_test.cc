// SPDX-License-Identifier: BSD-2-Clause

// The names in a policy: of attributes, and of their sources.

#include <gtest/gtest.h>

#include "gssloop/authz/peer_info.h"
#include "tests/support/spec.h"
#include "tests/unit/policy_reading.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;

TEST(PolicyFile, ReservedNames) {
  for (const char* name : {"peer.x", "peer.", "asserted:x", "authid", "authzid", "exists",
                           "complete", "a b", "*a", "", "\\u00e4", "a=b"}) {
    const auto reading =
        read("[attributes.\""s + name + "\"]\nfrom=[{mechanism='krb5',name='i'}]\n");
    EXPECT_FALSE(reading.policy) << name;
    EXPECT_EQ(places(reading), Strings{"1:13"}) << name << messages(reading);
  }
  for (const char* name : {"peer", "peers.x", "asserted", "authids", "Exists", "a:b.c_d-e", "0"}) {
    EXPECT_TRUE(read("[attributes.\""s + name + "\"]\nfrom=[{mechanism='krb5',name='i'}]\n").policy)
        << name;
  }
}

// naming-exts section 6: a name has components, the first space ends the primary one, and a source
// is compared as a whole. Only a name with an empty primary component names nothing.
TEST(PolicyFile, SourceNamesHaveComponents) {
  SPEC("N6 N7 N8");
  for (const char* name : {"a", "urn:x", "urn:x b", "urn:x b c", "a ", "a  b", "local a:b",
                           "a:b c:d", ":", "a\tb", "\xc3\xa4 b"}) {
    const auto reading =
        read("[attributes.x]\nfrom = [{ mechanism = 'krb5', name = '"s + name + "' }]\n");
    ASSERT_TRUE(reading.policy) << name << messages(reading);
    const Definition* definition = reading.policy->find("x");
    ASSERT_NE(definition, nullptr) << name;
    EXPECT_EQ(definition->sources[0].name, name);
  }
  for (const char* name : {"", " ", " a", " urn:x"}) {
    const auto reading =
        read("[attributes.x]\nfrom = [{ mechanism = 'krb5', name = '"s + name + "' }]\n");
    EXPECT_FALSE(reading.policy) << name;
    EXPECT_NE(messages(reading).find("the full name of the GSS attribute"), std::string::npos);
  }
  // A colon in the primary component makes the name a URI: only such names, and Kerberos' own, are
  // published without a mapping.
  for (const char* name : {"urn:x", "urn:x b c", "urn:"}) EXPECT_TRUE(is_raw_name(name)) << name;
  for (const char* name : {"a", "urn", "local urn:b", " urn:x"}) {
    EXPECT_FALSE(is_raw_name(name)) << name;
  }
}

// A crafted name is not published as the attribute that it imitates.
TEST(PolicyFile, ImitationsAreNotPublishedAsTheRealOne) {
  SPEC("N10");
  using namespace std::string_view_literals;
  EXPECT_TRUE(is_raw_name("auth-indicators"));
  for (const auto name : {"auth-indicators x"sv, "x auth-indicators"sv, "auth-indicators "sv,
                          " auth-indicators"sv, "auth-indicators\0x"sv, "x urn:mspac:"sv}) {
    EXPECT_FALSE(is_raw_name(name)) << name;
  }
}

}  // namespace
}  // namespace gssloop::authz
