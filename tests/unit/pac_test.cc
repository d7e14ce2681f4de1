// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/pac/pac.h"

#include <gtest/gtest.h>

#include "tests/support/pac_buffers.h"
#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

using testing::client_info;
using testing::le;
using testing::sid_octets;
using testing::upn_info;
using testing::utf16;
using namespace std::string_literals;

constexpr std::uint64_t kSecond = 10'000'000;
constexpr std::uint64_t kUnixEpoch = 11'644'473'600;  // in seconds since 1601
constexpr std::uint64_t kSomeTime = (kUnixEpoch + 1'795'337'499) * kSecond;

const std::u16string kBadNames[] = {
    u"",
    std::u16string(u"a\0b", 3),
    std::u16string(u"\0", 1),
    std::u16string(u"alice\0", 6),
    u"a\nb",
    u"a\x1b[2J",
    u"a\x7f",
    u"a\x85",
    u"a\x9f",
    u"\xd800",
    u"a\xd83d",
    u"\xde00\xd83d",
    u"\xd83d\xd83d\xde00",
    u"\xde00",
    u"\xdfff",
};

std::optional<PacClientInfo> read_client(std::string_view octets) {
  return read_pac_client_info(as_bytes(octets));
}

TEST(PacClientInfo, GivesNameAndTime) {
  SPEC("P3");
  const struct {
    std::u16string name;
    std::string utf8;
  } rows[] = {
      {u"alice", "alice"},
      {u"host/mail.example.test", "host/mail.example.test"},
      {u"alice@EXAMPLE.TEST", "alice@EXAMPLE.TEST"},
      {u"W2022$", "W2022$"},
      {u"\u07ff", "\xdf\xbf"},
      {u"\u00e4\u0800\ud7ff\ue000\uffff",
       "\xc3\xa4\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
      {u"\U00010000\U0001f600\U0010ffff", "\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"},
      {std::u16string(32767, u'x'), std::string(32767, 'x')},
  };
  for (const auto& row : rows) {
    const auto info = read_client(client_info(kSomeTime, row.name));
    ASSERT_TRUE(info) << row.utf8;
    EXPECT_EQ(info->name, row.utf8);
    EXPECT_EQ(info->logon_time, "2026-11-22T08:51:39Z");
  }
}

TEST(PacClientInfo, TimesAreOfTheGregorianCalendar) {
  SPEC("P3");
  const struct {
    std::uint64_t filetime;
    const char* text;  // null: refused
  } rows[] = {
      {0, nullptr},
      {1, "1601-01-01T00:00:00Z"},
      {kSecond - 1, "1601-01-01T00:00:00Z"},
      {kSecond, "1601-01-01T00:00:01Z"},
      {86400 * kSecond - 1, "1601-01-01T23:59:59Z"},
      {kUnixEpoch * kSecond, "1970-01-01T00:00:00Z"},
      {(kUnixEpoch + 951'782'400) * kSecond, "2000-02-29T00:00:00Z"},
      {(kUnixEpoch + 4'107'542'400) * kSecond, "2100-03-01T00:00:00Z"},
      {kSomeTime + kSecond - 1, "2026-11-22T08:51:39Z"},
      {(kUnixEpoch + 253'402'300'799) * kSecond, "9999-12-31T23:59:59Z"},
      {(kUnixEpoch + 253'402'300'800) * kSecond, nullptr},
      {0x7FFFFFFFFFFFFFFF, nullptr},  // "never"
      {0xFFFFFFFFFFFFFFFF, nullptr},
  };
  for (const auto& row : rows) {
    const auto info = read_client(client_info(row.filetime, u"alice"));
    ASSERT_EQ(info.has_value(), row.text != nullptr) << row.filetime;
    if (info) {
      EXPECT_EQ(info->logon_time, row.text);
    }
  }
}

TEST(PacClientInfo, OtherNamesAreRefused) {
  SPEC("P3");
  for (const auto& name : kBadNames) EXPECT_FALSE(read_client(client_info(kSomeTime, name)));
}

TEST(PacClientInfo, OtherLengthsAreRefused) {
  SPEC("P3");
  const std::string whole = client_info(kSomeTime, u"alice");
  for (std::size_t len = 0; len < whole.size(); ++len) {
    EXPECT_FALSE(read_client(whole.substr(0, len))) << len;
  }
  for (std::size_t len = 1; len <= 8; ++len) {
    EXPECT_FALSE(read_client(whole + std::string(len, '\0'))) << len;
  }
  for (unsigned len = 0; len <= 0xFFFF; ++len) {
    std::string octets = whole;
    octets.replace(8, 2, le(len, 2));
    EXPECT_EQ(read_client(octets).has_value(), len == 10) << len;
  }
  EXPECT_FALSE(read_client(le(kSomeTime, 8) + le(3, 2) + "a\0b"s));  // half a character
}

std::optional<std::string> read_sid(std::string_view octets) {
  return read_pac_requestor_sid(as_bytes(octets));
}

TEST(PacRequestor, SidsAreWrittenAsWindowsDoes) {
  SPEC("P4 P5");
  const char* const sids[] = {
      "S-1-0-0",
      "S-1-5-18",
      "S-1-5-32-544",
      "S-1-5-21-4119591868-3001629103-3445594911-25155",
      "S-1-5-21-4294967295-0-2147483648-4294967295",
      "S-1-4294967295-1",
      "S-1-0x000100000000-1",
      "S-1-0x00ffffffffff-1",
      "S-1-0xfedcba987654-3-2-1",
      "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15",
  };
  for (const char* sid : sids) EXPECT_EQ(read_sid(sid_octets(sid)), sid);
  EXPECT_EQ(read_sid("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00"s),
            "S-1-5-32-544");
}

TEST(PacRequestor, OtherFormsAreRefused) {
  SPEC("P4 P5");
  const std::string whole = sid_octets("S-1-5-21-1-2-3-1104");
  for (std::size_t len = 0; len < whole.size(); ++len) {
    EXPECT_FALSE(read_sid(whole.substr(0, len))) << len;
  }
  for (std::size_t len = 1; len <= 8; ++len) {
    EXPECT_FALSE(read_sid(whole + std::string(len, '\0'))) << len;
  }
  for (int octet = 0; octet < 256; ++octet) {
    std::string revision = whole, count = whole;
    revision[0] = static_cast<char>(octet);
    count[1] = static_cast<char>(octet);
    EXPECT_EQ(read_sid(revision).has_value(), octet == 1) << octet;
    EXPECT_EQ(read_sid(count).has_value(), octet == 5) << octet;
  }
  EXPECT_FALSE(read_sid(sid_octets("S-1-5")));  // it has no form as text
  EXPECT_FALSE(read_sid(sid_octets("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16")));
}

std::optional<PacUpn> read_upn(std::string_view octets) { return read_pac_upn(as_bytes(octets)); }

const testing::PacUpnInfo kExtended = {.sam_name = u"alice", .sid = "S-1-5-21-1-2-3-1104"};

TEST(PacUpn, GivesWhatTheBufferSaysThatItHolds) {
  SPEC("P4");
  const auto plain = read_upn(upn_info({}));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->upn, "alice@example.test");
  EXPECT_EQ(plain->dns_domain, "EXAMPLE.TEST");
  EXPECT_EQ(plain->sam_name, "");
  EXPECT_EQ(plain->sid, "");
  const auto extended = read_upn(upn_info(kExtended));
  ASSERT_TRUE(extended);
  EXPECT_EQ(extended->upn, "alice@example.test");
  EXPECT_EQ(extended->dns_domain, "EXAMPLE.TEST");
  EXPECT_EQ(extended->sam_name, "alice");
  EXPECT_EQ(extended->sid, "S-1-5-21-1-2-3-1104");
}

TEST(PacUpn, OtherFlagsSayNothing) {
  SPEC("P4");
  for (const auto& info : {testing::PacUpnInfo(), kExtended}) {
    const std::string whole = upn_info(info);
    for (unsigned bit = 0; bit < 32; ++bit) {
      std::string octets = whole;
      octets[8 + bit / 8] = static_cast<char>(octets[8 + bit / 8] ^ 1 << bit % 8);
      // Without bit S what it announced is more than padding; with it, there is nothing.
      EXPECT_EQ(read_upn(octets).has_value(), bit != 1) << bit;
    }
  }
}

// Only the padding at the end, 4 octets here, may be missing.
TEST(PacUpn, EveryTruncationIsRefused) {
  SPEC("P4");
  for (const auto& info : {testing::PacUpnInfo(), kExtended}) {
    const std::string whole = upn_info(info);
    for (std::size_t len = 0; len < whole.size(); ++len) {
      const std::size_t end = whole.size() - (info.sid.empty() ? 0 : 4);
      EXPECT_EQ(read_upn(whole.substr(0, len)).has_value(), len >= end) << len;
    }
  }
}

TEST(PacUpn, PaddingHasABound) {
  SPEC("P4");
  std::string octets = upn_info({});
  for (std::size_t len = 0; len <= 16; ++len, octets += 'x') {
    EXPECT_EQ(read_upn(octets).has_value(), len < 8) << len;
  }
  // Between header and parts, 4 octets of the usual layout included: all moves, 2 octets a time.
  for (std::size_t len = 0; len <= 16; len += 2) {
    octets = upn_info({});
    octets.insert(12, len, 'x');
    octets.replace(2, 2, le(16 + len, 2)).replace(6, 2, le(56 + len, 2));
    EXPECT_EQ(read_upn(octets).has_value(), 4 + len < 8) << len;
  }
}

TEST(PacUpn, PartsThatAreNotInOneRowAreRefused) {
  SPEC("P4");
  const std::string upn = utf16(u"a@b"), dns = utf16(u"B.TEST");  // 6 and 12 octets
  const struct {
    const char* what;
    std::size_t upn_at, dns_at;
    std::string body;  // from octet 12 on
    bool is_taken;
  } rows[] = {
      {"one after the other", 12, 18, upn + dns, true},
      {"the other way round", 24, 12, dns + upn, true},
      {"UPN in the header", 10, 18, upn + dns, false},
      {"UPN is the header", 0, 18, upn + dns, false},
      {"overlap", 12, 16, upn + dns, false},
      {"same place", 12, 12, dns, false},
      {"odd offset", 13, 19, "x" + upn + dns, false},
      {"behind the end", 12, 20, upn + dns, false},
      {"far behind the end", 12, 0xFFFE, upn + dns, false},
      {"gap of 6", 12, 24, upn + "pppppp" + dns, true},
      {"gap of 8", 12, 26, upn + "pppppppp" + dns, false},
  };
  for (const auto& row : rows) {
    const std::string header =
        le(upn.size(), 2) + le(row.upn_at, 2) + le(dns.size(), 2) + le(row.dns_at, 2) + le(0, 4);
    const auto read = read_upn(header + row.body);
    ASSERT_EQ(read.has_value(), row.is_taken) << row.what;
    if (read) {
      EXPECT_EQ(read->upn + " " + read->dns_domain, "a@b B.TEST") << row.what;
    }
  }
}

TEST(PacUpn, EverySpoiledLengthAndOffsetIsRefused) {
  SPEC("P4");
  const std::string whole = upn_info(kExtended);
  for (const std::size_t at : {0U, 2U, 4U, 6U, 12U, 14U, 16U, 18U}) {
    for (unsigned number = 0; number <= 0xFFFF; ++number) {
      std::string octets = whole;
      octets.replace(at, 2, le(number, 2));
      const auto read = read_upn(octets);
      // A name that is a little shorter or begins a little later leaves but padding.
      if (!read || octets == whole) continue;
      EXPECT_EQ(read->sid, "S-1-5-21-1-2-3-1104") << at << ' ' << number;
      EXPECT_TRUE(at < 16) << at << ' ' << number;
      EXPECT_LT((number ^ static_cast<unsigned char>(whole[at])) & ~0xFU, 1U) << at;
    }
  }
}

TEST(PacUpn, OtherNamesAndSidsAreRefused) {
  SPEC("P4 P5");
  for (const auto& name : kBadNames) {
    EXPECT_FALSE(read_upn(upn_info({.upn = name})));
    EXPECT_FALSE(read_upn(upn_info({.dns_domain = name})));
    testing::PacUpnInfo info = kExtended;
    info.sam_name = name;
    EXPECT_FALSE(read_upn(upn_info(info)));
  }
  testing::PacUpnInfo info = kExtended;
  for (const char* sid : {"S-2-5-21", "S-1-5", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"}) {
    info.sid = sid;
    EXPECT_FALSE(read_upn(upn_info(info))) << sid;
  }
}

TEST(PacBuffers, AnyBitMayFlip) {
  SPEC("P3 P4");
  const std::string buffers[] = {client_info(kSomeTime, u"alice \U0001f600"), upn_info(kExtended),
                                 sid_octets("S-1-5-21-1-2-3-1104")};
  for (const std::string& whole : buffers) {
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string octets = whole;
      octets[bit / 8] = static_cast<char>(octets[bit / 8] ^ 1 << bit % 8);
      const auto client = read_client(octets);
      if (client) {
        EXPECT_TRUE(is_utf8(as_bytes(client->name))) << bit;
      }
      const auto upn = read_upn(octets);
      if (upn) {
        EXPECT_TRUE(is_utf8(as_bytes(upn->upn + upn->dns_domain + upn->sam_name))) << bit;
      }
      const auto sid = read_sid(octets);
      if (sid) {
        EXPECT_EQ(sid_octets(*sid), octets) << bit;
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::authz
