// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/attribute_name.h"

#include <gtest/gtest.h>

#include "gssloop/authz/peer_info.h"
#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

using namespace std::string_view_literals;

TEST(AttributeName, IsSplitAtTheFirstSpace) {
  SPEC("N6 N7 N8");
  const struct {
    std::string_view octets, primary;
    std::optional<std::string_view> remainder;
    bool is_uri;
  } rows[] = {
      {"a", "a", std::nullopt, false},
      {"urn:x", "urn:x", std::nullopt, true},
      {"urn:x b", "urn:x", "b", true},
      {"urn:x b c", "urn:x", "b c", true},
      {" a", "", "a", false},
      {"a ", "a", "", false},
      {" ", "", "", false},
      {"a  b", "a", " b", false},
      {"local a:b", "local", "a:b", false},
      {"a:b c:d", "a:b", "c:d", true},
      {":", ":", std::nullopt, true},
      {"a\tb", "a\tb", std::nullopt, false},
      {"a\0b c"sv, "a\0b"sv, "c", false},
      {"\xff \xfe", "\xff", "\xfe", false},
  };
  for (const auto& row : rows) {
    const auto name = AttributeName::parse(row.octets);
    ASSERT_TRUE(name) << row.octets;
    EXPECT_EQ(name->octets(), row.octets);
    EXPECT_EQ(name->primary(), row.primary) << row.octets;
    EXPECT_EQ(name->remainder(), row.remainder) << row.octets;
    EXPECT_EQ(name->is_uri(), row.is_uri) << row.octets;
  }
  EXPECT_FALSE(AttributeName::parse(""));
}

TEST(AttributeName, IsEqualByAllItsOctetsOnly) {
  SPEC("N5 N9 N10");
  const std::string_view names[] = {
      "auth-indicators",  "auth-indicators x", "x auth-indicators",   "auth-indicators ",
      " auth-indicators", "Auth-indicators",   "auth-indicators\0"sv, "auth-indicators\0x"sv,
  };
  for (const auto a : names) {
    for (const auto b : names) {
      EXPECT_EQ(*AttributeName::parse(a) == *AttributeName::parse(b), a == b) << a << " " << b;
    }
  }
}

// A crafted name must not be published as the attribute that it imitates.
TEST(AttributeName, ImitationsAreNotPublishedAsTheRealOne) {
  SPEC("N10");
  EXPECT_TRUE(authz::is_raw_name("auth-indicators"));
  for (const auto name : {"auth-indicators x"sv, "x auth-indicators"sv, "auth-indicators "sv,
                          " auth-indicators"sv, "auth-indicators\0x"sv, "x urn:mspac:"sv}) {
    EXPECT_FALSE(authz::is_raw_name(name)) << name;
  }
}

}  // namespace
}  // namespace gssloop::authz
