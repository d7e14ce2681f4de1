// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/initial_token.h"

#include <algorithm>

namespace gssloop::gss {
namespace {

constexpr std::uint8_t kApplicationZero = 0x60;  // [APPLICATION 0], constructed
constexpr std::uint8_t kOidTag = 0x06;

// The octets of a DER length (X.690 section 8.1.3), shortest form.
class DerLength {
 public:
  explicit DerLength(std::size_t length) {
    if (length >= 0x80) {
      for (std::size_t rest = length; rest != 0; rest >>= 8) ++num_octets_;
      octets_[0] = static_cast<std::uint8_t>(0x80 | num_octets_);
      for (std::size_t i = num_octets_; i > 0; --i, length >>= 8) {
        octets_[i] = static_cast<std::uint8_t>(length);
      }
    } else {
      octets_[0] = static_cast<std::uint8_t>(length);
    }
  }
  ByteView octets() const noexcept { return {octets_, num_octets_ + 1}; }

 private:
  std::uint8_t octets_[1 + sizeof(std::size_t)] = {};
  std::size_t num_octets_ = 0;  // after the first
};

void append(Bytes* out, ByteView octets) { out->insert(out->end(), octets.begin(), octets.end()); }

}  // namespace

// Only the one form, so that what is stripped is restored to the same octets.
std::optional<std::size_t> take_der_length(ByteView* rest) noexcept {
  if (rest->empty()) return std::nullopt;
  const std::uint8_t first = rest->front();
  *rest = rest->subspan(1);
  if (first < 0x80) return first;
  const std::size_t num_octets = first & 0x7F;
  if (num_octets == 0 || num_octets > 4 || rest->size() < num_octets) return std::nullopt;
  const std::size_t length = from_network_order(rest->first(num_octets));
  const bool is_shortest = rest->front() != 0 && length >= 0x80;
  *rest = rest->subspan(num_octets);
  if (!is_shortest) return std::nullopt;
  return length;
}

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
  const DerLength oid_len(mech.octets().size());
  const std::size_t rest_len = 1 + oid_len.octets().size() + mech.octets().size() + inner.size();
  const DerLength length(rest_len);
  Bytes token;
  token.reserve(1 + length.octets().size() + rest_len);
  token.push_back(kApplicationZero);
  append(&token, length.octets());
  token.push_back(kOidTag);
  append(&token, oid_len.octets());
  append(&token, mech.octets());
  append(&token, inner);
  return token;
}

}  // namespace gssloop::gss
