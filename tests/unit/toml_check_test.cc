// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/toml_check.h"

#include <gtest/gtest.h>

#include "tests/unit/policy_reading.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;

std::string times(std::size_t number, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < number; ++i) all += text;
  return all;
}

// "LINE:COLUMN", or nothing.
std::string place(const std::string& text) {
  const auto fault = find_toml_fault(text);
  return fault ? std::to_string(fault->line) + ":" + std::to_string(fault->column) : "";
}

TEST(TomlCheck, RefusesWhatTheParserMustNotSee) {
  const struct {
    std::string text, place;
    const char* message;  // part of it
  } rows[] = {
      {"[all]\nrequire = []ä", "2:13", "not ASCII is allowed only in values and comments"},
      {"ä", "1:1", "not ASCII"},
      {"# ä\nx = \"ö\"\nü = 2", "3:1", "not ASCII"},
      {"\"ö\" = 1", "1:2", "not ASCII"},
      {"a.'ö' = 1", "1:4", "not ASCII"},
      {"x = [1.'ö']", "1:9", "not ASCII"},
      {"x = +'ö'", "1:6", "a quote is allowed only at the beginning of a name or a value"},
      {"x = 0['ö']", "1:6", "a bracket is allowed only at the beginning of a value"},
      {"x = [0{a = 'ö'}]", "1:7", "a bracket is allowed only"},
      {"x = { [", "1:7", "a bracket is allowed only"},
      {"x = 0='ö'", "1:6", "\"=\" is allowed only after a name"},
      {"x = [a= 'ö']", "1:7", "\"=\" is allowed only"},
      {"x = {a = [1], b = 0='ö'}", "1:20", "\"=\" is allowed only"},
      {"x = 1 'ö'", "1:7", "a quote is allowed only"},
      {"x = 'a' 'ö'", "1:9", "a quote is allowed only"},
      {"x = ['a'\n'ö']", "2:1", "a quote is allowed only"},
      {"x = \"\\ö\"", "1:7", "must not follow a backslash"},
      {"x = \"\"\"a\\ \n \t ö\"\"\"", "2:4", "must not follow a backslash"},
      {"deny = [“x”]", "1:9", "write quotes as \" or '"},
      {"x = 'ä' ö", "1:9", "not ASCII"},
      {"x = '''ä\n'''' ö", "2:6", "not ASCII"},
      {"x = \"\" ö", "1:8", "not ASCII"},
      {"x = \"\\\"\" ö", "1:10", "not ASCII"},
      {"x = '\\' ö", "1:9", "not ASCII"},
      {"x = \"\"\"\\\"\"\"\" ö", "1:14", "not ASCII"},
      {"x = 'a\nö", "2:1", "not ASCII"},
      {"x = 1 # 'ä\nö", "2:1", "not ASCII"},
      {"\xEF\xBB\xBFx = 1\n\xEF\xBB\xBF", "2:1", "not ASCII"},
      // Octets.
      {"# \xff", "1:3", "the byte 0xff is not UTF-8"},
      {"x = 'ä\xc3'", "1:7", "the byte 0xc3 is not UTF-8"},
      {"# \xed\xa0\x80", "1:3", "the byte 0xed is not UTF-8"},
      {"x = 1\0"s, "1:6", "control character 0x00; remove it"},
      {"# \x7f", "1:3", "control character 0x7f"},
      {"x = 1\ry = 2", "1:6", "control character 0x0d"},
      {"x = '\x1b'", "1:6", "control character 0x1b"},
      // Depth.
      {times(500'000, "a.") + "a = 1", "1:32", "a name has more than 16 parts"},
      {times(500'000, "'a' . ") + "a = 1", "1:95", "a name has more than 16 parts"},
      {"[" + times(500'000, "a.") + "a]", "1:33", "a name has more than 16 parts"},
      {"x = { " + times(16, "a.") + "a = 1 }", "1:38", "a name has more than 16 parts"},
      {"x = " + times(500'000, "["), "1:21", "brackets are nested more than 16 deep"},
      {"x = " + times(500'000, "{a="), "1:53", "brackets are nested more than 16 deep"},
      {"x = " + times(500'000, "[{a="), "1:37", "brackets are nested more than 16 deep"},
      {"x = [\n" + times(500'000, "[\n"), "17:1", "brackets are nested more than 16 deep"},
  };
  for (const auto& row : rows) {
    const auto fault = find_toml_fault(row.text);
    ASSERT_TRUE(fault) << row.text.substr(0, 80);
    EXPECT_EQ(place(row.text), row.place) << row.text.substr(0, 80);
    EXPECT_NE(fault->message.find(row.message), std::string::npos) << fault->message;
    // The reader of policies asks first.
    const PolicyReading reading = read(row.text);
    EXPECT_FALSE(reading.policy);
    EXPECT_EQ(places(reading), Strings{row.place});
  }
}

TEST(TomlCheck, LeavesAllElseToTheParser) {
  for (const std::string& text : {
           ""s,
           "\xEF\xBB\xBFx = 1\r\n\t# ä\r\n"s,
           "'a' = \"ä\\\\\"\n"s,
           "x = [\n'ä', # ö\n\n  'ü']\ny = { 'ä' = 'ö' }\n"s,
           "x = {a={b=['ä',['ö']],c='ü'},d='ß'}\ny=[{a='ä'},{b='ö'}]\n['ä']\nz='ö'\n"s,
           "x = \"\"\"ä \\\n  a ö\"\"\"\n"s,
           "x = \"\"\"\nä\"\"\"\"\" # ä\n"s,
           "x = '''\n#ä'''''\ny = ''\n"s,
           "x = \"#\" # '\ny = '\"' # \"ä\n"s,
           "x = 'a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a' # [[[[[[[[[[[[[[[[[[[[\n"s,
           times(15, "a.") + "a = 1\n" + times(15, "b.") + "b = 1\n",
           "x = [" + times(100, "1.5, ") + "1.5]\n" + times(100, "[[a.b]]\n"),
           "x = " + times(16, "[") + times(16, "]") + "\n",
           // Errors, but not of this kind: the parser says what is wrong.
           times(100, "[all\n"),
           times(100, "]}\n") + "x = " + times(16, "["),
           "x = \"\\"s,
           "x = \"\"\"\\"s,
       }) {
    EXPECT_EQ(place(text), "") << text;
    read(text);
  }
}

// The deepest text that passes can be read and destroyed.
TEST(TomlCheck, WhatPassesIsShallowEnough) {
  std::string value = "1";
  for (int i = 0; i < 16; ++i) value = "{" + times(15, "a.") + "a = " + value + "}";
  const std::string text = times(15, "x.") + "x = " + value + "\n";
  EXPECT_EQ(place(text), "");
  EXPECT_FALSE(read(text).policy);
}

}  // namespace
}  // namespace gssloop::authz
