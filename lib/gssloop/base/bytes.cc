// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/base/bytes.h"

#include <algorithm>

namespace gssloop {
namespace {

// The octets that RFC 3629 section 4 allows after a lead octet: their number, and the range of the
// first of them (which excludes overlong forms, surrogates and values above U+10FFFF).
struct Sequence {
  std::size_t num_trailing;
  std::uint8_t low, high;
};

Sequence sequence_after(std::uint8_t lead) noexcept {
  if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
  return {0, 0, 0};
}

void append_hex(std::uint8_t octet, std::string* text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  text->append({kDigits[octet >> 4], kDigits[octet & 15]});
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::size_t utf8_prefix_len(ByteView octets) noexcept {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (octets[i] < 0x80) continue;
    const auto [num_trailing, low, high] = sequence_after(octets[i]);
    if (num_trailing == 0 || octets.size() - i <= num_trailing) return i;
    if (octets[i + 1] < low || octets[i + 1] > high) return i;
    for (std::size_t k = 2; k <= num_trailing; ++k) {
      if ((octets[i + k] & 0xC0) != 0x80) return i;
    }
    i += num_trailing;
  }
  return octets.size();
}

bool is_utf8(ByteView octets) noexcept { return utf8_prefix_len(octets) == octets.size(); }

bool has_control_characters(ByteView octets) noexcept {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (octets[i] < 0x20 || octets[i] == 0x7F) return true;
    if (octets[i] != 0xC2 || i + 1 == octets.size()) continue;
    if (octets[i + 1] >= 0x80 && octets[i + 1] < 0xA0) return true;
  }
  return false;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

std::string base64(ByteView octets) {
  std::string text((octets.size() + 2) / 3 * 4, '=');
  char* next = text.data();
  for (; octets.size() >= 3; octets = octets.subspan(3)) {
    const unsigned group =
        static_cast<unsigned>(octets[0]) << 16 | static_cast<unsigned>(octets[1]) << 8 | octets[2];
    *next++ = kBase64[group >> 18];
    *next++ = kBase64[group >> 12 & 63];
    *next++ = kBase64[group >> 6 & 63];
    *next++ = kBase64[group & 63];
  }
  if (octets.empty()) return text;
  const bool has_two = octets.size() == 2;
  const unsigned group = static_cast<unsigned>(octets[0]) << 16 |
                         (has_two ? static_cast<unsigned>(octets[1]) << 8 : 0U);
  *next++ = kBase64[group >> 18];
  *next++ = kBase64[group >> 12 & 63];
  if (has_two) *next++ = kBase64[group >> 6 & 63];
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes octets;
  std::uint32_t group = 0;
  unsigned num_bits = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const auto digit = kBase64.find(c);
    if (digit == kBase64.npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    num_bits += 6;
    if (num_bits < 8) continue;
    num_bits -= 8;
    octets.push_back(static_cast<std::uint8_t>(group >> num_bits & 0xFF));
  }
  // Padding, and the bits that no octet uses: as base64() writes them, or not at all.
  if (base64(octets) != text) return std::nullopt;
  return octets;
}

std::string hex(ByteView octets) {
  std::string text;
  text.reserve(octets.size() * 2);
  for (const std::uint8_t octet : octets) append_hex(octet, &text);
  return text;
}

std::optional<Bytes> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  Bytes octets;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
    if (!high || !low) return std::nullopt;
    octets.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return octets;
}

std::string printable(ByteView octets, std::size_t max_len) {
  std::string text;
  for (const std::uint8_t octet : octets.first(std::min(max_len, octets.size()))) {
    if (octet >= 0x20 && octet < 0x7F && octet != '\\') {
      text += static_cast<char>(octet);
    } else {
      text += "\\x";
      append_hex(octet, &text);
    }
  }
  if (octets.size() > max_len) text += "...";
  return text;
}

std::string in_quotes(std::string_view text, std::size_t max_len) {
  return "\"" + printable(as_bytes(text), max_len) + "\"";
}

void Secret::wipe() noexcept {
  // volatile: the compiler must not remove the stores, although no code reads them before the
  // memory is freed.
  volatile std::uint8_t* octet = octets_.data();
  for (std::size_t i = 0; i < octets_.size(); ++i) octet[i] = 0;
  octets_.clear();
}

}  // namespace gssloop
