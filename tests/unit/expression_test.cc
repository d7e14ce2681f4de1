// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/expression.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "gssloop/base/bytes.h"
#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;
using Names = std::set<std::string, std::less<>>;

// Answers from a fixed set of attributes.
AttributeLookup lookup(std::map<std::string, LocalAttribute, std::less<>> attributes) {
  return [attributes = std::move(attributes)](std::string_view name) -> const LocalAttribute& {
    static const LocalAttribute absent;
    const auto found = attributes.find(name);
    return found != attributes.end() ? found->second : absent;
  };
}

LocalAttribute values(std::vector<std::string> values, bool is_complete = false) {
  return {std::move(values), is_complete, {}};
}
LocalAttribute unknown(std::vector<std::string> values = {}) {
  return {std::move(values), false, "not to be had"};
}

// What the texts of the tables below ask about. "none" is absent.
const AttributeLookup& peer() {
  static const AttributeLookup attributes = lookup({
      {"t", values({"1"})},
      {"many", values({"alpha", "beta", ""}, true)},
      {"u", unknown()},
      {"part", unknown({"seen", "7"})},
      {"n", values({"56"})},
      {"words", values({"12a"})},
      {"odd", values({"a\0b"s, "\xff*?\"\\", " lead", "x=y|z"})},
      {"long", values({std::string(Expression::kMaxMatched, 'a')})},
      {"longer", values({std::string(Expression::kMaxMatched + 1, 'a')})},
      {"A-b_c.d:e", values({"1"})},
  });
  return attributes;
}

Truth truth(std::string_view text) {
  const auto expression = Expression::parse(text);
  EXPECT_TRUE(expression) << text << ": " << (expression ? "" : expression.error().message);
  return expression ? expression->evaluate(peer()) : Truth::kUnknown;
}

// One octet makes a difference, wherever it is and however long the value is.
TEST(Expression, ValuesAreEqualFromTheFirstOctetToTheLast) {
  SPEC("N16");
  for (std::size_t len = 0; len <= 20; ++len) {
    const std::string wanted(len, 'a');
    const auto expression = Expression::parse("v=\"" + wanted + "\"");
    ASSERT_TRUE(expression);
    const auto is_true = [&](std::vector<std::string> held) {
      return expression->evaluate(lookup({{"v", values(std::move(held))}})) == Truth::kTrue;
    };
    EXPECT_TRUE(is_true({"other", wanted, "another"})) << len;
    EXPECT_FALSE(is_true({wanted + "a", "a" + wanted + "\0"s})) << len;
    for (std::size_t at = 0; at < len; ++at) {
      std::string almost = wanted;
      almost[at] = 'b';
      EXPECT_FALSE(is_true({almost, wanted.substr(1)})) << len << " " << at;
      EXPECT_TRUE(is_true({almost, wanted})) << len << " " << at;
    }
  }
}

TEST(Expression, Terms) {
  SPEC("N16 N17");
  constexpr Truth kF = Truth::kFalse, kU = Truth::kUnknown, kT = Truth::kTrue;
  const struct {
    const char* text;
    Truth truth;
  } rows[] = {
      {"t=1", kT},
      {" \t t \n = \r 1 \v\f ", kT},
      {"t=\"1\"", kT},
      {"t=1x", kF},
      {"t=\"1 \"", kF},
      {"t=\"\"", kF},
      {"T=1", kF},
      {"A-b_c.d:e=1", kT},
      {"none=1", kF},
      {"none=\"\"", kF},
      {"none~*", kF},
      {"exists none", kF},
      {"complete none", kF},
      {"exists t", kT},
      {"complete t", kF},
      {"complete many", kT},
      {"many=alpha", kT},
      {"many=\"\"", kT},
      {"many=ALPHA", kF},
      {"many=alph", kF},
      {"u=1", kU},
      {"u~*", kU},
      {"u>=0", kU},
      {"exists u", kU},
      {"complete u", kU},
      // One value that is there is enough; none of those that are there is not.
      {"part=seen", kT},
      {"part=other", kU},
      {"part~se*", kT},
      {"part~x*", kU},
      {"exists part", kT},
      {"complete part", kU},
      {"n>=56", kT},
      {"n>=57", kF},
      {"n>=0", kT},
      {"n>=18446744073709551615", kF},
      {"n>=\"56\"", kT},
      {"n>=056", kT},
      {"words>=1", kU},  // not a number: unknown
      {"part>=7", kT},
      {"part>=8", kU},
      // Octets.
      {R"(odd="a\x00b")", kT},
      {"odd=a", kF},
      {R"(odd="\xfF\*\?\"\\")", kT},
      {R"(odd="\xff*?\"\\")", kT},
      {"odd=\" lead\"", kT},
      {"odd=lead", kF},
      {"odd=\"x=y|z\"", kT},
      // Patterns match the whole value.
      {"t~1", kT},
      {"t~?", kT},
      {"t~??", kF},
      {"t~*", kT},
      {"t~*1*", kT},
      {"t~\"\"", kF},
      {"many~\"\"", kT},
      {"many~al*a", kT},
      {"many~al?ha", kT},
      {"many~al*h", kF},
      {"many~*ALPHA", kF},
      {R"(odd~"a?b")", kT},
      {R"(odd~"?\*\?*")", kT},
      {R"(odd~"?\*\*?*")", kF},
      {R"(odd~"\x61\x00\x62")", kT},
      {"long~a*", kT},
      {"longer~a*", kU},
      {"longer~*", kU},
      {"longer=a", kF},
      {"exists longer", kT},
      // Parts.
      {"t=1 & t=2 | t=1", kT},
      {"t=1 | t=2 & t=3", kT},
      {"(t=1 | t=2) & t=3", kF},
      {"t=2 | t=3 | t=1", kT},
      {"t=1 & t=1 & t=2", kF},
      {"!t=2", kT},
      {"! ! t=1", kT},
      {"!t=2 & t=1", kT},
      {"!t=1 | t=1", kT},
      {"!(t=1 | t=2)", kF},
      {"((t=1))", kT},
  };
  for (const auto& row : rows) EXPECT_EQ(truth(row.text), row.truth) << row.text;
}

// Kleene's tables, each value at each side and in the middle.
TEST(Expression, UnknownInEachPosition) {
  const struct {
    const char* term;
    Truth truth;
  } terms[] = {{"t=2", Truth::kFalse}, {"u=1", Truth::kUnknown}, {"t=1", Truth::kTrue}};
  constexpr Truth kNot[] = {Truth::kTrue, Truth::kUnknown, Truth::kFalse};
  for (const auto& a : terms) {
    EXPECT_EQ(truth("!"s + a.term), kNot[static_cast<int>(a.truth)]);
    for (const auto& b : terms) {
      for (const auto& c : terms) {
        const auto is_any = [&](Truth wanted) {
          return a.truth == wanted || b.truth == wanted || c.truth == wanted;
        };
        const auto joined = [&](const char* by) {
          return a.term + ""s + by + b.term + by + c.term;
        };
        const Truth is_and = is_any(Truth::kFalse)     ? Truth::kFalse
                             : is_any(Truth::kUnknown) ? Truth::kUnknown
                                                       : Truth::kTrue;
        const Truth is_or = is_any(Truth::kTrue)      ? Truth::kTrue
                            : is_any(Truth::kUnknown) ? Truth::kUnknown
                                                      : Truth::kFalse;
        EXPECT_EQ(truth(joined(" & ")), is_and) << joined(" & ");
        EXPECT_EQ(truth(joined(" | ")), is_or) << joined(" | ");
        EXPECT_EQ(truth("!(" + joined(" & ") + ")"), kNot[static_cast<int>(is_and)]);
        EXPECT_EQ(truth("!(" + joined(" | ") + ")"), kNot[static_cast<int>(is_or)]);
      }
    }
  }
}

TEST(Expression, ErrorsSayWhere) {
  const std::string long_pattern(Expression::kMaxPattern + 1, 'x');
  const struct {
    std::string text;
    std::size_t offset;
    const char* message;  // a part of it
  } rows[] = {
      {"", 0, "rule ends where it needs the name"},
      {"   ", 3, "rule ends where it needs the name"},
      {"=1", 0, "expected the name"},
      {"&", 0, "expected the name"},
      {"\"a\"=1", 0, "expected the name"},
      {"a\xc3\xa4=1", 1, "expected =VALUE"},
      {"a", 1, "=VALUE"},
      {"a b", 2, "=VALUE"},
      {"a!=b", 1, "=VALUE"},
      {"a<b", 1, "=VALUE"},
      {"exists", 6, "needs the name"},
      {"exists (a)", 7, "expected the name"},
      {"complete", 8, "needs the name"},
      {"a=", 2, "expected a value"},
      {"a= ", 3, "expected a value"},
      {"a==b", 2, "expected a value"},
      {"a=~b", 2, "expected a value"},
      {"a~", 2, "expected a value"},
      {"a=b=c", 3, "expected \"|\""},
      {"a=b c", 4, "expected \"|\""},
      {"a=b \"c\"", 4, "expected \"|\""},
      {"a=\"b\"\"c\"", 5, "expected \"|\""},
      {"a=\"b\"c=d", 5, "expected \"|\""},
      {"a=b!", 3, "expected \"|\""},
      {"a=b(c=d)", 3, "expected \"|\""},
      {"a=b)", 3, "expected \"|\""},
      {"a=b\0"s, 4, nullptr},  // NUL is an octet of the word
      {"(a=b", 4, "\")\" is missing"},
      {"(a=b c", 5, "\")\" is missing"},
      {"()", 1, "expected the name"},
      {"!", 1, "rule ends where it needs the name"},
      {"a=b &", 5, "rule ends where it needs the name"},
      {"a=b & & c=d", 6, "expected the name"},
      {"a=b || c=d", 5, "expected the name"},
      {"a=b && c=d", 5, "expected the name"},
      {"| a=b", 0, "expected the name"},
      {"a=*", 2, "pattern"},
      {"a=x?", 3, "pattern"},
      {"a=x\\", 3, "a backslash is allowed only"},
      {"a~\\*", 2, "a backslash is allowed only"},
      {"a=\"", 3, "closing quote"},
      {"a=\"x", 4, "closing quote"},
      {"a=\"x\\", 4, "backslash must be followed"},
      {"a=\"\\n\"", 3, "backslash must be followed"},
      {"a=\"\\x4\"", 3, "backslash must be followed"},
      {"a=\"\\xg0\"", 3, "backslash must be followed"},
      {"a=\"\\x4", 3, "backslash must be followed"},
      {"a=\"\\X41\"", 3, "backslash must be followed"},
      {"a=\"\\\"", 5, "closing quote"},
      {"a>1", 2, "use \">=\""},
      {"a>=", 3, "expected a value"},
      {"a>=x", 4, "must be followed by a number"},
      {"a>=-1", 5, "must be followed by a number"},
      {"a>=+1", 5, "must be followed by a number"},
      {"a>=1.5", 6, "must be followed by a number"},
      {"a>=18446744073709551616", 23, "must be followed by a number"},
      {"a>=\"\"", 5, "must be followed by a number"},
      {"a~" + long_pattern, 2 + long_pattern.size(), "pattern is too long"},
      {std::string(Expression::kMaxLen + 1, ' '), 0, "longer than 4096"},
  };
  for (const auto& row : rows) {
    const auto parsed = Expression::parse(row.text);
    const std::string shown = printable(as_bytes(row.text));
    ASSERT_EQ(static_cast<bool>(parsed), row.message == nullptr) << shown;
    if (parsed) continue;
    EXPECT_EQ(parsed.error().offset, row.offset) << shown << ": " << parsed.error().message;
    EXPECT_NE(parsed.error().message.find(row.message), std::string::npos)
        << shown << ": " << parsed.error().message;
  }
}

TEST(Expression, Limits) {
  const auto nested = [](unsigned depth, const std::string& open, const std::string& close) {
    std::string text = "t=1";
    for (unsigned i = 0; i < depth; ++i) text = open + text + close;
    return text;
  };
  EXPECT_EQ(truth(nested(Expression::kMaxDepth, "(", ")")), Truth::kTrue);
  EXPECT_EQ(truth(nested(Expression::kMaxDepth, "!", "")), Truth::kTrue);
  for (const unsigned depth : {Expression::kMaxDepth + 1, 2000U}) {
    EXPECT_FALSE(Expression::parse(nested(depth, "(", ")"))) << depth;
    EXPECT_FALSE(Expression::parse(nested(depth, "!", ""))) << depth;
    EXPECT_FALSE(Expression::parse(std::string(depth, '('))) << depth;
  }
  // A wide rule is not a deep one.
  std::string wide = "(t=1)";
  while (wide.size() + 8 <= Expression::kMaxLen) wide += " & (t=1)";
  EXPECT_EQ(truth(wide), Truth::kTrue);
  EXPECT_EQ(truth("t=1" + std::string(Expression::kMaxLen - 3, ' ')), Truth::kTrue);
  EXPECT_EQ(truth("t~" + std::string(Expression::kMaxPattern, 'x')), Truth::kFalse);
}

// Every octet where a word may have one, and quoted as \xHH.
TEST(Expression, EveryOctetAsAValue) {
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const AttributeLookup has = lookup({{"a", values({std::string(1, c)})}});
    char escaped[16];
    std::snprintf(escaped, sizeof escaped, "a=\"\\x%02x\"", static_cast<unsigned>(octet));
    const auto quoted = Expression::parse(escaped);
    ASSERT_TRUE(quoted) << octet;
    EXPECT_EQ(quoted->evaluate(has), Truth::kTrue) << octet;
    const bool is_blank = c == ' ' || (c >= '\t' && c <= '\r');
    const bool is_special = is_blank || "|&!()\"=~<>*?\\"s.find(c) != std::string::npos;
    const auto bare = Expression::parse("a="s + c);
    ASSERT_EQ(static_cast<bool>(bare), !is_special) << octet;
    if (!bare) continue;
    EXPECT_EQ(bare->evaluate(has), Truth::kTrue) << octet;
  }
}

// A naive matcher would take very long for these. The bound is generous: a slow machine takes a
// second, exponential time would be centuries.
TEST(Expression, PathologicalPatternsEnd) {
  const AttributeLookup has = lookup({{"a", values({std::string(Expression::kMaxMatched, 'a')})}});
  std::string stars, run = "*";
  while (stars.size() + 2 < Expression::kMaxPattern) stars += "*a";
  run += std::string(Expression::kMaxPattern - 2, 'a');
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& pattern : {stars, run}) {
    EXPECT_EQ(Expression::parse("a~" + pattern + "b")->evaluate(has), Truth::kFalse);
    EXPECT_EQ(Expression::parse("a~" + pattern)->evaluate(has), Truth::kTrue);
    EXPECT_EQ(Expression::parse("a~" + pattern + "\xff")->evaluate(has), Truth::kFalse);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST(Expression, NamesThatItProvesAffirmsOrNegates) {
  const struct {
    const char* text;
    Names proven, affirmed, negated;
  } rows[] = {
      {"a=1", {"a"}, {"a"}, {}},
      {"exists a", {"a"}, {"a"}, {}},
      {"complete a", {"a"}, {"a"}, {}},
      {"a~*", {"a"}, {"a"}, {}},
      {"a=1 & b=1", {"a", "b"}, {"a", "b"}, {}},
      {"a=1 | b=1", {}, {"a", "b"}, {}},
      {"a=1 | a=2", {"a"}, {"a"}, {}},
      {"(a=1 & b=1) | (a=2 & c=1)", {"a"}, {"a", "b", "c"}, {}},
      {"(a=1 | b=1) & c=1", {"c"}, {"a", "b", "c"}, {}},
      {"!a=1", {}, {}, {"a"}},
      {"a=1 | !a=2", {}, {"a"}, {"a"}},
      {"a=1 & !a=2", {"a"}, {"a"}, {"a"}},
      {"!(a=1 & b=1)", {}, {}, {"a", "b"}},
      {"!!a=1", {}, {"a"}, {}},
      {"!(a=1 | !b=1)", {}, {"b"}, {"a"}},
  };
  for (const auto& row : rows) {
    const auto expression = Expression::parse(row.text);
    ASSERT_TRUE(expression) << row.text;
    EXPECT_EQ(expression->proven(), row.proven) << row.text;
    EXPECT_EQ(expression->affirmed(), row.affirmed) << row.text;
    EXPECT_EQ(expression->negated(), row.negated) << row.text;
  }
  const auto expression = Expression::parse("c=1 | !(a~x & exists b) & c>=2");
  std::vector<std::string> names;
  for (const Term* term : expression->terms()) names.push_back(term->name);
  EXPECT_EQ(names, (std::vector<std::string>{"c", "a", "b", "c"}));
}

}  // namespace
}  // namespace gssloop::authz
