// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/initial_token.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/mech/mechanisms.h"
#include "tests/support/spec.h"

namespace gssloop::gss {
namespace {

using namespace std::string_literals;

const std::string kTaggedKrb5 = "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

std::string restore(std::string_view inner) {
  return to_string(restore_initial_header(as_bytes(inner), Oid::krb5()));
}

std::optional<std::string> strip(std::string_view token, const Oid& mech = Oid::krb5()) {
  const auto inner = strip_initial_header(as_bytes(token), mech);
  if (!inner) return std::nullopt;
  return to_string(*inner);
}

std::string octets_up_to(std::size_t len) {
  std::string octets(len, '\0');
  for (std::size_t i = 0; i < len; ++i) octets[i] = static_cast<char>(i * 7 + 1);
  return octets;
}

// Lengths where the DER length of the whole (11 octets more) grows or is about to.
constexpr std::size_t kLengths[] = {0,     1,     115,   116,   117,   118,  127,   128,
                                    243,   244,   245,   246,   255,   256,  65523, 65524,
                                    65525, 65526, 65535, 65536, 69999, 70000};

TEST(InitialToken, HeaderIsThatOfTheRfc) {
  SPEC("G6");
  const struct {
    std::size_t inner_len;
    std::string header;
  } rows[] = {
      {0, "\x60\x0b"},
      {116, "\x60\x7f"},
      {117, "\x60\x81\x80"},
      {244, "\x60\x81\xff"},
      {245, "\x60\x82\x01\x00"s},
      {65524, "\x60\x82\xff\xff"},
      {65525, "\x60\x83\x01\x00\x00"s},
  };
  for (const auto& row : rows) {
    const std::string inner = octets_up_to(row.inner_len);
    EXPECT_EQ(restore(inner), row.header + kTaggedKrb5 + inner) << row.inner_len;
  }
}

TEST(InitialToken, RoundTripsAtEveryLengthOfTheHeader) {
  SPEC("G6");
  for (const std::size_t len : kLengths) {
    const std::string inner = octets_up_to(len);
    const std::string token = restore(inner);
    EXPECT_EQ(token, testing::framed(gss_mech_krb5, inner)) << len;
    const auto stripped = strip(token);
    ASSERT_TRUE(stripped) << len;
    EXPECT_EQ(*stripped, inner) << len;
  }
}

TEST(InitialToken, EveryTruncationAndEveryTrailingOctetIsRefused) {
  SPEC("G6");
  for (const std::size_t len : kLengths) {
    const std::string token = restore(octets_up_to(len));
    for (std::size_t cut = 0; cut < token.size(); ++cut) {
      ASSERT_FALSE(strip(std::string_view(token).substr(0, cut))) << len << " cut to " << cut;
    }
    EXPECT_FALSE(strip(token + "x"));
    EXPECT_FALSE(strip(token + '\0'));
    EXPECT_FALSE(strip(token + token));
  }
}

TEST(InitialToken, EveryBitOfTheHeaderMatters) {
  SPEC("G6");
  for (const std::size_t len : {0U, 5U, 200U, 300U, 70000U}) {
    const std::string inner = octets_up_to(len);
    const std::string token = restore(inner);
    const std::size_t header_len = token.size() - inner.size();
    for (std::size_t bit = 0; bit < header_len * 8; ++bit) {
      std::string flipped = token;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      EXPECT_FALSE(strip(flipped)) << len << " bit " << bit;
    }
  }
}

// The length in `num_octets` octets after the first; 0: the short form. Cut to what they hold.
std::string length_in(std::size_t length, unsigned num_octets) {
  if (num_octets == 0) return std::string(1, static_cast<char>(length & 0x7f));
  std::string octets(1, static_cast<char>(0x80 | num_octets));
  for (unsigned i = num_octets; i > 0; --i) {
    octets += static_cast<char>(i > sizeof length ? 0 : length >> 8 * (i - 1) & 0xff);
  }
  return octets;
}

TEST(InitialToken, TakesNoLengthButTheShortest) {
  SPEC("G6");
  for (const std::size_t len : kLengths) {
    const std::string body = kTaggedKrb5 + octets_up_to(len);
    const unsigned shortest = body.size() < 0x80      ? 0
                              : body.size() < 0x100   ? 1
                              : body.size() < 0x10000 ? 2
                                                      : 3;
    for (unsigned num_octets = 0; num_octets <= 8; ++num_octets) {
      const std::string token = "\x60" + length_in(body.size(), num_octets) + body;
      EXPECT_EQ(strip(token).has_value(), num_octets == shortest) << len << ' ' << num_octets;
    }
  }
}

// Memory behind a view would complete the token, and must not be read.
TEST(InitialToken, LooksAtNothingBehindItsEnd) {
  SPEC("G6");
  const std::string memory = "\x60\x02" + kTaggedKrb5 + "inner";
  EXPECT_FALSE(strip_initial_header(as_bytes(memory).first(4), Oid::krb5()));
}

TEST(InitialToken, RefusesWhatIsNotDerOrNotOurs) {
  SPEC("G6");
  const std::string rest = kTaggedKrb5 + "inner";  // 16 octets
  const struct {
    const char* what;
    std::string token;
  } rows[] = {
      {"nothing", ""},
      {"no framing", "NTLMSSP\0rest"s},
      {"another tag", "\x61\x10" + rest},
      {"one octet too many in a long form", "\x60\x81\x10" + rest},
      {"leading zero", "\x60\x82\x00\x10"s + rest},
      {"leading zeros", "\x60\x84\x00\x00\x00\x10"s + rest},
      {"five octets of length", "\x60\x85\x00\x00\x00\x00\x10"s + rest},
      {"indefinite", "\x60\x80" + rest + "\0\0"s},
      {"reserved first octet", "\x60\xff" + rest},
      {"length too large", "\x60\x11" + rest},
      {"length too small", "\x60\x0f" + rest},
      {"length of 4 GiB", "\x60\x84\xff\xff\xff\xff" + rest},
      {"no OID", "\x60\x05inner"},
      {"OID with another tag", "\x60\x10\x07" + rest.substr(1)},
      {"OID length in a long form", "\x60\x11\x06\x81\x09"s + rest.substr(2)},
      {"OID longer than the token", "\x60\x10\x06\x7f" + rest.substr(2)},
      {"OID of the length left, shorter", "\x60\x10\x06\x08" + rest.substr(2)},
      {"empty OID", "\x60\x02\x06\x00"s},
      {"OID cut off", "\x60\x02\x06\x09"},
      {"tag alone", "\x60"},
      {"nothing inside", "\x60\x00"s},
  };
  for (const auto& row : rows) EXPECT_FALSE(strip(row.token)) << row.what;
  EXPECT_EQ(strip("\x60\x10" + rest), "inner");
}

TEST(InitialToken, RefusesAnotherMechanism) {
  SPEC("G6");
  const std::string token = restore("inner");
  EXPECT_FALSE(strip(token, Oid::iakerb()));
  EXPECT_FALSE(strip(token, Oid()));
  EXPECT_FALSE(strip(token, *Oid::from_dotted("1.2.840.113554.1.2")));
  EXPECT_FALSE(strip(token, *Oid::from_dotted("1.2.840.113554.1.2.2.1")));
  EXPECT_FALSE(strip(token, *Oid::from_dotted("1.2.840.113554.1.2.3")));
}

}  // namespace
}  // namespace gssloop::gss
