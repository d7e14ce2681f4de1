// SPDX-License-Identifier: BSD-2-Clause
// What the module writes into an audit trail is what the command reads, whatever octets a name has.
#include "tools/audit/audit_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "gssloop/base/bytes.h"
#include "plugin/audit/record.h"

namespace gssloop::tools {
namespace {

using plugin::audit::Record;

AuditLine written(const Record& record) {
  const std::string line = plugin::audit::to_line(record, std::chrono::system_clock::now(), 1);
  EXPECT_TRUE(line.ends_with("}\n"));
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  EXPECT_TRUE(std::ranges::all_of(line.substr(0, line.size() - 1), is_printable)) << line;
  return read_audit_line(line.substr(0, line.size() - 1));
}

TEST(AuditLine, IsWhatTheModuleWrote) {
  const AuditLine line = written({.outcome = Record::Outcome::kRefused,
                                  .service = "imap",
                                  .authid = "b\xc3\xb6rn \"\\\n\x01\x7f \xf0\x9f\x98\x80",
                                  .rule = "/etc/policy.toml:3:9",
                                  .attributes = {"groups"}});
  ASSERT_EQ(line.kind, AuditLine::Kind::kRecord);
  EXPECT_EQ(line.text("result"), "refused");
  EXPECT_EQ(line.text("authid"), "b\xc3\xb6rn \"\\\n\x01\x7f \xf0\x9f\x98\x80");
  EXPECT_EQ(line.text("rule"), "/etc/policy.toml:3:9");
  EXPECT_EQ(line.text("peer"), "");
}

TEST(AuditLine, NoOctetsChangeWhatALineSays) {
  std::mt19937 random(5);
  const std::string pieces[] = {
      "\"",   "\\",   "\n",       ",\"result\":\"admitted\"", "}", "{",
      "\xff", "\xc3", "\xc3\xb6", "\xf0\x9f\x98\x80",         "x", "\x80"};
  for (int i = 0; i < 3000; ++i) {
    std::string name;
    for (auto num = random() % 40; num > 0; --num) {
      name += random() % 2 == 0 ? pieces[random() % std::size(pieces)]
                                : std::string(1, static_cast<char>(random()));
    }
    name = name.substr(0, 256);
    const AuditLine line = written({.outcome = Record::Outcome::kRefused,
                                    .authid = name,
                                    .reason = name,
                                    .values = {{name, {name, name}}}});
    ASSERT_EQ(line.kind, AuditLine::Kind::kRecord) << name;
    EXPECT_EQ(line.text("result"), "refused") << name;
    if (is_utf8(as_bytes(name))) {
      EXPECT_EQ(line.text("authid"), name);
    }
  }
}

// Also where a line is as long as it can be.
TEST(AuditLine, AFullLineIsWhole) {
  const std::string huge(100000, '\x01');
  Record record = {.principal = huge, .authid = huge, .authzid = huge, .reason = huge};
  for (std::size_t num = 0; num < 40; ++num) {
    record.attributes.assign(num, huge);
    record.values.assign(num, {"name", {huge}});
    EXPECT_EQ(written(record).kind, AuditLine::Kind::kRecord) << num;
  }
}

}  // namespace
}  // namespace gssloop::tools
