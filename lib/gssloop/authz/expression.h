// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_EXPRESSION_H_
#define GSSLOOP_AUTHZ_EXPRESSION_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/result.h"

namespace gssloop::authz {

// Truth is the result of a rule. Unknown is not absent: the peer has, or may have, an attribute of
// that name, but its values could not be read.
enum class Truth { kFalse, kUnknown, kTrue };
// to_string is "false", "unknown" or "true".
std::string_view to_string(Truth truth);

// LocalAttribute is an attribute of a peer as rules and applications see it (naming-exts section
// 6): the values of the sources that a policy names, in that policy's form. The order of the values
// has no meaning.
struct LocalAttribute {
  std::vector<std::string> values;  // in the mechanism's order; a value can occur twice
  // The mechanism says that all sources that were found have all their values here.
  bool is_complete = false;
  // The reason why `values` may lack values; empty if it lacks none. Never contains a value.
  std::string unknown;

  // has_unknown: there may be other values; is_absent: there is no value, and no unknown one.
  bool has_unknown() const noexcept { return !unknown.empty(); }
  bool is_absent() const noexcept { return values.empty() && !has_unknown(); }
};

// AttributeLookup returns a local attribute of the peer, or the attribute of a reserved name. The
// attribute is empty if the peer has none of that name, and lives as long as the evaluation.
using AttributeLookup = std::function<const LocalAttribute&(std::string_view name)>;

// Pattern is a glob for a whole value: "*" matches any octets, "?" one octet, every other octet
// itself.
class Pattern {
 public:
  // add_octet, add_any ("*") and add_one ("?") put an element at the end; size counts them.
  void add_octet(char octet) { elements_.push_back(static_cast<std::uint8_t>(octet)); }
  void add_any() { elements_.push_back(kAny); }
  void add_one() { elements_.push_back(kOne); }
  std::size_t size() const noexcept { return elements_.size(); }
  // octets returns the literal octets of the pattern, without its wildcards.
  std::string octets() const;
  // matches takes linear time in the value, multiplied, for each "*", by the length of the part
  // after it.
  bool matches(std::string_view value) const noexcept;

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  static constexpr std::int16_t kAny = -1;
  static constexpr std::int16_t kOne = -2;
  std::vector<std::int16_t> elements_;
};

// Term is one test of one name.
struct Term {
  // The kind of test.
  enum class Kind {
    kEquals,    // NAME=VALUE: one of the values has exactly these octets
    kMatches,   // NAME~PATTERN: one of the values matches as a whole
    kAtLeast,   // NAME>=NUMBER
    kExists,    // exists NAME: there is a value
    kComplete,  // complete NAME: there is a value, and the mechanism says that there are no others
  };
  Kind kind = Kind::kExists;  // of this one
  std::string name;           // of the local attribute, or a reserved one
  std::string value;          // of kEquals; in decimal of kAtLeast
  Pattern pattern;            // of kMatches
};

// Expression is a rule's text, parsed:
//
//   expression = conjunction *( "|" conjunction )
//   conjunction = factor *( "&" factor )
//   factor = "!" factor / "(" expression ")" / term
//   term = name ( "=" value / "~" pattern / ">=" number ) / ( "exists" / "complete" ) name
//
// Names consist of letters, digits and "-", "_", ".", ":". Values and patterns are words or quoted
// strings. In double quotes the escapes \" \\ \* \? and \xHH (an octet) are allowed. A word ends at
// white space or at one of |&!()"=~<> and contains no backslash. In a value "*" and "?" must be
// quoted, so that no reader takes the value for a pattern.
class Expression {
 public:
  static constexpr std::size_t kMaxLen = 4096;     // octets of text
  static constexpr std::size_t kMaxPattern = 256;  // elements
  static constexpr unsigned kMaxDepth = 32;        // of "!" and "("
  // A longer value is not compared with a pattern: the result is unknown. Octets.
  static constexpr std::size_t kMaxMatched = 65536;

  // The reason why a text is not an expression.
  struct Error {
    std::size_t offset = 0;  // octets into the text
    std::string message;     // for a person
  };
  // parse reads the whole of `text`, or fails at the first error. Total.
  static Result<Expression, Error> parse(std::string_view text);

  // evaluate is pure. A "|" is true if one side is true, and a "&" is false if one side is false.
  // Otherwise an unknown side makes the result unknown, also under "!".
  Truth evaluate(const AttributeLookup& attribute) const;

  // replace_values replaces the value of each kEquals test of `name`.
  void replace_values(std::string_view name,
                      const std::function<std::string(const std::string& value)>& replace);

  // terms lists all tests, from left to right.
  std::vector<const Term*> terms() const;
  // proven lists the names that have a value wherever the expression is true.
  std::set<std::string, std::less<>> proven() const;
  // affirmed lists the names that are tested under an even number of "!" (or none): their absence
  // may make the expression false.
  std::set<std::string, std::less<>> affirmed() const;
  // negated lists the names under an odd number of "!": their absence may make the expression true.
  std::set<std::string, std::less<>> negated() const;

 private:
  friend class ExpressionParser;
  enum class Kind { kTerm, kNot, kAnd, kOr };
  void collect_terms(std::vector<const Term*>* terms) const;
  // The names under an even number of "!", or an odd one.
  void collect_names(bool is_odd, std::set<std::string, std::less<>>* names) const;

  Kind kind_ = Kind::kTerm;
  Term term_;
  std::vector<Expression> parts_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_EXPRESSION_H_
