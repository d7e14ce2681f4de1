// SPDX-License-Identifier: BSD-2-Clause
//
// tools/policy/attribute_use: what `gssloop attributes` says about the buffers of a PAC.
#include "tools/policy/attribute_use.h"

#include <gtest/gtest.h>

#include "gssloop/authz/policy_file.h"
#include "tests/support/pac_buffers.h"

namespace gssloop::tools {
namespace {

using Notes = std::vector<std::string>;

Notes notes_about(const std::string& name, const std::string& octets,
                  const authz::Policy& policy = {}) {
  std::vector<AuthenticatedValue> values;
  values.push_back(AuthenticatedValue::from_mechanism(to_bytes(as_bytes(octets))));
  const Attribute attribute{name, true, std::move(values)};
  authz::PeerInfo peer{.mechanism = "krb5"};
  peer.attributes.readable = {attribute};
  return notes_of(use_of(attribute, policy, peer));
}

TEST(AttributeUse, ABufferHasANoteForEachForm) {
  EXPECT_EQ(notes_about("urn:mspac:logon-info", testing::logon_info({}).octets),
            (Notes{"pac-groups: \"S-1-5-21-1-2-3-513\"", "pac-sid: \"S-1-5-21-1-2-3-1104\""}));
  const std::string sid = "S-1-5-21-1-2-3-1104";
  EXPECT_EQ(
      notes_about("urn:mspac:upn-dns-info", testing::upn_info({.sam_name = u"alice", .sid = sid})),
      (Notes{"pac-upn: \"alice@example.test\"", "pac-sid: \"" + sid + "\""}));
  EXPECT_EQ(notes_about("urn:mspac:upn-dns-info", testing::upn_info({})),
            (Notes{"pac-upn: \"alice@example.test\"", "pac-sid: no value"}));
  EXPECT_EQ(notes_about("urn:mspac:logon-info", "short"),
            (Notes{"pac-groups: not of this form, so unknown to rules",
                   "pac-sid: not of this form, so unknown to rules"}));
  EXPECT_TRUE(notes_about("auth-indicators", "otp").empty());
}

TEST(AttributeUse, APropertyHasTheAliasAfterTheSid) {
  const auto reading = authz::parse_policy({{"p", R"([aliases]
domain-users = "S-1-5-21-1-2-3-513"
other = "S-1-5-21-1-2-3-514"
[attributes.groups]
from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups" }]
)"}},
                                           {});
  ASSERT_TRUE(reading.policy) << reading.summary();
  const Notes notes =
      notes_about("urn:mspac:logon-info", testing::logon_info({}).octets, *reading.policy);
  EXPECT_EQ(notes.back(),
            "local attribute groups, property *groups: \"S-1-5-21-1-2-3-513\", \"domain-users\"");
}

}  // namespace
}  // namespace gssloop::tools
