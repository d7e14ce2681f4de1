// SPDX-License-Identifier: BSD-2-Clause
//
// tools/trial/peer_report: what an acceptor learned of its peer, as JSON and for a terminal.
#include "tools/trial/peer_report.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gssloop::tools {
namespace {

Bytes bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

template <class Value>
Attribute attribute(std::string name, bool is_complete, const std::vector<Bytes>& octets) {
  std::vector<Value> values;
  for (const Bytes& value : octets) values.push_back(Value::from_mechanism(value));
  return {std::move(name), is_complete, std::move(values)};
}
constexpr auto authenticated = attribute<AuthenticatedValue>;
constexpr auto asserted = attribute<AssertedValue>;

PeerReport sample() {
  using namespace std::string_view_literals;
  PeerReport report;
  report.peer = "alice@EXAMPLE.TEST";
  report.mechanism = "1.2.840.113554.1.2.2";
  report.attributes.readable = {
      authenticated("auth-indicators", true, {bytes("spake"), bytes("")}),
      asserted(std::string("\x00\xff\x1b[31m"sv), false, {bytes("\x00\xff"sv)}),
      authenticated("nothing", false, {}),
  };
  report.attributes.unreadable = {{"urn:x", "gss_get_name_attribute: it failed"}};
  return report;
}

TEST(PeerReport, JsonComesBackAsItWas) {
  PeerReport report = sample();
  const auto back = read_peer_report(to_json(report).dump());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->peer, report.peer);
  EXPECT_EQ(back->mechanism, report.mechanism);
  ASSERT_EQ(back->attributes.readable.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const Attribute& seen = back->attributes.readable[i];
    const Attribute& sent = report.attributes.readable[i];
    EXPECT_EQ(seen.name, sent.name);
    EXPECT_EQ(seen.values.index(), sent.values.index());
    EXPECT_EQ(seen.is_complete, sent.is_complete);
    EXPECT_TRUE(std::ranges::equal(values_of(seen), values_of(sent), std::ranges::equal)) << i;
  }
  ASSERT_EQ(back->attributes.unreadable.size(), 1U);
  EXPECT_EQ(back->attributes.unreadable[0].name, "urn:x");
  EXPECT_EQ(back->attributes.unreadable[0].reason, report.attributes.unreadable[0].reason);
  report.is_anonymous = true;
  report.why_unknown = "it cannot be had";
  const auto unknown = read_peer_report(to_json(report).dump());
  ASSERT_TRUE(unknown);
  EXPECT_TRUE(unknown->is_anonymous);
  EXPECT_EQ(unknown->why_unknown, "it cannot be had");
}

TEST(PeerReport, TextStandsBesideBase64OnlyWhereItIsText) {
  Json json = to_json(sample());
  EXPECT_EQ(json["attributes"][0]["values"][0]["text"].dump(), "\"spake\"");
  EXPECT_TRUE(json["attributes"][1]["values"][0]["text"].is_null());
  EXPECT_TRUE(json["attributes"][1]["name"]["text"].is_null());
  EXPECT_EQ(json["attributes"][1]["values"][0]["base64"].dump(), "\"AP8=\"");
}

TEST(PeerReport, AnythingElseIsRefused) {
  const std::string good = to_json(sample()).dump();
  for (std::size_t len = 0; len < good.size(); ++len) {
    EXPECT_FALSE(read_peer_report(std::string_view(good).substr(0, len))) << len;
  }
  for (const char* text : {"", "null", "[]", "{}", "1", "{\"peer\":1}", "\xff"}) {
    EXPECT_FALSE(read_peer_report(text)) << text;
  }
  EXPECT_FALSE(read_peer_report(std::string(100000, '[')));
  const Json whole = to_json(sample());
  for (const Json::Member& member : whole.members()) {
    const std::string& name = member.name;
    Json::Object without = whole.members();
    std::erase_if(without, [&](const Json::Member& other) { return other.name == name; });
    EXPECT_FALSE(read_peer_report(Json(without).dump())) << name;
    Json another = whole;
    another[name] = 4711;
    EXPECT_FALSE(read_peer_report(another.dump())) << name;
  }
  Json damaged = whole;
  damaged["attributes"][0]["values"][0]["base64"] = "AP8";
  EXPECT_FALSE(read_peer_report(damaged.dump()));
}

TEST(PeerReport, TerminalsAreNotSteered) {
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

std::string printed(const PeerReport& report, bool is_full, const Annotate& annotate = {}) {
  ::testing::internal::CaptureStdout();
  print(report, is_full, annotate, Output(Output::Colour::kNever));
  return ::testing::internal::GetCapturedStdout();
}

TEST(PeerReport, PrintsTextHexAndReasons) {
  const std::string text = printed(sample(), false);
  for (const char* part :
       {"peer: alice@EXAMPLE.TEST", "auth-indicators\n  authenticated, complete, 2 values\n",
        "\"spake\"", "(empty)", "\\x00\\xff\\x1b[31m\n  asserted by the peer only, not complete",
        "hex 00ff (2 bytes)", "0 values", "urn:x\n  unreadable: gss_get_name_attribute"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(PeerReport, CutsUnlessAllIsAskedFor) {
  PeerReport report;
  report.attributes.readable = {
      authenticated("long", true, {Bytes(1000, 0), Bytes(1000, 'x')}),
      authenticated("many", true, std::vector<Bytes>(100, bytes("value")))};
  const std::string cut = printed(report, false);
  EXPECT_LT(cut.size(), 1500U);
  EXPECT_NE(cut.find("(1000 bytes)"), std::string::npos);
  EXPECT_NE(cut.find("... and 84 more"), std::string::npos);
  const std::string full = printed(report, true);
  EXPECT_NE(full.find(std::string(2000, '0')), std::string::npos);
  EXPECT_NE(full.find(std::string(1000, 'x')), std::string::npos);
  EXPECT_EQ(full.find("more"), std::string::npos);
}

TEST(PeerReport, AnnotationsStandWithTheirAttribute) {
  const std::string text = printed(sample(), false, [](const Attribute& attribute) {
    return std::vector<std::string>{"becomes *" + std::to_string(attribute.name.size())};
  });
  EXPECT_NE(text.find("(empty)\n  becomes *15\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace gssloop::tools
