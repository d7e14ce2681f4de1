// SPDX-License-Identifier: BSD-2-Clause
//
// tools/reveal: what a peer says it saw, as JSON and for a terminal.
#include "tools/reveal.h"

#include <gtest/gtest.h>

namespace gssloop::tools {
namespace {

Bytes bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

RevealedName sample() {
  using namespace std::string_view_literals;
  RevealedName name;
  name.peer = "alice@EXAMPLE.TEST";
  name.mechanism = "1.2.840.113554.1.2.2";
  name.attributes = {
      {"auth-indicators", true, true, {bytes("spake"), bytes("")}},
      {std::string("\x00\xff\x1b[31m"sv), false, false, {bytes("\x00\xff"sv)}},
      {"nothing", true, false, {}},
  };
  name.unreadable = {{"urn:x", "gss_get_name_attribute: it failed"}};
  return name;
}

TEST(Reveal, JsonComesBackAsItWas) {
  RevealedName name = sample();
  const auto back = from_json(to_json(name).dump());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->peer, name.peer);
  EXPECT_EQ(back->mechanism, name.mechanism);
  ASSERT_EQ(back->attributes.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back->attributes[i].name, name.attributes[i].name);
    EXPECT_EQ(back->attributes[i].is_authenticated, name.attributes[i].is_authenticated);
    EXPECT_EQ(back->attributes[i].is_complete, name.attributes[i].is_complete);
    EXPECT_EQ(back->attributes[i].values, name.attributes[i].values);
  }
  ASSERT_EQ(back->unreadable.size(), 1U);
  EXPECT_EQ(back->unreadable[0].name, "urn:x");
  EXPECT_EQ(back->unreadable[0].reason, name.unreadable[0].reason);
  name.is_anonymous = true;
  name.why_unknown = "it cannot be had";
  const auto unknown = from_json(to_json(name).dump());
  ASSERT_TRUE(unknown);
  EXPECT_TRUE(unknown->is_anonymous);
  EXPECT_EQ(unknown->why_unknown, "it cannot be had");
}

TEST(Reveal, TextStandsBesideBase64OnlyWhereItIsText) {
  const Json json = to_json(sample());
  EXPECT_EQ(json["attributes"][0]["values"][0]["text"], "spake");
  EXPECT_TRUE(json["attributes"][1]["values"][0]["text"].is_null());
  EXPECT_TRUE(json["attributes"][1]["name"]["text"].is_null());
  EXPECT_EQ(json["attributes"][1]["values"][0]["base64"], "AP8=");
}

TEST(Reveal, AnythingElseIsRefused) {
  const std::string good = to_json(sample()).dump();
  for (std::size_t len = 0; len < good.size(); ++len) {
    EXPECT_FALSE(from_json(std::string_view(good).substr(0, len))) << len;
  }
  for (const char* text : {"", "null", "[]", "{}", "1", "{\"peer\":1}", "\xff"}) {
    EXPECT_FALSE(from_json(text)) << text;
  }
  EXPECT_FALSE(from_json(std::string(100000, '[')));
  const Json whole = to_json(sample());
  for (const auto& [member, value] : whole.items()) {
    Json without = whole;
    without.erase(member);
    EXPECT_FALSE(from_json(without.dump())) << member;
    Json another = whole;
    another[member] = 4711;
    EXPECT_FALSE(from_json(another.dump())) << member;
  }
  Json damaged = whole;
  damaged["attributes"][0]["values"][0]["base64"] = "AP8";
  EXPECT_FALSE(from_json(damaged.dump()));
}

TEST(Reveal, Base64IsWhatWeMakeAndNothingElse) {
  for (const std::string_view text : {"", "a", "ab", "abc", "abcd", "\x00\xff\x80"}) {
    EXPECT_EQ(from_base64(base64(as_bytes(text))), bytes(text));
  }
  for (const char* text : {"A", "AA", "AAA", "AB==", "AA=A",
                           "A===", "====", "AA==AA==", "A A=", "AAAA\n", "-_8=", "=", "AAAA="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Reveal, TerminalsAreNotSteered) {
  for (const char* text : {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac"}) {
    EXPECT_TRUE(is_fit_for_terminal(as_bytes(text))) << text;
  }
  for (const std::string_view text :
       {std::string_view("\x1b[31m"), std::string_view("a\nb"), std::string_view("\x00", 1),
        std::string_view("\xc2\x9b"), std::string_view("\xe2\x80\xae"),
        std::string_view("a\xe2\x81\xa6"), std::string_view("\xef\xbb\xbf"),
        std::string_view("\xff")}) {
    EXPECT_FALSE(is_fit_for_terminal(as_bytes(text)));
  }
}

std::string printed(const RevealedName& name, bool is_full, const Annotate& annotate = {}) {
  ::testing::internal::CaptureStdout();
  print(name, is_full, annotate, Output(Output::Colour::kNever));
  return ::testing::internal::GetCapturedStdout();
}

TEST(Reveal, PrintsTextHexAndReasons) {
  const std::string text = printed(sample(), false);
  for (const char* part :
       {"peer: alice@EXAMPLE.TEST", "auth-indicators\n  authenticated, complete, 2 values\n",
        "\"spake\"", "(empty)", "\\x00\\xff\\x1b[31m\n  asserted by the peer alone, not complete",
        "hex 00ff (2 octets)", "0 values", "urn:x\n  unreadable: gss_get_name_attribute"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Reveal, CutsUnlessAllIsAskedFor) {
  RevealedName name;
  name.attributes = {{"long", true, true, {Bytes(1000, 0), Bytes(1000, 'x')}},
                     {"many", true, true, std::vector<Bytes>(100, bytes("value"))}};
  const std::string cut = printed(name, false);
  EXPECT_LT(cut.size(), 1500U);
  EXPECT_NE(cut.find("(1000 octets)"), std::string::npos);
  EXPECT_NE(cut.find("... and 84 more"), std::string::npos);
  const std::string full = printed(name, true);
  EXPECT_NE(full.find(std::string(2000, '0')), std::string::npos);
  EXPECT_NE(full.find(std::string(1000, 'x')), std::string::npos);
  EXPECT_EQ(full.find("more"), std::string::npos);
}

TEST(Reveal, AnnotationsStandWithTheirAttribute) {
  const std::string text = printed(sample(), false, [](const RevealedAttribute& attribute) {
    return std::vector<std::string>{"becomes *" + std::to_string(attribute.name.size())};
  });
  EXPECT_NE(text.find("(empty)\n  becomes *15\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace gssloop::tools
