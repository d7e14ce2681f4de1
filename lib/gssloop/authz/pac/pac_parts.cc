// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/pac/pac_parts.h"

namespace gssloop::authz {
namespace {

constexpr std::uint8_t kSidRevision = 1;
constexpr std::size_t kSidHeaderLen = 8;
constexpr std::size_t kAuthorityAt = 2;
constexpr std::size_t kAuthorityLen = 6;
constexpr std::size_t kSubAuthorityLen = 4;

bool is_high_surrogate(std::uint16_t unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint16_t unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

// RFC 3629 section 3; `code_point` is at most U+10FFFF and no surrogate.
void append_utf8(char32_t code_point, std::string* text) {
  const auto put = [text](char32_t octet) { *text += static_cast<char>(octet); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

// [MS-DTYP] 2.4.2.1: decimal below 2^32, and from there on twelve hexadecimal digits.
std::string authority_text(std::uint64_t authority) {
  if (authority >> 32 == 0) return std::to_string(authority);
  std::uint8_t octets[6];
  to_network_order(static_cast<std::uint32_t>(authority >> 32), std::span(octets).first(2));
  to_network_order(static_cast<std::uint32_t>(authority), std::span(octets).last(4));
  return "0x" + hex(octets);
}

}  // namespace

std::optional<std::string> from_utf16(ByteView octets) {
  if (octets.size() % 2 != 0) return std::nullopt;
  std::string text;
  text.reserve(octets.size() / 2);
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    const std::uint16_t unit = u16_at(octets, i);
    if (is_low_surrogate(unit)) return std::nullopt;
    if (!is_high_surrogate(unit)) {
      append_utf8(unit, &text);
      continue;
    }
    i += 2;
    if (i == octets.size()) return std::nullopt;
    const std::uint16_t low = u16_at(octets, i);
    if (!is_low_surrogate(low)) return std::nullopt;
    append_utf8(0x10000 + ((unit & 0x3FFU) << 10 | (low & 0x3FFU)), &text);
  }
  return text;
}

std::optional<Sid> read_sid(ByteView octets) {
  if (octets.size() < kSidHeaderLen || octets[0] != kSidRevision) return std::nullopt;
  const std::size_t num_subs = octets[1];
  if (num_subs == 0 || num_subs > Sid::kMaxSubAuthorities) return std::nullopt;
  if (octets.size() != kSidHeaderLen + num_subs * kSubAuthorityLen) return std::nullopt;
  std::uint64_t authority = 0;  // alone in network order
  for (const std::uint8_t octet : octets.subspan(kAuthorityAt, kAuthorityLen)) {
    authority = authority << 8 | octet;
  }
  Sid sid{"S-1-" + authority_text(authority), num_subs};
  for (std::size_t i = 0; i < num_subs; ++i) {
    sid.text += '-';
    sid.text += std::to_string(u32_at(octets, kSidHeaderLen + i * kSubAuthorityLen));
  }
  return sid;
}

std::optional<std::string> with_rid(const Sid& domain, std::uint32_t rid) {
  if (domain.num_sub_authorities >= Sid::kMaxSubAuthorities) return std::nullopt;
  return domain.text + "-" + std::to_string(rid);
}

}  // namespace gssloop::authz
