// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/gs2_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "plugin/mech/gs2_client.h"
#include "plugin/mech/gs2_server.h"
#include "tests/support/spec.h"

namespace gssloop::plugin {
namespace {

using namespace std::string_literals;

Gs2Header header(CbFlag flag, std::string cb_name, std::string authzid, bool is_nonstandard) {
  return {is_nonstandard, flag, std::move(cb_name), std::move(authzid)};
}

bool equal(const Gs2Header& a, const Gs2Header& b) {
  return a.is_nonstandard == b.is_nonstandard && a.cb_flag == b.cb_flag && a.cb_name == b.cb_name &&
         a.authzid == b.authzid;
}

struct Golden {
  std::string octets;
  Gs2Header header;
};

std::vector<Golden> golden() {
  using enum CbFlag;
  return {
      {"n,,", header(kNotSupported, "", "", false)},
      {"y,,", header(kServerLacksIt, "", "", false)},
      {"p=tls-unique,,", header(kUsed, "tls-unique", "", false)},
      {"p=ldap,,", header(kUsed, "ldap", "", false)},
      {"p=A.b-9,,", header(kUsed, "A.b-9", "", false)},
      {"F,n,,", header(kNotSupported, "", "", true)},
      {"F,p=tls-exporter,a=x,", header(kUsed, "tls-exporter", "x", true)},
      {"n,a=admin,", header(kNotSupported, "", "admin", false)},
      {"y,a=a=2Cb=3Dc,", header(kServerLacksIt, "", "a,b=c", false)},
      {"n,a==2C=3D=2C,", header(kNotSupported, "", ",=,", false)},
      {"n,a=\xc3\xa4 b@C\\\x01,", header(kNotSupported, "", "\xc3\xa4 b@C\\\x01", false)},
      {"n,a=F,", header(kNotSupported, "", "F", false)},
  };
}

TEST(Gs2Header, GoldenOctets) {
  SPEC("G3 G5");
  for (const Golden& row : golden()) {
    const std::string message = row.octets + "token,a=b,\0x"s;
    const auto parsed = parse_gs2_message(as_bytes(message));
    ASSERT_TRUE(parsed) << row.octets << ": " << parsed.error().message;
    EXPECT_TRUE(equal(parsed->header, row.header)) << row.octets;
    EXPECT_EQ(to_string(parsed->token), "token,a=b,\0x"s);
    // G9: the bindings cover the header without "F,".
    EXPECT_EQ(to_string(parsed->bound_header),
              row.octets.substr(row.header.is_nonstandard ? 2 : 0));
    const auto text = row.header.serialize();
    ASSERT_TRUE(text) << row.octets;
    EXPECT_EQ(*text, row.octets);
  }
}

TEST(Gs2Header, BadOctetsAreRefused) {
  SPEC("G3 G4 G5");
  const std::string rows[] = {
      "",
      ",",
      ",,",
      "x,,",
      "N,,",
      "Y,,",
      "P=a,,",
      "f,n,,",
      "F",
      "F,",
      "Fn,,",
      "F,F,n,,",
      "F,,n,,",
      "n",
      "n,",
      "n;,",
      "nn,,",
      "n ,,",
      " n,,",
      "n=a,,",
      "y=a,,",
      "p",
      "p,",
      "p,,",
      "p=",
      "p=,,",
      "p=a",
      "p=a,",
      "p=a_b,,",
      "p=a b,,",
      "p=a=b,,",
      "p=\xc3\xa4,,",
      "p=a\0,,"s,
      "p =a,,",
      // authzid
      "n,a,",
      "n,a=,",
      "n,a=",
      "n,a=x",
      "n,A=x,",
      "n,b=x,",
      "n,x,",
      "n, a=x,",
      "n,aa=x,",
      "n,=x,",
      // escapes: exactly =2C and =3D
      "n,a==,",
      "n,a=x=,",
      "n,a==2,",
      "n,a==2c,",
      "n,a==3d,",
      "n,a==2D,",
      "n,a==41,",
      "n,a=x=y,",
      "n,a==3DC=,",
      "n,a===2C,",
      "n,a==2,C,",
      // NUL, and what is not UTF-8
      "n,a=admin\0junk,"s,
      "n,a=\0,"s,
      "n,a=\0admin,"s,
      "n,a=x\0,"s,
      "n,a=\xff,",
      "n,a=\xc0\x80,",
      "n,a=\xed\xa0\x80,",
      "n,a=\xf4\x90\x80\x80,",
      "n,a=\xc3,",
      "n,a=\x80,",
      "n,a=\xe2\x82,",
  };
  for (const std::string& row : rows) {
    const auto parsed = parse_gs2_message(as_bytes(row));
    ASSERT_FALSE(parsed) << printable(as_bytes(row));
    EXPECT_FALSE(parsed.error().message.empty());
  }
  EXPECT_FALSE(parse_gs2_message({}));
}

// A cut message parses only if the cut is in the token, and then to the same header.
TEST(Gs2Header, EveryTruncationFailsOrShortensTheToken) {
  SPEC("G4");
  for (const Golden& row : golden()) {
    const std::string message = row.octets + "token";
    for (std::size_t len = 0; len <= message.size(); ++len) {
      const auto parsed = parse_gs2_message(as_bytes(std::string_view(message).substr(0, len)));
      ASSERT_EQ(static_cast<bool>(parsed), len >= row.octets.size()) << row.octets << " " << len;
      if (!parsed) continue;
      EXPECT_TRUE(equal(parsed->header, row.header));
      EXPECT_EQ(parsed->token.size(), len - row.octets.size());
    }
  }
}

// A header that parses serializes to exactly the same octets.
void expect_round_trip(const std::string& message) {
  const auto parsed = parse_gs2_message(as_bytes(message));
  if (!parsed) return;
  const auto text = parsed->header.serialize();
  ASSERT_TRUE(text) << printable(as_bytes(message));
  ASSERT_EQ(*text + to_string(parsed->token), message) << printable(as_bytes(message));
  ASSERT_EQ((parsed->header.is_nonstandard ? "F," : "") + to_string(parsed->bound_header), *text);
}

TEST(Gs2Header, EveryOctetMutationFailsOrSaysWhatItSays) {
  SPEC("G3 G4 G5");
  for (const Golden& row : golden()) {
    for (std::size_t at = 0; at < row.octets.size(); ++at) {
      for (int octet = 0; octet < 256; ++octet) {
        std::string message = row.octets + "token";
        message[at] = static_cast<char>(octet);
        expect_round_trip(message);
        message.insert(at, 1, static_cast<char>(octet));
        expect_round_trip(message);
      }
    }
  }
}

std::string random_name(std::mt19937* random) {
  static const std::string kPieces[] = {"a", ",",  "=",    "=2C",      "=3D",
                                        " ", "\\", "@",    "/",        "n",
                                        "F", "p=", "\x7f", "\xc3\xbc", "\xf0\x9f\x98\x80"};
  std::string name;
  for (auto len = (*random)() % 12; len > 0; --len) name += kPieces[(*random)() % 15];
  return name;
}

TEST(Gs2Header, GeneratedHeadersRoundTrip) {
  SPEC("G3 G5");
  std::mt19937 random(20240229);
  for (int i = 0; i < 20000; ++i) {
    Gs2Header made =
        header(static_cast<CbFlag>(random() % 3), "", random_name(&random), random() % 2 == 0);
    if (made.cb_flag == CbFlag::kUsed) made.cb_name = random() % 2 == 0 ? "tls-unique" : "x.-9";
    const auto text = made.serialize();
    ASSERT_TRUE(text);
    // Two commas, or three with "F,": nothing of a name can end the header early.
    EXPECT_EQ(std::count(text->begin(), text->end(), ','), made.is_nonstandard ? 3 : 2);
    const std::string message = *text + "n,,t";
    const auto parsed = parse_gs2_message(as_bytes(message));
    ASSERT_TRUE(parsed) << *text;
    EXPECT_TRUE(equal(parsed->header, made)) << *text;
    EXPECT_EQ(to_string(parsed->token), "n,,t");
  }
}

TEST(Gs2Header, WhatCannotBeSentIsNotSerialized) {
  SPEC("G3 G5");
  for (const std::string& name : {"admin\0junk"s, "\0"s, "\xff"s, "a\xc3"s}) {
    EXPECT_FALSE(header(CbFlag::kNotSupported, "", name, false).serialize());
  }
  for (const std::string& name :
       {""s, "tls_unique"s, "a,b"s, "a b"s, "a=b"s, "\xc3\xa4"s, "a\0"s}) {
    EXPECT_FALSE(is_cb_name(name));
    EXPECT_FALSE(header(CbFlag::kUsed, name, "", false).serialize()) << name;
  }
}

TEST(Gs2Bindings, AreTheHeaderFollowedByTheData) {
  SPEC("G9");
  const auto data = [](std::string_view bound_header, std::string_view binding) {
    return to_string(gs2_bindings(as_bytes(bound_header), as_bytes(binding)).application_data());
  };
  EXPECT_EQ(data("n,,", ""), "n,,");
  EXPECT_EQ(data("p=tls-unique,a=x,", "\0\xff data"s), "p=tls-unique,a=x,\0\xff data"s);
}

// ---- Dispositions

struct Binding {
  sasl_channel_binding_t value{};
  explicit Binding(const char* name, bool is_critical) {
    value.name = name;
    value.critical = is_critical ? 1 : 0;
    value.data = reinterpret_cast<const unsigned char*>("data");
    value.len = 4;
  }
};

TEST(ClientHeader, FollowsTheDisposition) {
  SPEC("G7");
  const Binding plain("tls-unique", false), critical("tls-unique", true), odd("a b", false);
  const struct {
    sasl_cbinding_disp_t disposition;
    const Binding* binding;
    const char* expected;  // null: refused
  } rows[] = {
      {SASL_CB_DISP_NONE, nullptr, "n,,"},
      {SASL_CB_DISP_NONE, &plain, "n,,"},
      {SASL_CB_DISP_NONE, &critical, nullptr},
      {SASL_CB_DISP_WANT, &plain, "y,,"},
      {SASL_CB_DISP_WANT, &critical, nullptr},
      {SASL_CB_DISP_USED, &plain, "p=tls-unique,,"},
      {SASL_CB_DISP_USED, &critical, "p=tls-unique,,"},
      {SASL_CB_DISP_USED, nullptr, nullptr},
      {SASL_CB_DISP_USED, &odd, nullptr},
  };
  for (const auto& row : rows) {
    sasl_client_params_t params{};
    params.cbindingdisp = row.disposition;
    params.cbinding = row.binding != nullptr ? &row.binding->value : nullptr;
    const auto made = client_header(params, "");
    const auto text = made ? made->serialize() : Result<std::string, Error>(Error{"refused"});
    ASSERT_EQ(static_cast<bool>(text), row.expected != nullptr) << row.disposition;
    if (text) {
      EXPECT_EQ(*text, row.expected);
    }
    if (!made) {
      EXPECT_EQ(made.error().kind, ErrorKind::kBinding);
    }
  }
}

TEST(JudgeBinding, Table) {
  SPEC("G8");
  const Binding plain("tls-unique", false), critical("tls-unique", true);
  const struct {
    const char* message;
    const Binding* binding;
    bool is_accepted;
  } rows[] = {
      {"n,,", nullptr, true},
      {"n,,", &plain, true},
      {"n,,", &critical, false},
      {"y,,", nullptr, true},
      {"y,,", &plain, false},
      {"y,,", &critical, false},
      {"p=tls-unique,,", nullptr, false},
      {"p=tls-unique,,", &plain, true},
      {"p=tls-unique,,", &critical, true},
      {"p=tls-uniqu,,", &plain, false},
      {"p=tls-unique2,,", &plain, false},
      {"p=TLS-unique,,", &plain, false},
  };
  for (const auto& row : rows) {
    sasl_server_params_t params{};
    params.cbinding = row.binding != nullptr ? &row.binding->value : nullptr;
    const auto error = check_binding(params, parse_gs2_message(as_bytes(row.message))->header);
    EXPECT_EQ(!error, row.is_accepted) << row.message;
    if (error) {
      EXPECT_EQ(error->kind, ErrorKind::kBinding) << row.message;
    }
  }
}

}  // namespace
}  // namespace gssloop::plugin
