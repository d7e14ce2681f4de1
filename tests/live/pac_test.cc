// SPDX-License-Identifier: BSD-2-Clause

// Buffers of a PAC as they arrive: in a ticket, through an acceptor's context, as the value of a
// name attribute.

#include "gssloop/authz/pac/pac.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "gssloop/gss/attributes.h"
#include "tests/kdc/forge.h"
#include "tests/kdc/realm.h"
#include "tests/live/pac_login.h"
#include "tests/support/pac_buffers.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

using Sids = std::vector<std::string>;

constexpr char kLogonInfo[] = "urn:mspac:logon-info";
constexpr char kClientInfo[] = "urn:mspac:client-info";
constexpr char kUpn[] = "urn:mspac:upn-dns-info";
constexpr char kRequestor[] = "urn:mspac:18";

// What the acceptor of one login sees of its peer, by the tickets at hand.
std::optional<Attributes> peer_attributes() {
  const auto context = accept_login("imap@localhost");
  if (!context) return std::nullopt;
  auto attributes = context->source_attributes();
  EXPECT_TRUE(attributes);
  if (!attributes) return std::nullopt;
  return *std::move(attributes);
}

// The one authenticated value of an attribute; empty if it is not so.
std::string value_of(const std::optional<Attributes>& attributes, const std::string& name) {
  const Attribute* const it = attributes ? attributes->find(name) : nullptr;
  if (it == nullptr || it->authenticated() == nullptr) return {};
  EXPECT_EQ(it->authenticated()->size(), 1U) << name;
  EXPECT_TRUE(it->is_complete) << name;
  return std::string(it->authenticated()->front().text());
}

// Seconds since 1970 in the form of PacClientInfo, by way of the C library.
std::string utc(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

class PacLive : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RealmOptions options;
    options.services = {"imap/localhost"};
    realm_ = new Realm(options);
    realm_->apply_to_this_process();
    realm_->add_user("alice", "password");
  }
  static void TearDownTestSuite() { delete realm_; }

  static void forge(const ForgedTicket& ticket) {
    forge_ticket(*realm_, ticket, realm_->default_ccache());
  }

  static Realm* realm_;
};

Realm* PacLive::realm_ = nullptr;

TEST_F(PacLive, GroupsOfATicketAreRead) {
  SPEC("P1");
  const PacLogonInfo info = {.groups = {{513}, {512}},
                             .extra_sids = {{"S-1-18-1"}},
                             .resource_domain = "S-1-5-21-4-5-6",
                             .resource_groups = {{2001, 0x20000007}}};
  const std::string octets = logon_info(info).octets;
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = octets});
  const std::string value = value_of(peer_attributes(), kLogonInfo);
  EXPECT_EQ(value, octets);
  EXPECT_EQ(authz::read_pac_groups(as_bytes(value)),
            (Sids{"S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-512", "S-1-18-1", "S-1-5-21-4-5-6-2001"}));
}

TEST_F(PacLive, UpnAndRequestorOfATicketAreRead) {
  SPEC("P4");
  const std::string user = "S-1-5-21-1-2-3-1104";
  forge({.client = {{"alice"}},
         .pac = Signature::kGood,
         .pac_buffers = {{12, upn_info({.sam_name = u"alice", .sid = user})},
                         {18, sid_octets(user)}}});
  const auto attributes = peer_attributes();
  const auto upn = authz::read_pac_upn(as_bytes(value_of(attributes, kUpn)));
  ASSERT_TRUE(upn);
  EXPECT_EQ(upn->upn, "alice@example.test");
  EXPECT_EQ(upn->sid, user);
  EXPECT_EQ(authz::read_pac_requestor_sid(as_bytes(value_of(attributes, kRequestor))), user);
}

// MIT vouches for the signature alone: that the buffer is whole is for the reader to see.
TEST_F(PacLive, AuthenticatedIsNotWellFormed) {
  SPEC("P1 N30");
  const std::string whole = logon_info({.groups = {{513}, {512}}}).octets;
  for (const std::string& octets :
       {whole.substr(0, whole.size() - 8), whole.substr(0, 16), whole + std::string(8, '\0'),
        std::string("x"), with_headers(whole.substr(16, whole.size() - 24))}) {
    forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = octets});
    const std::string value = value_of(peer_attributes(), kLogonInfo);
    EXPECT_EQ(value, octets);
    EXPECT_FALSE(authz::read_pac_groups(as_bytes(value)));
  }
}

TEST_F(PacLive, ClientInfoOfAForgedTicketIsRead) {
  SPEC("P3");
  const struct {
    std::vector<std::string> components;
    std::string name;
  } rows[] = {
      {{"alice"}, "alice"},
      {{"imap", "mail.example.test"}, "imap/mail.example.test"},
      {{"zo\xc3\xab \xf0\x9f\x98\x80"}, "zo\xc3\xab \xf0\x9f\x98\x80"},
      {{"a\tb"}, ""},  // a control character
  };
  for (const auto& row : rows) {
    const auto before = std::chrono::system_clock::now() - std::chrono::seconds(61);
    forge(
        {.client = {row.components}, .pac = Signature::kGood, .start = std::chrono::seconds(-60)});
    const auto after = std::chrono::system_clock::now() - std::chrono::seconds(59);
    const auto info =
        authz::read_pac_client_info(as_bytes(value_of(peer_attributes(), kClientInfo)));
    ASSERT_EQ(info.has_value(), !row.name.empty()) << row.name;
    if (!info) continue;
    EXPECT_EQ(info->name, row.name);
    EXPECT_GE(info->logon_time, utc(before));
    EXPECT_LE(info->logon_time, utc(after));
  }
}

// MIT's KDC names the user and the time; it knows no groups, UPN or SIDs.
TEST_F(PacLive, ClientInfoOfTheKdcIsRead) {
  SPEC("P3");
  const auto before = std::chrono::system_clock::now() - std::chrono::seconds(1);
  realm_->kinit("alice", "password");
  const auto after = std::chrono::system_clock::now() + std::chrono::seconds(1);
  const auto attributes = peer_attributes();
  ASSERT_TRUE(attributes);
  const auto info = authz::read_pac_client_info(as_bytes(value_of(attributes, kClientInfo)));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "alice");
  EXPECT_GE(info->logon_time, utc(before));
  EXPECT_LE(info->logon_time, utc(after));
  for (const char* name : {kLogonInfo, kUpn, kRequestor}) {
    EXPECT_EQ(attributes->find(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace gssloop::testing
