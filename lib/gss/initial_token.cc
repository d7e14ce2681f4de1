// SPDX-License-Identifier: BSD-2-Clause
#include "lib/gss/initial_token.h"

#include <algorithm>

namespace gssloop::gss {
namespace {

constexpr std::uint8_t kApplicationZero = 0x60;  // [APPLICATION 0], constructed
constexpr std::uint8_t kOidTag = 0x06;

void append_der_length(Bytes* out, std::size_t length) {
  if (length < 0x80) {
    out->push_back(static_cast<std::uint8_t>(length));
    return;
  }
  std::uint8_t octets[sizeof length];
  int num_octets = 0;
  for (; length != 0; length >>= 8) octets[num_octets++] = static_cast<std::uint8_t>(length);
  out->push_back(static_cast<std::uint8_t>(0x80 | num_octets));
  while (num_octets > 0) out->push_back(octets[--num_octets]);
}

// Reads a DER length at the front of `rest` and drops it; nullopt unless it is in the one form that
// DER allows, so that what is stripped is restored to the same octets.
std::optional<std::size_t> take_der_length(ByteView* rest) noexcept {
  if (rest->empty()) return std::nullopt;
  const std::uint8_t first = rest->front();
  *rest = rest->subspan(1);
  if (first < 0x80) return first;
  const std::size_t num_octets = first & 0x7F;
  if (num_octets == 0 || num_octets > 4 || rest->size() < num_octets) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < num_octets; ++i) length = length << 8 | (*rest)[i];
  const bool is_shortest = rest->front() != 0 && length >= 0x80;
  *rest = rest->subspan(num_octets);
  if (!is_shortest) return std::nullopt;
  return length;
}

}  // namespace

std::optional<ByteView> strip_initial_header(ByteView token, const Oid& mech) noexcept {
  if (token.empty() || token.front() != kApplicationZero) return std::nullopt;
  ByteView rest = token.subspan(1);
  const auto length = take_der_length(&rest);
  if (!length || *length != rest.size()) return std::nullopt;
  if (rest.empty() || rest.front() != kOidTag) return std::nullopt;
  rest = rest.subspan(1);
  const auto oid_len = take_der_length(&rest);
  if (!oid_len || *oid_len > rest.size()) return std::nullopt;
  if (!std::ranges::equal(rest.first(*oid_len), mech.octets())) return std::nullopt;
  return rest.subspan(*oid_len);
}

Bytes restore_initial_header(ByteView inner, const Oid& mech) {
  const ByteView oid = mech.octets();
  Bytes body;
  body.reserve(2 + 4 + oid.size() + inner.size());
  body.push_back(kOidTag);
  append_der_length(&body, oid.size());
  body.insert(body.end(), oid.begin(), oid.end());
  body.insert(body.end(), inner.begin(), inner.end());
  Bytes token;
  token.reserve(6 + body.size());
  token.push_back(kApplicationZero);
  append_der_length(&token, body.size());
  token.insert(token.end(), body.begin(), body.end());
  return token;
}

}  // namespace gssloop::gss
