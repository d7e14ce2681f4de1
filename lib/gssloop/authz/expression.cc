// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/expression.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace gssloop::authz {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == ':';
}

bool ends_word(char c) noexcept {
  return is_blank(c) || std::string_view("|&!()\"=~<>").find(c) != std::string_view::npos;
}

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

Truth negate(Truth truth) noexcept {
  if (truth == Truth::kUnknown) return truth;
  return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
}

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// The last octets of a text that has so many.
std::uint64_t end_of(const std::string& text) noexcept {
  std::uint64_t end = 0;
  std::memcpy(&end, text.data() + text.size() - sizeof end, sizeof end);
  return end;
}

// Values often differ at their end only, such as the SIDs of one domain, so the end is compared
// first.
bool has_value(const std::vector<std::string>& values, const std::string& wanted) noexcept {
  if (wanted.size() < sizeof(std::uint64_t)) {
    return std::ranges::find(values, wanted) != values.end();
  }
  const std::size_t len = wanted.size();
  const std::uint64_t end = end_of(wanted);
  return std::ranges::any_of(values, [&](const std::string& value) {
    return value.size() == len && end_of(value) == end && value == wanted;
  });
}

// Whether one value satisfies the term; unknown if the value is too long for a
// pattern, or is not a number.
Truth answers(const Term& term, const std::string& value) noexcept {
  const auto truth = [](bool is_true) { return is_true ? Truth::kTrue : Truth::kFalse; };
  switch (term.kind) {
    case Term::Kind::kMatches:
      if (value.size() > Expression::kMaxMatched) return Truth::kUnknown;
      return truth(term.pattern.matches(value));
    case Term::Kind::kAtLeast: {
      const auto have = number(value);
      return have ? truth(*have >= *number(term.value)) : Truth::kUnknown;
    }
    case Term::Kind::kEquals:
      return truth(value == term.value);
    case Term::Kind::kExists:
    case Term::Kind::kComplete:
      break;
  }
  return Truth::kTrue;
}

Truth evaluate_term(const Term& term, const LocalAttribute& attribute) noexcept {
  if (term.kind == Term::Kind::kComplete) {
    if (attribute.has_unknown()) return Truth::kUnknown;
    return !attribute.values.empty() && attribute.is_complete ? Truth::kTrue : Truth::kFalse;
  }
  // The strongest result of all values, so that their order does not matter (naming-exts section
  // 7.5). Each value that could not be read might have satisfied the term.
  Truth strongest = attribute.has_unknown() ? Truth::kUnknown : Truth::kFalse;
  if (term.kind == Term::Kind::kEquals) {
    return has_value(attribute.values, term.value) ? Truth::kTrue : strongest;
  }
  for (const std::string& value : attribute.values) {
    strongest = std::max(strongest, answers(term, value));
    if (strongest == Truth::kTrue) break;
  }
  return strongest;
}

}  // namespace

std::string_view to_string(Truth truth) {
  switch (truth) {
    case Truth::kFalse:
      return "false";
    case Truth::kUnknown:
      return "unknown";
    case Truth::kTrue:
      break;
  }
  return "true";
}

std::string Pattern::octets() const {
  std::string octets;
  for (const std::int16_t element : elements_) {
    if (element >= 0) octets += static_cast<char>(element);
  }
  return octets;
}

// Goes back only to the last "*". This is enough: the last one can match everything that an earlier
// one could.
bool Pattern::matches(std::string_view value) const noexcept {
  std::size_t at = 0;       // in value
  std::size_t element = 0;  // in elements_
  std::size_t last_any = elements_.size();
  std::size_t resume = 0;  // where the last "*" ends for now
  while (at < value.size()) {
    const std::int16_t wanted = element < elements_.size() ? elements_[element] : std::int16_t{-3};
    if (wanted == kAny) {
      last_any = element++;
      resume = at;
    } else if (wanted == kOne || wanted == static_cast<std::uint8_t>(value[at])) {
      ++element;
      ++at;
    } else if (last_any < elements_.size()) {
      element = last_any + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (element < elements_.size() && elements_[element] == kAny) ++element;
  return element == elements_.size();
}

// ExpressionParser reads by recursive descent; the depth is bounded. The first error ends it.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  Result<Expression, Expression::Error> parse() {
    if (text_.size() > Expression::kMaxLen) fail("the rule is longer than 4096 bytes");
    Expression whole = expression();
    skip_blanks();
    if (!error_ && at_ < text_.size()) fail("expected \"|\" or \"&\" here");
    if (error_) return *std::move(error_);
    return whole;
  }

 private:
  void fail(std::string message) {
    if (!error_) error_ = Expression::Error{at_, std::move(message)};
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  Expression expression() {
    return list('|', Expression::Kind::kOr, &ExpressionParser::conjunction);
  }
  Expression conjunction() { return list('&', Expression::Kind::kAnd, &ExpressionParser::factor); }

  Expression list(char separator, Expression::Kind kind, Expression (ExpressionParser::*part)()) {
    Expression first = (this->*part)();
    if (error_ || !take(separator)) return first;
    Expression whole;
    whole.kind_ = kind;
    whole.parts_.push_back(std::move(first));
    do {
      whole.parts_.push_back((this->*part)());
    } while (!error_ && take(separator));
    return whole;
  }

  Expression factor() {
    // The term inside counts as a level, too.
    if (++depth_ > Expression::kMaxDepth + 1) fail("\"!\" and \"(\" are nested too deeply");
    Expression result;
    if (error_) return result;
    if (take('!')) {
      result.kind_ = Expression::Kind::kNot;
      result.parts_.push_back(factor());
    } else if (take('(')) {
      result = expression();
      if (!error_ && !take(')')) fail("a \")\" is missing");
    } else {
      result.term_ = term();
    }
    --depth_;
    return result;
  }

  std::string name() {
    skip_blanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
    if (at_ == begin)
      fail(at_ == text_.size() ? "the rule ends where it needs the name of an attribute"
                               : "expected the name of an attribute");
    return std::string(text_.substr(begin, at_ - begin));
  }

  Term term() {
    Term term;
    term.name = name();
    if (error_) return term;
    if (take('=')) {
      term.kind = Term::Kind::kEquals;
      value(&term.value);
    } else if (take('~')) {
      term.kind = Term::Kind::kMatches;
      value(nullptr, &term.pattern);
      if (term.pattern.size() > Expression::kMaxPattern) fail("the pattern is too long");
    } else if (take('>')) {
      term.kind = Term::Kind::kAtLeast;
      if (!take('=')) fail("there is no operator \">\"; use \">=\"");
      value(&term.value);
      if (!error_ && !number(term.value)) fail("\">=\" must be followed by a number");
    } else if (term.name == "exists" || term.name == "complete") {
      term.kind = term.name == "exists" ? Term::Kind::kExists : Term::Kind::kComplete;
      term.name = name();
    } else {
      fail("expected =VALUE, ~PATTERN or >=NUMBER after \"" + term.name +
           "\" (to test whether there is any value, write: exists " + term.name + ")");
    }
    return term;
  }

  // Reads a value into `exact`, or a pattern into `pattern`.
  void value(std::string* exact, Pattern* pattern = nullptr) {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '"') return in_quotes(exact, pattern);
    const std::size_t begin = at_;
    while (at_ < text_.size() && !ends_word(text_[at_])) {
      const char c = text_[at_];
      if (c == '\\') return fail("a backslash is allowed only inside quotes");
      if (c != '*' && c != '?') {
        add(c, exact, pattern);
      } else if (pattern == nullptr) {
        return fail(
            "\"*\" and \"?\" are not wildcards after \"=\": put them in quotes, or write \"~\" "
            "instead of \"=\" for a pattern");
      } else {
        c == '*' ? pattern->add_any() : pattern->add_one();
      }
      ++at_;
    }
    if (at_ == begin) fail("expected a value (write \"\" for the empty one)");
  }

  void in_quotes(std::string* exact, Pattern* pattern) {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '\\') {
        escape(exact, pattern);
        if (error_) return;
      } else if (pattern != nullptr && c == '*') {
        pattern->add_any();
      } else if (pattern != nullptr && c == '?') {
        pattern->add_one();
      } else {
        add(c, exact, pattern);
      }
    }
    fail("the closing quote is missing");
  }

  // After the backslash; leaves at_ on the last octet of the escape.
  void escape(std::string* exact, Pattern* pattern) {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == '"' || c == '\\' || c == '*' || c == '?') {
      ++at_;
      return add(c, exact, pattern);
    }
    if (c == 'x' && at_ + 3 < text_.size()) {
      const auto high = hex_digit(text_[at_ + 2]);
      const auto low = hex_digit(text_[at_ + 3]);
      if (high && low) {
        at_ += 3;
        return add(static_cast<char>(*high << 4 | *low), exact, pattern);
      }
    }
    fail("inside quotes, a backslash must be followed by \\, \", *, ? or xHH");
  }

  static void add(char octet, std::string* exact, Pattern* pattern) {
    if (pattern != nullptr) {
      pattern->add_octet(octet);
    } else {
      *exact += octet;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  std::optional<Expression::Error> error_;
};

Result<Expression, Expression::Error> Expression::parse(std::string_view text) {
  return ExpressionParser(text).parse();
}

Truth Expression::evaluate(const AttributeLookup& attribute) const {
  switch (kind_) {
    case Kind::kTerm:
      return evaluate_term(term_, attribute(term_.name));
    case Kind::kNot:
      return negate(parts_.front().evaluate(attribute));
    case Kind::kAnd: {
      Truth weakest = Truth::kTrue;
      for (const Expression& part : parts_) {
        weakest = std::min(weakest, part.evaluate(attribute));
        if (weakest == Truth::kFalse) break;
      }
      return weakest;
    }
    case Kind::kOr:
      break;
  }
  Truth strongest = Truth::kFalse;
  for (const Expression& part : parts_) {
    strongest = std::max(strongest, part.evaluate(attribute));
    if (strongest == Truth::kTrue) break;
  }
  return strongest;
}

void Expression::replace_values(
    std::string_view name, const std::function<std::string(const std::string& value)>& replace) {
  if (kind_ == Kind::kTerm && term_.kind == Term::Kind::kEquals && term_.name == name) {
    term_.value = replace(term_.value);
  }
  for (Expression& part : parts_) part.replace_values(name, replace);
}

void Expression::collect_terms(std::vector<const Term*>* terms) const {
  if (kind_ == Kind::kTerm) terms->push_back(&term_);
  for (const Expression& part : parts_) part.collect_terms(terms);
}

std::vector<const Term*> Expression::terms() const {
  std::vector<const Term*> terms;
  collect_terms(&terms);
  return terms;
}

std::set<std::string, std::less<>> Expression::proven() const {
  std::set<std::string, std::less<>> names;
  if (kind_ == Kind::kTerm) {
    names.insert(term_.name);
  } else if (kind_ == Kind::kAnd) {
    for (const Expression& part : parts_) names.merge(part.proven());
  } else if (kind_ == Kind::kOr) {
    names = parts_.front().proven();
    for (const Expression& part : parts_) {
      const auto also = part.proven();
      std::erase_if(names, [&](const std::string& name) { return !also.contains(name); });
    }
  }
  return names;
}

void Expression::collect_names(bool is_odd, std::set<std::string, std::less<>>* names) const {
  if (kind_ == Kind::kTerm && !is_odd) names->insert(term_.name);
  for (const Expression& part : parts_) part.collect_names(is_odd != (kind_ == Kind::kNot), names);
}

std::set<std::string, std::less<>> Expression::affirmed() const {
  std::set<std::string, std::less<>> names;
  collect_names(false, &names);
  return names;
}

std::set<std::string, std::less<>> Expression::negated() const {
  std::set<std::string, std::less<>> names;
  collect_names(true, &names);
  return names;
}

}  // namespace gssloop::authz
