// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <algorithm>

#include "plugin/audit/record.h"

namespace gssloop::plugin::audit {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr pid_t kPid = 4711;

std::string line_of(const Record& record) {
  return to_line(record, system_clock::time_point(milliseconds(1795999536007)), kPid);
}

// The line of a record with this name, from its member "authid" on.
std::string authid_of(const std::string& authid) {
  const std::string line = line_of({.authid = authid});
  return line.substr(line.find("\"authid\":"));
}

TEST(AuditRecord, HasNoMembersOfWhatIsNotKnown) {
  EXPECT_EQ(line_of({}),
            "{\"time\":\"2026-11-30T00:45:36.007Z\",\"result\":\"abandoned\",\"pid\":4711}\n");
}

TEST(AuditRecord, HasEachMember) {
  const Record record = {.outcome = Record::Outcome::kRefused,
                         .service = "imap",
                         .host = "mail.example.test",
                         .mechanism = "GS2-KRB5",
                         .peer = "2001:db8::1;4711",
                         .local = "192.0.2.1;143",
                         .principal = "alice@EXAMPLE.TEST",
                         .realm = "EXAMPLE.TEST",
                         .authid = "alice",
                         .authzid = "bob",
                         .is_bound = false,
                         .ssf = 256,
                         .error = "not authorized",
                         .reason = "GS2-KRB5 login failed",
                         .rule_key = "deny",
                         .rule = "/etc/policy.toml:3:9",
                         .attributes = {"groups", "title"},
                         .unknown = {"mail"},
                         .values = {{"groups", {"a", "b"}}, {"title", {}}}};
  EXPECT_EQ(line_of(record),
            "{\"time\":\"2026-11-30T00:45:36.007Z\",\"result\":\"refused\",\"pid\":4711,"
            "\"service\":\"imap\",\"host\":\"mail.example.test\",\"mechanism\":\"GS2-KRB5\","
            "\"peer\":\"2001:db8::1;4711\",\"local\":\"192.0.2.1;143\","
            "\"principal\":\"alice@EXAMPLE.TEST\",\"realm\":\"EXAMPLE.TEST\",\"authid\":\"alice\","
            "\"authzid\":\"bob\",\"bound\":false,\"ssf\":256,\"error\":\"not authorized\","
            "\"reason\":\"GS2-KRB5 login failed\",\"rule_key\":\"deny\","
            "\"rule\":\"/etc/policy.toml:3:9\",\"attributes\":[\"groups\",\"title\"],"
            "\"unknown\":[\"mail\"],\"values\":{\"groups\":[\"a\",\"b\"],\"title\":[]}}\n");
}

TEST(AuditRecord, NoNameCanForgeAMemberOrALine) {
  const struct {
    std::string name;
    const char* written;
  } rows[] = {
      {"al\"ice", R"("al\"ice"})"},
      {"a\",\"result\":\"admitted", R"("a\",\"result\":\"admitted"})"},
      {"back\\slash\\", R"("back\\slash\\"})"},
      {"two\nlines\r\n{}", R"("two\u000alines\u000d\u000a{}"})"},
      {std::string("a\0b", 3), R"("a\u0000b"})"},
      {"\x1b[31mred\x7f", R"("\u001b[31mred\u007f"})"},
      {"b\xc3\xb6rn", R"("b\u00f6rn"})"},
      {"\xe2\x80\xa8line\xc2\x85", R"("\u2028line\u0085"})"},
      {"\xf0\x9f\x98\x80", R"("\ud83d\ude00"})"},
      {"\xf4\x8f\xbf\xbf", R"("\udbff\udfff"})"},
      {"/<script>'", R"("/<script>'"})"},
      // Not UTF-8: a lone octet, an overlong form, a surrogate, a cut sequence.
      {"a\xff", R"("a\ufffd","inexact":["authid"]})"},
      {"\xc0\xaf", R"("\ufffd\ufffd","inexact":["authid"]})"},
      {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd","inexact":["authid"]})"},
      {"a\xe2\x82", R"("a\ufffd\ufffd","inexact":["authid"]})"},
      {"\xff\"\n", R"("\ufffd\"\u000a","inexact":["authid"]})"},
      // The character itself is exact.
      {"\xef\xbf\xbd", R"("\ufffd"})"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(authid_of(row.name), std::string("\"authid\":") + row.written + "\n");
  }
}

TEST(AuditRecord, ALongNameIsCut) {
  const std::string name(256, 'a');
  EXPECT_EQ(authid_of(name), "\"authid\":\"" + name + "\"}\n");
  EXPECT_EQ(authid_of(name + "b"), "\"authid\":\"" + name + "\",\"inexact\":[\"authid\"]}\n");
  // In the middle of a character.
  EXPECT_EQ(authid_of(name.substr(1) + "\xc3\xb6"),
            "\"authid\":\"" + name.substr(1) + "\\ufffd\",\"inexact\":[\"authid\"]}\n");
}

TEST(AuditRecord, EachLineIsBounded) {
  const std::string huge(1 << 20, '\x01');  // each octet takes six bytes
  Record record = {.service = huge,
                   .host = huge,
                   .mechanism = huge,
                   .peer = huge,
                   .local = huge,
                   .principal = huge,
                   .realm = huge,
                   .authid = huge,
                   .authzid = huge,
                   .error = huge,
                   .reason = huge,
                   .rule_key = huge,
                   .rule = huge};
  const std::string without_lists = line_of(record);
  EXPECT_LE(without_lists.size(), kMaxLineLen - 2000);
  EXPECT_EQ(without_lists.find("left_out"), std::string::npos);
  record.attributes.assign(30, huge);
  record.unknown = record.attributes;
  record.values.assign(3, {huge, {3, huge}});
  const std::string line = line_of(record);
  EXPECT_LE(line.size(), kMaxLineLen);
  EXPECT_NE(line.find(",\"left_out\":true,\"inexact\":[\"service\","), std::string::npos);
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_TRUE(line.ends_with("]}\n"));
  record = {.authid = "alice"};
  record.values.assign(1, {"groups", std::vector<std::string>(100000, "value")});
  EXPECT_LE(line_of(record).size(), kMaxLineLen);
  EXPECT_GE(line_of(record).size(), kMaxLineLen / 2);
}

}  // namespace
}  // namespace gssloop::plugin::audit
