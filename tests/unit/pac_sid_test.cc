// SPDX-License-Identifier: BSD-2-Clause
// The SID of the user: in one buffer of a PAC, and in two that must agree.
#include <gtest/gtest.h>

#include <utility>

#include "gssloop/authz/pac/pac.h"
#include "gssloop/authz/rule_context.h"
#include "tests/support/pac_buffers.h"
#include "tests/support/spec.h"
#include "tests/unit/policy_reading.h"

namespace gssloop::authz {
namespace {

using testing::PacBuffer;
using testing::PacLogonInfo;
using testing::PacUpnInfo;

const std::string kUser = "S-1-5-21-1-2-3-1104";
const PacUpnInfo kExtended = {.sam_name = u"alice", .sid = kUser};

std::optional<std::string> read_sid(const std::string& octets) {
  return read_pac_user_sid(as_bytes(octets));
}
std::string logon(const PacLogonInfo& info = {}) { return testing::logon_info(info).octets; }

TEST(PacSid, OfLogonInfoIsTheUserOfItsDomain) {
  SPEC("P10");
  EXPECT_EQ(read_sid(logon()), kUser);
  EXPECT_EQ(read_sid(logon({.user_id = 500, .domain = "S-1-5-21-7-8-9"})), "S-1-5-21-7-8-9-500");
  EXPECT_EQ(read_sid(logon({.user_id = 0xFFFFFFFF})), "S-1-5-21-1-2-3-4294967295");
  EXPECT_EQ(read_sid(logon({.groups = {}, .extra_sids = {{"S-1-18-1"}}})), kUser);
}

// Whatever makes the groups doubtful makes the user doubtful: it is one buffer.
TEST(PacSid, OfADoubtfulLogonInfoIsRefused) {
  SPEC("P10");
  for (const PacLogonInfo& info : std::vector<PacLogonInfo>{
           {.user_id = 0},  // the user is among the ExtraSids
           {.domain = "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"},  // no room for the user
           {.groups = {{513, 0x10}}},
           {.name = u"\xd800"}}) {
    EXPECT_FALSE(read_sid(logon(info)));
  }
  const std::string whole = logon({.extra_sids = {{"S-1-18-1"}}, .full_name = u"Alice"});
  for (std::size_t len = 0; len < whole.size(); ++len) EXPECT_FALSE(read_sid(whole.substr(0, len)));
  EXPECT_FALSE(read_sid(whole + std::string(8, '\0')));
}

TEST(PacSid, OfUpnDnsInfoIsThatOfItsSecondPart) {
  SPEC("P10");
  EXPECT_EQ(read_sid(testing::upn_info(kExtended)), kUser);
  EXPECT_EQ(read_sid(testing::upn_info({})), "");  // without bit S there is none
  const std::string whole = testing::upn_info(kExtended);
  // Only the padding at the end, 4 octets here, may be missing.
  for (std::size_t len = 0; len + 4 < whole.size(); ++len) {
    EXPECT_FALSE(read_sid(whole.substr(0, len))) << len;
  }
  PacUpnInfo info = kExtended;
  for (const char* sid : {"S-2-5-21", "S-1-5", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"}) {
    info.sid = sid;
    EXPECT_FALSE(read_sid(testing::upn_info(info))) << sid;
  }
}

// So nothing but the name of the attribute says which of them a buffer is.
TEST(PacSid, NoOctetsAreBothBuffers) {
  SPEC("P10");
  for (const std::string& whole : {logon(), logon({.name = u"a"}), testing::upn_info(kExtended)}) {
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string octets = whole;
      octets[bit / 8] = static_cast<char>(octets[bit / 8] ^ 1 << bit % 8);
      EXPECT_FALSE(read_pac_groups(as_bytes(octets)) && read_pac_upn(as_bytes(octets))) << bit;
      const auto sid = read_sid(octets);
      if (sid && !sid->empty()) {
        EXPECT_EQ(read_pac_requestor_sid(as_bytes(testing::sid_octets(*sid))), sid) << bit;
      }
    }
  }
  EXPECT_FALSE(read_sid(testing::sid_octets(kUser)));
  EXPECT_FALSE(read_sid(""));
}

// The attribute of a peer with these buffers; empty: without that buffer.
LocalAttribute sid_of(const std::string& logon_info, const std::string& upn_info,
                      bool is_upn_readable = true) {
  const auto reading = read(
      "[attributes.user]\n"
      "from = [{ mechanism = 'krb5', name = 'urn:mspac:logon-info', form = 'pac-sid' },\n"
      "  { mechanism = 'krb5', name = 'urn:mspac:upn-dns-info', form = 'pac-sid' }]\n");
  EXPECT_TRUE(reading.policy) << messages(reading);
  PeerInfo peer{.service = "imap", .mechanism = "krb5", .principal = "alice@HOME"};
  const auto add = [&](const char* name, const std::string& octets) {
    if (octets.empty()) return;
    std::vector<AuthenticatedValue> values;
    values.push_back(AuthenticatedValue::from_mechanism(to_bytes(as_bytes(octets))));
    peer.attributes.readable.push_back({name, true, std::move(values)});
  };
  add("urn:mspac:logon-info", logon_info);
  add("urn:mspac:upn-dns-info", upn_info);
  if (!is_upn_readable) peer.attributes.unreadable.push_back({"urn:mspac:upn-dns-info", "failed"});
  return local_attribute(reading.policy->definitions().front(), peer);
}

TEST(PacSid, TwoBuffersMustAgree) {
  SPEC("P10 N3");
  const std::string other = logon({.user_id = 500});
  const std::string extended = testing::upn_info(kExtended), plain = testing::upn_info({});
  const struct {
    const char* what;
    LocalAttribute got;
    const char* sid;      // "": none
    const char* unknown;  // "": it is not
  } rows[] = {
      {"both", sid_of(logon(), extended), "S-1-5-21-1-2-3-1104", ""},
      {"logon-info alone", sid_of(logon(), ""), "S-1-5-21-1-2-3-1104", ""},
      {"upn-dns-info alone", sid_of("", extended), "S-1-5-21-1-2-3-1104", ""},
      {"an older upn-dns-info", sid_of(logon(), plain), "S-1-5-21-1-2-3-1104", ""},
      {"no PAC", sid_of("", ""), "", ""},
      {"they disagree", sid_of(other, extended), "", "contain different SIDs"},
      {"an older upn-dns-info alone", sid_of("", plain), "", "no buffer of the PAC"},
      {"logon-info is cut short", sid_of(logon().substr(0, 100), extended), "", "the form pac-sid"},
      {"upn-dns-info is cut short", sid_of(logon(), "short"), "", "the form pac-sid"},
      {"upn-dns-info cannot be read", sid_of(logon(), "", false), "", "cannot be read: failed"},
  };
  for (const auto& row : rows) {
    const std::string sid = row.got.values.empty() ? "" : row.got.values.front();
    EXPECT_EQ(sid, row.sid) << row.what;
    EXPECT_LE(row.got.values.size(), 1U) << row.what;
    EXPECT_EQ(row.got.has_unknown(), *row.unknown != '\0') << row.what << row.got.unknown;
    EXPECT_NE(row.got.unknown.find(row.unknown), std::string::npos) << row.what << row.got.unknown;
    EXPECT_EQ(row.got.is_complete, !sid.empty()) << row.what;
  }
}

TEST(PacSid, HasNoOtherFormBesideIt) {
  const auto with = [](const std::string& other) {
    return read(
        "[attributes.user]\nfrom = [{ mechanism = 'krb5', name = 'urn:mspac:logon-info', "
        "form = 'pac-sid' }, " +
        other + "]\n");
  };
  const auto mixed = with("{ mechanism = 'krb5', name = 'urn:mspac:18' }");
  EXPECT_FALSE(mixed.policy);
  EXPECT_NE(messages(mixed).find("the form pac-sid cannot be combined"), std::string::npos);
  // Another mechanism's login has no PAC.
  EXPECT_TRUE(with("{ mechanism = '1.2.3.4', name = 'sid' }").policy);
}

}  // namespace
}  // namespace gssloop::authz
