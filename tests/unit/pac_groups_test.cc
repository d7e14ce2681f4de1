// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <algorithm>

#include "gssloop/authz/pac/pac.h"
#include "tests/support/pac_buffers.h"
#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

using testing::le;
using testing::PacBuffer;
using testing::PacLogonInfo;
using Sids = std::vector<std::string>;
using Numbers = std::initializer_list<std::uint64_t>;

constexpr std::size_t kHeadersLen = 16;

std::optional<Sids> read(std::string_view octets) { return read_pac_groups(as_bytes(octets)); }
std::optional<Sids> read(const PacLogonInfo& info) {
  return read(testing::logon_info(info).octets);
}

// `buffer` with the field `name` set to `number`.
std::string spoiled(const PacBuffer& buffer, const std::string& name, std::uint64_t number,
                    std::size_t len = 4) {
  std::string octets = buffer.octets;
  return octets.replace(buffer.at.at(name), len, le(number, len));
}

// The least octet of a field, which is all of it where numbers are small.
std::uint64_t octet_at(const PacBuffer& buffer, const std::string& name) {
  return static_cast<unsigned char>(buffer.octets[buffer.at.at(name)]);
}

// Something of everything.
PacLogonInfo full_info() {
  return {.groups = {{513}, {1105}, {512}},
          .extra_sids = {{"S-1-18-1"}, {"S-1-5-21-7-8-9-1000"}},
          .resource_domain = "S-1-5-21-4-5-6",
          .resource_groups = {{2001, 0x20000007}, {2002, 0x20000007}},
          .full_name = u"Alice \u00c4 \U0001f600"};
}
const Sids kFullSids = {"S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-1105", "S-1-5-21-1-2-3-512",
                        "S-1-18-1",           "S-1-5-21-7-8-9-1000", "S-1-5-21-4-5-6-2001",
                        "S-1-5-21-4-5-6-2002"};

struct Row {
  const char* what;
  PacLogonInfo info;
  Sids sids;
};

const std::vector<Row>& good_rows() {
  static const std::vector<Row> rows = {
      {"as it is for most", {}, {"S-1-5-21-1-2-3-513"}},
      {"everything", full_info(), kFullSids},
      {"no list at all", {.groups = {}}, {"S-1-5-21-1-2-3-513"}},
      {"empty lists", {.groups = {}, .empty_is_null = false}, {"S-1-5-21-1-2-3-513"}},
      {"primary group not listed",
       {.groups = {{512}, {514}}},
       {"S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-512", "S-1-5-21-1-2-3-514"}},
      {"primary group listed last",
       {.groups = {{512}, {513}}},
       {"S-1-5-21-1-2-3-512", "S-1-5-21-1-2-3-513"}},
      {"each SID once",
       {.groups = {{513}, {512}, {513}},
        .extra_sids = {{"S-1-5-21-1-2-3-512"}, {"S-1-18-1"}, {"S-1-18-1"}},
        .resource_domain = "S-1-5-21-1-2-3",
        .resource_groups = {{512}, {600}}},
       {"S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-512", "S-1-18-1", "S-1-5-21-1-2-3-600"}},
      {"bit D without SIDs", {.user_flags = 0x20}, {"S-1-5-21-1-2-3-513"}},
      {"bit H without resource groups", {.user_flags = 0x200}, {"S-1-5-21-1-2-3-513"}},
      {"resource domain without groups",
       {.resource_domain = "S-1-5-21-4-5-6"},
       {"S-1-5-21-1-2-3-513"}},
      {"other flags", {.user_flags = ~0x220U}, {"S-1-5-21-1-2-3-513"}},
      {"largest RID",
       {.groups = {{513}, {~0U}}},
       {"S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-4294967295"}},
      {"unused bits of attributes", {.groups = {{513, 0xFFFFFFEF}}}, {"S-1-5-21-1-2-3-513"}},
      {"padding that is not 0",
       {.extra_sids = {{"S-1-18-1"}}, .name = u"odd", .padding = '\xff'},
       {"S-1-5-21-1-2-3-513", "S-1-18-1"}},
  };
  return rows;
}

TEST(PacGroups, AreGivenWholeInOrderAndOnce) {
  SPEC("P1");
  for (const Row& row : good_rows()) {
    const auto sids = read(row.info);
    ASSERT_TRUE(sids) << row.what;
    EXPECT_EQ(*sids, row.sids) << row.what;
  }
}

// The field after a name begins at a multiple of 4 octets, with any length of the name.
TEST(PacGroups, AreFoundBehindNamesOfEveryLength) {
  SPEC("P1");
  for (std::size_t len = 0; len <= 300; ++len) {
    PacLogonInfo info = full_info();
    info.name = std::u16string(len, u'x');
    info.full_name = std::u16string(300 - len, u'y');
    EXPECT_EQ(read(info), kFullSids) << len;
  }
}

// MaximumLength may be more than Length (Windows counts a terminating NUL).
TEST(PacGroups, NamesMayHaveRoomLeft) {
  SPEC("P1");
  PacBuffer buffer = testing::logon_info({.name = u"alice"});
  buffer.octets = spoiled(buffer, "EffectiveName.MaximumLength", 12, 2);
  buffer.octets = spoiled(buffer, "EffectiveName.MaxCount", 6);
  EXPECT_EQ(read(buffer.octets), Sids{"S-1-5-21-1-2-3-513"});
}

TEST(PacGroups, EveryTruncationIsRefused) {
  SPEC("P1");
  for (const Row& row : good_rows()) {
    const std::string whole = testing::logon_info(row.info).octets;
    for (std::size_t len = 0; len < whole.size(); ++len) {
      ASSERT_FALSE(read(whole.substr(0, len))) << row.what << " cut to " << len;
    }
    // The same with a header that says so.
    const std::string object = whole.substr(kHeadersLen);
    for (std::size_t len = 0; len < object.size(); len += 8) {
      ASSERT_FALSE(read(testing::with_headers(object.substr(0, len)))) << row.what << ' ' << len;
    }
  }
}

TEST(PacGroups, EveryTrailingOctetIsRefused) {
  SPEC("P1");
  for (const Row& row : good_rows()) {
    const std::string whole = testing::logon_info(row.info).octets;
    for (std::size_t len = 1; len <= 16; ++len) {
      EXPECT_FALSE(read(whole + std::string(len, '\0'))) << row.what << ' ' << len;
      EXPECT_FALSE(read(testing::with_headers(whole.substr(kHeadersLen) + std::string(len, '\0'))))
          << row.what << ' ' << len;
    }
  }
}

// Memory behind a view would complete the buffer, and must not be read.
TEST(PacGroups, NothingBehindTheEndIsLookedAt) {
  SPEC("P1");
  const std::string whole = testing::logon_info(full_info()).octets;
  for (std::size_t len = 0; len < whole.size(); ++len) {
    const Bytes exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(len));
    EXPECT_FALSE(read_pac_groups(exact));  // under a sanitizer, a read behind the end is seen
    EXPECT_FALSE(read_pac_groups(as_bytes(whole).first(len)));
  }
}

TEST(PacGroups, EverySpoiledHeaderIsRefused) {
  SPEC("P1");
  const PacBuffer buffer = testing::logon_info(full_info());
  for (std::size_t bit = 0; bit < kHeadersLen * 8; ++bit) {
    std::string octets = buffer.octets;
    octets[bit / 8] = static_cast<char>(octets[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(read(octets)) << bit;
  }
  const std::string odd = buffer.octets.substr(0, buffer.octets.size() - 4);
  EXPECT_FALSE(read(std::string(odd).replace(8, 4, le(odd.size() - kHeadersLen, 4))));
}

TEST(PacGroups, EverySpoiledCountIsRefused) {
  SPEC("P1");
  const PacBuffer buffer = testing::logon_info(full_info());
  const char* const counts[] = {
      "GroupCount",
      "SidCount",
      "ResourceGroupCount",
      "GroupIds.MaxCount",
      "ExtraSids.MaxCount",
      "ResourceGroupIds.MaxCount",
      "LogonDomainId.MaxCount",
      "ExtraSid.MaxCount",
      "ResourceGroupDomainSid.MaxCount",
      "EffectiveName.MaxCount",
      "EffectiveName.ActualCount",
      "FullName.MaxCount",
      "FullName.ActualCount",
      "LogonServer.MaxCount",
      "LogonDomainName.ActualCount",
  };
  for (const char* name : counts) {
    const std::uint64_t count = octet_at(buffer, name);
    for (const std::uint64_t number :
         Numbers{count - 1, count + 1, 0, 16, 255, 4097, 0x1FFFFFFF, 0x20000000 | count,
                 0x40000000 | count, 0x80000000 | count, 0xFFFFFFFF}) {
      EXPECT_FALSE(read(spoiled(buffer, name, number))) << name << ' ' << number;
    }
  }
  EXPECT_FALSE(read(spoiled(buffer, "EffectiveName.Offset", 1)));
}

// A list that claims more than there is, in both of its counts.
TEST(PacGroups, CountsAreBoundedByTheBuffer) {
  SPEC("P1");
  PacBuffer buffer = testing::logon_info(full_info());
  const char* const pairs[][2] = {{"GroupCount", "GroupIds.MaxCount"},
                                  {"SidCount", "ExtraSids.MaxCount"},
                                  {"ResourceGroupCount", "ResourceGroupIds.MaxCount"}};
  for (const auto& pair : pairs) {
    for (const std::uint64_t number : {4UL, 5UL, 100UL, 4096UL, 4097UL, 0x10000000UL, 0x1FFFFFFFUL,
                                       0x20000001UL, 0x7FFFFFFFUL, 0xFFFFFFFFUL}) {
      PacBuffer changed = buffer;
      changed.octets = spoiled(changed, pair[0], number);
      EXPECT_FALSE(read(spoiled(changed, pair[1], number))) << pair[0] << ' ' << number;
    }
  }
}

TEST(PacGroups, EverySpoiledLengthIsRefused) {
  SPEC("P1");
  const PacBuffer buffer = testing::logon_info(full_info());
  for (const std::string name : {"EffectiveName", "FullName", "LogonServer", "LogonDomainName"}) {
    const std::uint64_t len = octet_at(buffer, name + ".Length");
    for (const std::uint64_t number :
         Numbers{0, 1, len - 2, len - 1, len + 1, len + 2, 0xFFFE, 0xFFFF}) {
      for (const char* field : {".Length", ".MaximumLength"}) {
        EXPECT_FALSE(read(spoiled(buffer, name + field, number, 2))) << name << field << number;
      }
    }
  }
}

TEST(PacGroups, NullPointersToSomethingAreRefused) {
  SPEC("P1");
  const PacBuffer buffer = testing::logon_info(full_info());
  for (const char* name : {"Info", "GroupIds", "LogonDomainId", "ExtraSids", "ExtraSid",
                           "ResourceGroupDomainSid", "ResourceGroupIds"}) {
    EXPECT_FALSE(read(spoiled(buffer, name, 0))) << name;
  }
  for (const std::string name : {"EffectiveName", "LogonServer"}) {
    EXPECT_FALSE(read(spoiled(buffer, name + ".Length", 0, 8))) << name;
    EXPECT_FALSE(read(spoiled(buffer, name + ".Length", octet_at(buffer, name + ".Length"), 8)))
        << name;
  }
}

// Null pointers, where counts and lengths say that there is something.
TEST(PacGroups, NullPointersWithACountAreRefused) {
  SPEC("P1");
  const PacBuffer buffer =
      testing::logon_info({.groups = {}, .resource_domain = "S-1-5-21-4-5-6", .user_flags = 0x220});
  EXPECT_TRUE(read(buffer.octets));
  for (const char* name : {"GroupCount", "SidCount", "ResourceGroupCount"}) {
    EXPECT_FALSE(read(spoiled(buffer, name, 1))) << name;
  }
  EXPECT_FALSE(read(spoiled(buffer, "FullName.MaximumLength", 2, 2)));
  EXPECT_FALSE(read(spoiled(buffer, "FullName.Length", 2, 2)));
  EXPECT_FALSE(read(spoiled(buffer, "FullName.Length", 0x0002'0002)));
}

// More characters than there is room for, in all of the numbers.
TEST(PacGroups, NamesLongerThanTheirRoomAreRefused) {
  SPEC("P1");
  PacBuffer buffer = testing::logon_info(full_info());
  buffer.octets = spoiled(buffer, "EffectiveName.MaximumLength", 8, 2);
  EXPECT_FALSE(read(spoiled(buffer, "EffectiveName.MaxCount", 4)));
}

TEST(PacGroups, ListsWithoutTheirFlagAreRefused) {
  SPEC("P1");
  for (const std::uint32_t missing : {0x20U, 0x200U, 0x220U}) {
    PacLogonInfo info = full_info();
    info.user_flags = 0x220 & ~missing;
    EXPECT_FALSE(read(info)) << missing;
  }
  EXPECT_FALSE(read({.resource_domain = "S-1-5-21-4-5-6", .user_flags = 0}));
  EXPECT_FALSE(read({.user_flags = 0, .empty_is_null = false}));
  // A count or a pointer with neither flag nor list.
  const PacBuffer buffer = testing::logon_info({});
  for (const char* name : {"SidCount", "ExtraSids", "ResourceGroupDomainSid", "ResourceGroupCount",
                           "ResourceGroupIds"}) {
    EXPECT_FALSE(read(spoiled(buffer, name, 1))) << name;
  }
}

TEST(PacGroups, AUserWithoutRidIsRefused) {
  SPEC("P1");
  EXPECT_FALSE(read({.user_id = 0}));
  EXPECT_FALSE(read({.user_id = 0, .extra_sids = {{"S-1-5-21-7-8-9-1104"}}}));
}

TEST(PacGroups, ResourceGroupsWithoutDomainAreRefused) {
  SPEC("P1");
  EXPECT_FALSE(read({.resource_groups = {{2001}}}));
}

TEST(PacGroups, AGroupThatIsNotEnabledRefusesTheBuffer) {
  SPEC("P2");
  for (const std::uint32_t attributes : {0U, 1U, 3U, 0x10U, 0x13U, 0x14U, 0x17U, 0xFFFFFFFFU,
                                         0xFFFFFFFBU, 0x20000000U, 0x20000017U}) {
    EXPECT_FALSE(read({.groups = {{513}, {512, attributes}}})) << attributes;
    EXPECT_FALSE(read({.groups = {{513, attributes}}})) << attributes;
    EXPECT_FALSE(read({.extra_sids = {{"S-1-18-1"}, {"S-1-5-9", attributes}}})) << attributes;
    EXPECT_FALSE(read({.resource_domain = "S-1-5-21-4-5-6", .resource_groups = {{1, attributes}}}))
        << attributes;
    // Not even where the same group is listed elsewhere as an enabled one.
    EXPECT_FALSE(read({.groups = {{513}, {513, attributes}}})) << attributes;
  }
}

TEST(PacGroups, ADomainWithoutRoomForARidIsRefused) {
  SPEC("P1 P5");
  const std::string longest = "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14";
  EXPECT_EQ(read({.domain = longest}), Sids{longest + "-513"});
  EXPECT_FALSE(read({.domain = longest + "-15"}));
  EXPECT_FALSE(read({.resource_domain = longest + "-15", .resource_groups = {{1}}}));
  EXPECT_EQ(read({.groups = {}, .extra_sids = {{longest + "-15"}}})->back(), longest + "-15");
}

TEST(PacGroups, ASidThatContradictsItselfIsRefused) {
  SPEC("P1 P5");
  for (const std::string name : {"LogonDomainId", "ExtraSid", "ResourceGroupDomainSid"}) {
    PacBuffer buffer = testing::logon_info(full_info());
    for (const std::uint64_t revision : {0UL, 2UL, 255UL}) {
      EXPECT_FALSE(read(spoiled(buffer, name + ".Revision", revision, 1))) << name << revision;
    }
    buffer.at["count"] = buffer.at.at(name + ".Revision") + 1;
    const std::uint64_t count = octet_at(buffer, "count");
    for (const std::uint64_t number : Numbers{0, count - 1, count + 1, 15, 16, 255}) {
      EXPECT_FALSE(read(spoiled(buffer, "count", number, 1))) << name << number;
    }
  }
}

TEST(PacGroups, AreBoundedByANamedLimit) {
  SPEC("P1");
  PacLogonInfo info = full_info();
  const auto more_groups = [](std::vector<testing::PacGroup>* groups, std::size_t num) {
    for (std::uint32_t rid = 10000; groups->size() < num; ++rid) groups->push_back({rid});
  };
  more_groups(&info.groups, kMaxPacGroups);
  more_groups(&info.resource_groups, kMaxPacGroups);
  while (info.extra_sids.size() < kMaxPacGroups) {
    info.extra_sids.push_back({"S-1-5-21-7-8-9-" + std::to_string(info.extra_sids.size() + 5000)});
  }
  const auto sids = read(info);
  ASSERT_TRUE(sids);
  EXPECT_EQ(sids->size(), 3 * kMaxPacGroups);
  for (int list = 0; list < 3; ++list) {
    PacLogonInfo longer = info;
    if (list == 0) longer.groups.push_back({1});
    if (list == 1) longer.extra_sids.push_back({"S-1-18-2"});
    if (list == 2) longer.resource_groups.push_back({1});
    EXPECT_FALSE(read(longer)) << list;
  }
}

TEST(PacGroups, NamesThatAreNoUtf16AreRefused) {
  SPEC("P1");
  for (const std::u16string& name :
       {std::u16string(u"a\xd800"), std::u16string(u"\xdc00z"), std::u16string(u"\xd800\xd800"),
        std::u16string(u"\xdfff\xdbff")}) {
    EXPECT_FALSE(read({.name = name}));
    EXPECT_FALSE(read({.full_name = name}));
  }
}

// With any one bit changed, the reader returns, and it returns a list of SIDs that the
// buffer has room for.
TEST(PacGroups, AnyBitMayFlip) {
  SPEC("P1");
  const std::string whole = testing::logon_info(full_info()).octets;
  int num_taken = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string octets = whole;
    octets[bit / 8] = static_cast<char>(octets[bit / 8] ^ 1 << bit % 8);
    const auto sids = read(octets);
    if (!sids) continue;
    ++num_taken;
    EXPECT_GE(sids->size(), kFullSids.size() - 1) << bit;  // two may have become the same
    EXPECT_LE(sids->size(), kFullSids.size() + 1) << bit;  // or the primary group another
    for (const std::string& sid : *sids) {
      EXPECT_EQ(read_pac_requestor_sid(as_bytes(testing::sid_octets(sid))), sid) << bit;
    }
  }
  EXPECT_GT(num_taken, 0);  // names, times and RIDs are free
}

}  // namespace
}  // namespace gssloop::authz
