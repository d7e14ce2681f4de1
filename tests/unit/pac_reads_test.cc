// SPDX-License-Identifier: BSD-2-Clause
// How often a login decodes a buffer of the PAC. The program has the decoder under other names, and
// functions of its own count the calls.
#include <gtest/gtest.h>
#include <sasl/prop.h>

#include <memory>

#include "gssloop/authz/decision.h"
#include "gssloop/authz/pac/pac.h"
#include "gssloop/authz/policy_file.h"
#include "plugin/server/auxprops.h"
#include "tests/support/pac_buffers.h"
#include "tests/support/spec.h"

namespace {

int num_reads_of_groups = 0, num_reads_of_user = 0;

}  // namespace

namespace gssloop::authz {

// What the program's makefile calls the decoder's functions; pac.h declares them so here.
#undef read_pac_groups
#undef read_pac_user_sid

std::optional<std::vector<std::string>> read_pac_groups(ByteView buffer) {
  ++num_reads_of_groups;
  return decode_pac_groups(buffer);
}

std::optional<std::string> read_pac_user_sid(ByteView buffer) {
  ++num_reads_of_user;
  return decode_pac_user_sid(buffer);
}

}  // namespace gssloop::authz

namespace gssloop::plugin {
namespace {

constexpr char kDomain[] = "S-1-5-21-1-2-3";
constexpr char kBuffer[] = "urn:mspac:logon-info";
constexpr std::size_t kNumGroups = 1000;

struct FreeProps {
  void operator()(propctx* context) const { prop_dispose(&context); }
};

authz::Policy policy() {
  const std::string source = R"(from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", )";
  auto reading =
      authz::parse_policy({{"p", "[attributes.groups]\n" + source +
                                     "form = \"pac-groups\" }]\n"
                                     "[attributes.user]\n" +
                                     source +
                                     "form = \"pac-sid\" }]\n"
                                     "[services.imap]\n"
                                     "identity = { attribute = \"user\" }\n"
                                     "require = ['groups=S-1-5-21-1-2-3-2000', 'exists groups']\n"
                                     "deny = ['groups=S-1-5-21-1-2-3-1', 'user=S-1-5-21-1-2-3-1']\n"
                                     "authorize = ['groups=S-1-5-21-1-2-3-2000']\n"
                                     "publish = \"all\"\n"}},
                          {{"krb5", "1.2.840.113554.1.2.2"}});
  EXPECT_TRUE(reading.policy) << reading.summary();
  return reading.policy ? *std::move(reading.policy) : authz::Policy();
}

authz::PeerInfo peer() {
  testing::PacLogonInfo info{.domain = kDomain, .groups = {}};
  for (std::uint32_t i = 0; i < kNumGroups; ++i) info.groups.push_back({2000 + i});
  const std::string octets = testing::logon_info(info).octets;
  authz::PeerInfo peer{.service = "imap", .mechanism = "krb5", .principal = "alice@HOME"};
  peer.attributes.readable.push_back(
      {kBuffer, true, std::vector{AuthenticatedValue::from_mechanism(to_bytes(as_bytes(octets)))}});
  return peer;
}

TEST(PacReads, APacIsDecodedOnceInALogin) {
  SPEC("P9");
  const std::unique_ptr<propctx, FreeProps> context(prop_new(0));
  sasl_utils_t utils{};
  utils.prop_get = prop_get;
  utils.prop_set = prop_set;
  utils.prop_erase = prop_erase;
  utils.prop_request = prop_request;
  const char* requested[] = {"*groups", "groups", "*user", nullptr};
  ASSERT_EQ(prop_request(context.get(), requested), SASL_OK);

  const authz::Policy rules = policy();
  authz::RuleContext login(rules, peer());
  AuxProps properties(SaslUtils(&utils), context.get());
  properties.begin(rules, "krb5");
  const auto decision = authz::decide_login(&login, "bob");
  ASSERT_TRUE(decision.is_admitted()) << decision.reason;
  EXPECT_EQ(decision.authid, std::string(kDomain) + "-1104");
  ASSERT_FALSE(properties.request(decision.published));
  ASSERT_FALSE(properties.publish(login, true));

  const char* names[] = {"*groups", "groups", "*user", nullptr};
  propval values[4] = {};
  ASSERT_EQ(prop_getnames(context.get(), names, values), 3);
  EXPECT_GE(values[0].nvalues, kNumGroups);
  EXPECT_EQ(values[1].nvalues, values[0].nvalues);
  EXPECT_EQ(values[2].nvalues, 1U);
  EXPECT_EQ(num_reads_of_groups, 1);
  EXPECT_EQ(num_reads_of_user, 1);
}

}  // namespace
}  // namespace gssloop::plugin
