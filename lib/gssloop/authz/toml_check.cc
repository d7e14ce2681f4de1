// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/toml_check.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gssloop/base/bytes.h"

namespace gssloop::authz {
namespace {

// A policy needs five parts (services.NAME.mechanisms.MECHANISM.KEY), and brackets two deep.
constexpr unsigned kMaxParts = 16;
constexpr unsigned kMaxDepth = 16;

// toml++ skips it at the beginning.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_outside_ascii(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

bool is_one_of(char c, std::string_view characters) noexcept {
  return characters.find(c) != characters.npos;
}

TomlFault fault_at(std::string_view text, std::size_t offset, std::string message) {
  const std::string_view before = text.substr(0, offset);
  const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  // The octets after the first one of a character are 10xxxxxx.
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return {1 + static_cast<unsigned>(std::ranges::count(before, '\n')),
          1 + static_cast<unsigned>(std::ranges::count_if(line, begins)), std::move(message)};
}

std::string octet_name(char c) { return "0x" + hex(as_bytes(std::string_view(&c, 1))); }

// What no part of a TOML file may contain.
std::optional<TomlFault> find_octet_fault(std::string_view text) {
  const std::size_t utf8_len = utf8_prefix_len(as_bytes(text));
  for (std::size_t i = 0; i < utf8_len; ++i) {
    const char c = text[i];
    const bool is_line_end = c == '\n' || (c == '\r' && text.substr(i + 1).starts_with('\n'));
    const bool is_control = (c >= 0 && c < 0x20) || c == 0x7F;
    if (!is_control || is_line_end || c == '\t') continue;
    return fault_at(text, i, "there is the control character " + octet_name(c) + "; remove it");
  }
  if (utf8_len == text.size()) return std::nullopt;
  return fault_at(text, utf8_len,
                  "the byte " + octet_name(text[utf8_len]) +
                      " is not UTF-8 here; save the file in UTF-8, or correct the character");
}

constexpr const char* kNotAscii =
    "a character that is not ASCII is allowed only in values and comments; write quotes as \" or '";

// Scanner finds the strings and comments of a text, and what is between them. toml++ asks of each
// character between tokens whether it is white space, and its answer is undefined for many outside
// ASCII. It does so in a string as well, after a backslash at the end of a line, and if the string
// follows a digit or sign: it reads all up to a blank as a number, brackets, "=" and quotes as
// well. So these must be where names and values begin.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<TomlFault> run() {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (const char* why = c == '"' || c == '\'' ? take_string(c) : take(c)) {
        return fault_at(text_, at_, why);
      }
    }
    return std::nullopt;
  }

 private:
  // Takes one character outside strings and comments. Returns what is wrong with the text at at_.
  const char* take(char c) noexcept {
    const char* why = nullptr;
    if (is_outside_ascii(c)) return kNotAscii;
    if (c == '.') {
      if (++num_dots_ == kMaxParts) why = "a name has more than 16 parts";
    } else if (c == '=') {
      // After white space the parser knows that the value has ended.
      const bool follows_space = at_ > 0 && is_one_of(text_[at_ - 1], " \t\n");
      const bool was_in_value = std::exchange(is_in_value_, true);
      if (was_in_value && !follows_space) why = "\"=\" is allowed only after a name";
    } else if (c == '[' || c == '{') {
      why = open(c);
    } else if (c == ']' || c == '}') {
      if (depth_ > 0) --depth_;
    } else if (c == ',') {
      is_in_value_ = depth_ > 0 && opened_[depth_ - 1] == '[';
    } else if (c == '\n') {
      // The header of a table ends with its line, also if its bracket is missing.
      if (std::exchange(is_in_header_, false)) depth_ = 0;
      if (depth_ == 0) is_in_value_ = false;
    }
    if (is_one_of(c, "=[]{},\n")) num_dots_ = 0;
    const bool is_space = is_one_of(c, " \t\r") || (c == '\n' && depth_ > 0);
    if (!is_space) last_ = c;
    if (why == nullptr) ++at_;
    return why;
  }

  const char* open(char bracket) noexcept {
    const bool is_header = bracket == '[' && last_ == '\n';
    if (!is_header && !is_one_of(last_, "=,[")) {
      return "a bracket is allowed only at the beginning of a value";
    }
    if (is_header && depth_ == 0) is_in_header_ = true;
    if (depth_ == kMaxDepth) return "brackets are nested more than 16 deep";
    opened_[depth_++] = bracket;
    is_in_value_ = bracket == '[';
    return nullptr;
  }

  const char* take_string(char quote) noexcept {
    // A line begins with a name. Names in policies are ASCII, and so may be what follows a dot,
    // which can also be the one of a number.
    const bool is_value = is_one_of(last_, "=,[{");
    if (!is_value && last_ != '\n' && last_ != '.') {
      return "a quote is allowed only at the beginning of a name or a value";
    }
    last_ = quote;
    const bool is_long = num_quotes(quote) >= 3;
    at_ += is_long ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !is_long) return nullptr;  // the parser says that the quote is missing
      if (is_outside_ascii(c) && !is_value) return kNotAscii;
      if (c == '\\' && quote == '"') {
        if (const char* why = take_escape(is_long)) return why;
      } else if (c != quote) {
        ++at_;
      } else {
        // The closing quotes of a long string may follow two that belong to it.
        const std::size_t num = is_long ? num_quotes(quote) : 1;
        at_ += num;
        if (!is_long || num >= 3) return nullptr;
      }
    }
    return nullptr;
  }

  const char* take_escape(bool is_long) noexcept {
    at_ = std::min(at_ + 1, text_.size());
    const std::size_t next = text_.find_first_not_of(" \t\r\n", at_);
    if (is_long && next != at_) {
      at_ = std::min(next, text_.size());
    } else if (at_ < text_.size() && !is_outside_ascii(text_[at_])) {
      ++at_;
      return nullptr;
    }
    if (at_ == text_.size() || !is_outside_ascii(text_[at_])) return nullptr;
    return "a character that is not ASCII must not follow a backslash";
  }

  // The number of quotes here, at most five.
  std::size_t num_quotes(char quote) const noexcept {
    const std::string_view next = text_.substr(at_, 5);
    return std::min(next.find_first_not_of(quote), next.size());
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  char last_ = '\n';       // before at_, without white space, and line ends within brackets
  unsigned num_dots_ = 0;  // of the present name
  unsigned depth_ = 0;     // of brackets and braces
  std::array<char, kMaxDepth> opened_{};
  bool is_in_value_ = false;  // after "=", or in an array
  bool is_in_header_ = false;
};

}  // namespace

std::optional<TomlFault> find_toml_fault(std::string_view text) {
  if (auto fault = find_octet_fault(text)) return fault;
  return Scanner(text).run();
}

}  // namespace gssloop::authz
