// SPDX-License-Identifier: BSD-2-Clause

// Name attributes through the real mechglue (draft-ietf-kitten-gssapi-naming-exts, whose sections
// are meant here), as a mechanism offers them that does what it must not.

#include "gssloop/gss/attributes.h"

#include <string>
#include <type_traits>
#include <vector>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;
using Values = std::vector<std::string>;
using Limits = gss::AttributeLimits;

AttributeValue value_of(std::string value, std::optional<int> more = std::nullopt) {
  AttributeValue result;
  result.value = std::move(value);
  result.more = more;
  return result;
}

Attribute attribute_of(std::string name, std::vector<AttributeValue> values) {
  Attribute result;
  result.name = std::move(name);
  result.values = std::move(values);
  return result;
}

Talk login_with(std::vector<Attribute> attributes) {
  Script script;
  script.attributes = std::move(attributes);
  return establish(std::move(script));
}

Values texts(const gssloop::Attribute& attribute) {
  Values result;
  std::visit(
      [&](const auto& values) {
        for (const auto& value : values) result.emplace_back(value.text());
      },
      attribute.values);
  return result;
}

TEST_F(LoopSpec, ValuesAreOctetsOfAnyKindAndSize) {
  SPEC("N4");
  std::string all;
  for (int octet = 0; octet <= 0xff; ++octet) all += static_cast<char>(octet);
  std::string large;
  while (large.size() < 65536) large += all;
  for (const std::string& value :
       {""s, "\0"s, "\0\0tail\0"s, "\xff"s, "\xff\xfe\0\x80"s, all, large, large + "\0"s}) {
    const Talk said = login_with({attribute_of("binary", {value_of(value)})});
    const auto attribute = said.acceptor->source_attribute("binary");
    ASSERT_TRUE(attribute);
    ASSERT_NE(attribute->authenticated(), nullptr);
    EXPECT_EQ(texts(*attribute), Values{value}) << value.size();
    EXPECT_EQ(to_string(attribute->authenticated()->front().octets()), value);
  }
}

TEST_F(LoopSpec, OneCallAValueFromMinusOneByTheMechanismsCursors) {
  SPEC("N11 N19 N20 N21 N22");
  const std::vector<std::vector<int>> rows = {
      {0}, {1, 0}, {2, 1000, -7, 0}, {-2, -3, 0}, {2147483647, -2147483647 - 1, 1, 0}};
  for (const std::vector<int>& cursors : rows) {
    std::vector<AttributeValue> scripted_values;
    Values expected;
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      expected.push_back(std::string(1, static_cast<char>('z' - i)));  // not sorted, but kept
      scripted_values.push_back(value_of(expected.back(), cursors[i]));
    }
    const Talk said = login_with({attribute_of("a", std::move(scripted_values))});
    const auto attribute = said.acceptor->source_attribute("a");
    ASSERT_TRUE(attribute);
    EXPECT_EQ(texts(*attribute), expected);
    const Record record = scripted().record();
    ASSERT_EQ(record.attribute_gets.size(), cursors.size());
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      EXPECT_EQ(record.attribute_gets[i].more_in, i == 0 ? -1 : cursors[i - 1]);
    }
  }
}

// `more` 0 ends the attribute even if the mechanism has values left.
TEST_F(LoopSpec, ACursorOfZeroEnds) {
  SPEC("N21");
  const Talk said = login_with({attribute_of("a", {value_of("1", 0), value_of("2", 0)})});
  EXPECT_EQ(texts(*said.acceptor->source_attribute("a")), Values{"1"});
  EXPECT_EQ(scripted().record().attribute_gets.size(), 1U);
}

TEST_F(LoopSpec, CompleteIsAFlagOfItsOwn) {
  SPEC("N16");
  for (const bool is_authenticated : {true, false}) {
    for (const bool is_complete : {true, false}) {
      AttributeValue value = value_of("v");
      value.authenticated = is_authenticated;
      value.complete = is_complete;
      const Talk said = login_with({attribute_of("a", {value})});
      const auto attribute = said.acceptor->source_attribute("a");
      ASSERT_TRUE(attribute);
      EXPECT_EQ(attribute->is_complete, is_complete);
      EXPECT_EQ(attribute->authenticated() != nullptr, is_authenticated);
      EXPECT_EQ(attribute->asserted() != nullptr, !is_authenticated);
    }
  }
}

// Section 9, by type: what decides takes one kind, and the other does not become it.
static_assert(!std::is_same_v<AuthenticatedValue, AssertedValue>);
static_assert(!std::is_convertible_v<AssertedValue, AuthenticatedValue>);
static_assert(!std::is_constructible_v<AuthenticatedValue, AssertedValue>);
static_assert(!std::is_constructible_v<AuthenticatedValue, Bytes>);

TEST_F(LoopSpec, AssertedValuesStayAsserted) {
  SPEC("N2 N29");
  AttributeValue claimed = value_of("admin");
  claimed.authenticated = false;
  const Talk said =
      login_with({attribute_of("role", {claimed}), attribute_of("sure", {value_of("v")})});
  const auto attributes = said.acceptor->source_attributes();
  ASSERT_TRUE(attributes);
  ASSERT_EQ(attributes->readable.size(), 2U);
  const gssloop::Attribute* const role = attributes->find("role");
  ASSERT_NE(role, nullptr);
  EXPECT_EQ(role->authenticated(), nullptr);
  ASSERT_NE(role->asserted(), nullptr);
  EXPECT_EQ(role->asserted()->front().text(), "admin");
  EXPECT_NE(attributes->find("sure")->authenticated(), nullptr);
}

// Section 7.5.1: the flags MUST NOT change between calls. A part of the values is another set, so
// there is none.
TEST_F(LoopSpec, FlagsThatChangeBetweenValuesCostTheWholeAttribute) {
  SPEC("N23");
  for (const std::size_t flips_at : {1U, 2U}) {
    for (const bool is_authenticated : {true, false}) {
      for (const bool first : {true, false}) {
        std::vector<AttributeValue> values = {value_of("1"), value_of("2"), value_of("3")};
        for (std::size_t i = 0; i < values.size(); ++i) {
          bool& flag = is_authenticated ? values[i].authenticated : values[i].complete;
          flag = i < flips_at ? first : !first;
        }
        const Talk said =
            login_with({attribute_of("a", values), attribute_of("b", {value_of("v")})});
        EXPECT_FALSE(said.acceptor->source_attribute("a"));
        const auto attributes = said.acceptor->source_attributes();
        ASSERT_TRUE(attributes);
        EXPECT_EQ(attributes->find("a"), nullptr);
        EXPECT_NE(attributes->find("b"), nullptr);
        ASSERT_EQ(attributes->unreadable.size(), 1U);
        EXPECT_EQ(attributes->unreadable[0].name, "a");
        EXPECT_FALSE(attributes->unreadable[0].reason.empty());
      }
    }
  }
}

TEST_F(LoopSpec, AnAttributeThatFailsIsUnreadableNotAbsent) {
  SPEC("N2 N21");
  for (const std::size_t fails_at : {0U, 1U, 2U}) {
    std::vector<AttributeValue> values = {value_of("1"), value_of("2"), value_of("secret")};
    values[fails_at].get = {GSS_S_UNAVAILABLE, 9};
    const Talk said = login_with({attribute_of("a", values), attribute_of("b", {value_of("v")})});
    const auto attributes = said.acceptor->source_attributes();
    ASSERT_TRUE(attributes);
    EXPECT_EQ(attributes->find("a"), nullptr);
    EXPECT_NE(attributes->find("b"), nullptr);
    ASSERT_EQ(attributes->unreadable.size(), 1U);
    EXPECT_EQ(attributes->unreadable[0].name, "a");
    EXPECT_EQ(attributes->unreadable[0].reason.find("secret"), std::string::npos);
  }
}

// Only COMPLETE gives a value: supplementary bits are no success here either.
TEST_F(LoopSpec, AValueWithAnyOtherStatusIsNone) {
  SPEC("N2 L40");
  for (const OM_uint32 major : std::vector<OM_uint32>{1, 2, 16, GSS_S_UNAVAILABLE, 0xd0001}) {
    AttributeValue value = value_of("v");
    value.get = {major, 0};
    const Talk said = login_with({attribute_of("a", {value})});
    EXPECT_FALSE(said.acceptor->source_attribute("a")) << major;
  }
}

struct Cap {
  const char* what;
  std::vector<AttributeValue> values;
  bool is_endless;
  Limits limits;
  bool is_readable;
};

std::vector<Cap> caps() {
  const auto sized = [](std::size_t len) { return value_of(std::string(len, 'x')); };
  return {
      {"as many values as allowed", {sized(1), sized(1), sized(1)}, false, {.max_values = 3}, true},
      {"one value more", {sized(1), sized(1), sized(1)}, false, {.max_values = 2}, false},
      {"values without end", {sized(1)}, true, {}, false},
      {"empty values without end", {sized(0)}, true, {}, false},
      {"as long as allowed", {sized(10)}, false, {.max_value_len = 10}, true},
      {"one octet more", {sized(11)}, false, {.max_value_len = 10}, false},
      {"the second too long", {sized(1), sized(11)}, false, {.max_value_len = 10}, false},
      {"all as long as allowed", {sized(10), sized(10)}, false, {.max_total_len = 20}, true},
      {"all one octet more", {sized(10), sized(11)}, false, {.max_total_len = 20}, false},
      {"64 KiB by default", {sized(65536)}, false, {}, true},
      {"2 MiB by default", {sized(2 << 20)}, false, {}, false},
  };
}

TEST_F(LoopSpec, ValuesAreBounded) {
  SPEC("N21");
  for (const Cap& cap : caps()) {
    Attribute attribute = attribute_of("a", cap.values);
    attribute.endless = cap.is_endless;
    const Talk said = login_with({attribute});
    EXPECT_EQ(static_cast<bool>(gss::get(said.acceptor->source(), "a", cap.limits)),
              cap.is_readable)
        << cap.what;
    EXPECT_LE(scripted().record().attribute_gets.size(), Limits{}.max_values + 1) << cap.what;
  }
}

TEST_F(LoopSpec, TheNumberOfAttributesIsBounded) {
  SPEC("N21");
  std::vector<Attribute> many;
  for (int i = 0; i < 5; ++i)
    many.push_back(attribute_of("a" + std::to_string(i), {value_of("v")}));
  const Talk said = login_with(many);
  EXPECT_TRUE(gss::inquire(said.acceptor->source(), {.max_attributes = 5}));
  EXPECT_FALSE(gss::inquire(said.acceptor->source(), {.max_attributes = 4}));
  EXPECT_FALSE(gss::get_all(said.acceptor->source(), {.max_attributes = 4}));
  EXPECT_TRUE(said.acceptor->source_attributes());
}

Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

TEST_F(LoopSpec, SettingTakesOneCallAValueAndReplacingDeletesFirst) {
  SPEC("N24");
  const Talk said = login_with({attribute_of("a", {value_of("old")})});
  const gss_name_t name = said.acceptor->source();
  EXPECT_TRUE(gss::add_values(name, "b", true, {bytes_of("1"), bytes_of("\0\xff"s), bytes_of("")})
                  .is_complete());
  EXPECT_TRUE(
      gss::replace_values(name, "a", false, {bytes_of("new"), bytes_of("er")}).is_complete());
  const std::vector<ChangeAttributeCall> calls = scripted().record().attribute_changes;
  ASSERT_EQ(calls.size(), 6U);
  const struct {
    bool is_set;
    std::string name, value;
    bool complete;
  } expected[] = {{true, "b", "1", true},  {true, "b", "\0\xff"s, true}, {true, "b", "", true},
                  {false, "a", "", false}, {true, "a", "new", false},    {true, "a", "er", false}};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].is_set, expected[i].is_set) << i;
    EXPECT_EQ(calls[i].name, expected[i].name) << i;
    EXPECT_EQ(calls[i].value, expected[i].value) << i;
    EXPECT_EQ(calls[i].complete, expected[i].complete) << i;
  }
  EXPECT_EQ(texts(*gss::get(name, "a")), (Values{"new", "er"}));
  EXPECT_EQ(texts(*gss::get(name, "b")), (Values{"1", "\0\xff"s, ""}));
}

TEST_F(LoopSpec, AFailedSetEndsAndIsReported) {
  SPEC("N24");
  Attribute fixed = attribute_of("a", {value_of("old")});
  fixed.set = {GSS_S_UNAVAILABLE, 0};
  const Talk said = login_with({fixed});
  const auto status =
      gss::add_values(said.acceptor->source(), "a", true, {bytes_of("1"), bytes_of("2")});
  EXPECT_EQ(status.major(), static_cast<OM_uint32>(GSS_S_UNAVAILABLE));
  EXPECT_EQ(scripted().record().attribute_changes.size(), 1U);
}

TEST_F(LoopSpec, ARefusalToDeleteIsToldFromOtherFailures) {
  SPEC("N25");
  using gss::Deletion;
  const struct {
    OM_uint32 major;
    Deletion deletion;
  } rows[] = {
      {GSS_S_COMPLETE, Deletion::kDeleted},
      {GSS_S_UNAUTHORIZED, Deletion::kUnauthorized},
      {GSS_S_UNAUTHORIZED | GSS_S_OLD_TOKEN, Deletion::kUnauthorized},
      {GSS_S_UNAVAILABLE, Deletion::kUnavailable},
      {GSS_S_FAILURE, Deletion::kFailed},
      {GSS_S_OLD_TOKEN, Deletion::kFailed},
  };
  for (const auto& row : rows) {
    Attribute attribute = attribute_of("a", {value_of("old")});
    attribute.remove = {row.major, 5};
    const Talk said = login_with({attribute});
    gss::Status status;
    EXPECT_EQ(gss::remove(said.acceptor->source(), "a", &status), row.deletion) << row.major;
    EXPECT_EQ(status.major(), row.major);
    EXPECT_EQ(gss::remove(said.acceptor->source(), "nobody has it"), Deletion::kUnavailable);
  }
}

TEST_F(LoopSpec, WhatCannotBeDeletedIsNotReplaced) {
  SPEC("N24 N25");
  for (const OM_uint32 major : std::vector<OM_uint32>{GSS_S_UNAUTHORIZED, GSS_S_FAILURE}) {
    Attribute attribute = attribute_of("a", {value_of("old")});
    attribute.remove = {major, 5};
    const Talk said = login_with({attribute});
    const gss_name_t name = said.acceptor->source();
    EXPECT_EQ(gss::replace_values(name, "a", false, {bytes_of("new")}).major(), major);
    EXPECT_EQ(texts(*gss::get(name, "a")), Values{"old"});
    EXPECT_TRUE(gss::replace_values(name, "none yet", false, {bytes_of("new")}).is_complete());
    EXPECT_EQ(texts(*gss::get(name, "none yet")), Values{"new"});
  }
}

TEST_F(LoopSpec, WhatTheMechanismCannotDeleteIsNotReplaced) {
  SPEC("N24");
  Attribute attribute = attribute_of("a", {value_of("old")});
  attribute.values[0].authenticated = attribute.values[0].complete = false;
  attribute.remove = {GSS_S_UNAVAILABLE, 0};
  const Talk said = login_with({attribute});
  const gss_name_t name = said.acceptor->source();
  EXPECT_FALSE(gss::replace_values(name, "a", false, {bytes_of("new")}).is_complete());
  EXPECT_EQ(texts(*gss::get(name, "a")), Values{"old"});
}

}  // namespace
}  // namespace gssloop::testing
