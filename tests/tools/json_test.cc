// SPDX-License-Identifier: BSD-2-Clause
//
// tools/json: writing and reading JSON.
#include "tools/json.h"

#include <gtest/gtest.h>

namespace gssloop::tools {
namespace {

Json sample() {
  return {{"text", "a"},
          {"yes", true},
          {"number", 7U},
          {"negative", -7},
          {"nothing", Json()},
          {"texts", std::vector<std::string>{"x", "y"}},
          {"empty", Json::array()},
          {"inner", {{"z", 1}, {"a", 2}}}};
}

TEST(Json, KeepsTheOrderOfMembers) {
  EXPECT_EQ(sample().dump(), R"({"text":"a","yes":true,"number":7,"negative":-7,"nothing":null,)"
                             R"("texts":["x","y"],"empty":[],"inner":{"z":1,"a":2}})");
  EXPECT_EQ(Json({{"a", 1}}).dump(2), "{\n  \"a\": 1\n}");
}

TEST(Json, IsWrittenInAscii) {
  EXPECT_EQ(Json("gr\xc3\xbc\xc3\x9f\x1b").dump(), R"("gr\u00fc\u00df\u001b")");
  EXPECT_EQ(Json("\xff").dump(), R"("\ufffd")");
}

TEST(Json, ComesBackAsItWas) {
  const auto back = parse_json(sample().dump());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->dump(), sample().dump());
  EXPECT_EQ(back->at("text").text(), "a");
  EXPECT_TRUE(back->at("yes").boolean());
  EXPECT_EQ(back->at("texts").texts(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(back->at("texts").at(1).text(), "y");
  EXPECT_EQ(parse_json("1.5")->dump(), "1.5");
}

TEST(Json, MembersAndElementsAreAdded) {
  Json json;
  json["a"]["b"] = 1;
  json["list"].push_back("x");
  json["list"].push_back({{"y", 1}});
  json["list"][1]["y"] = 2;
  json["a"]["b"] = "again";
  EXPECT_EQ(json.dump(), R"({"a":{"b":"again"},"list":["x",{"y":2}]})");
}

TEST(Json, AnotherKindIsAMismatch) {
  const Json json = sample();
  EXPECT_THROW(json.at("missing"), JsonMismatch);
  EXPECT_THROW(json.at("text").at("a"), JsonMismatch);
  EXPECT_THROW(json.at("text").boolean(), JsonMismatch);
  EXPECT_THROW(json.at("yes").text(), JsonMismatch);
  EXPECT_THROW(json.at("nothing").text(), JsonMismatch);
  EXPECT_THROW(json.at("inner").elements(), JsonMismatch);
  EXPECT_THROW(json.at("texts").at(2), JsonMismatch);
  EXPECT_THROW(Json({{"x", {{"y", 1}}}}).at("x").texts(), JsonMismatch);
}

TEST(Json, WhatIsNoJsonIsRefused) {
  for (const char* text : {"", "{", "{}x", "[1,]", "nul", "\"\xff\"", "'a'"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_TRUE(parse_json(std::string(100, '[') + std::string(100, ']')));
  EXPECT_FALSE(parse_json(std::string(1000, '[') + std::string(1000, ']')));
  EXPECT_FALSE(parse_json(std::string(100000, '[')));
}

TEST(Json, ReadersMayRefuse) {
  const auto number = [](const Json& json) { return json.at("a").text(); };
  EXPECT_EQ(read_json(R"({"a":"x"})", number), "x");
  EXPECT_FALSE(read_json(R"({"a":1})", number));
  EXPECT_FALSE(read_json(R"({})", number));
  EXPECT_FALSE(read_json("", number));
}

}  // namespace
}  // namespace gssloop::tools
