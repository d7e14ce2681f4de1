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

}  // namespace

bool is_utf8(ByteView octets) noexcept {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (octets[i] < 0x80) continue;
    const auto [num_trailing, low, high] = sequence_after(octets[i]);
    if (num_trailing == 0 || octets.size() - i <= num_trailing) return false;
    if (octets[i + 1] < low || octets[i + 1] > high) return false;
    for (std::size_t k = 2; k <= num_trailing; ++k) {
      if ((octets[i + k] & 0xC0) != 0x80) return false;
    }
    i += num_trailing;
  }
  return true;
}

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
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t num_left = octets.size() - i;
    const unsigned group = static_cast<unsigned>(octets[i]) << 16 |
                           (num_left > 1 ? static_cast<unsigned>(octets[i + 1]) << 8 : 0U) |
                           (num_left > 2 ? static_cast<unsigned>(octets[i + 2]) : 0U);
    text += kAlphabet[group >> 18];
    text += kAlphabet[group >> 12 & 63];
    text += num_left > 1 ? kAlphabet[group >> 6 & 63] : '=';
    text += num_left > 2 ? kAlphabet[group & 63] : '=';
  }
  return text;
}

std::string hex(ByteView octets) {
  std::string text;
  text.reserve(octets.size() * 2);
  for (const std::uint8_t octet : octets) append_hex(octet, &text);
  return text;
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

void Secret::wipe() noexcept {
  // volatile: the compiler must not remove the stores, although no code reads them before the
  // memory is freed.
  volatile std::uint8_t* octet = octets_.data();
  for (std::size_t i = 0; i < octets_.size(); ++i) octet[i] = 0;
  octets_.clear();
}

}  // namespace gssloop
