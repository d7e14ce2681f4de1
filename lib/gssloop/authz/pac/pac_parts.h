// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_PAC_PAC_PARTS_H_
#define GSSLOOP_AUTHZ_PAC_PAC_PARTS_H_

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>

#include "gssloop/base/bytes.h"

// The data types in the buffers of a PAC, which pac.cc and pac_groups.cc share.

namespace gssloop::authz {

// number_at reads a number in little-endian order. The caller must have checked that it is within
// the view.
template <class Number>
Number number_at(ByteView octets, std::size_t at) noexcept {
  assert(at + sizeof(Number) <= octets.size());
  Number number = 0;
  for (std::size_t i = sizeof(Number); i > 0; --i) {
    number = static_cast<Number>(static_cast<std::uint64_t>(number) << 8 | octets[at + i - 1]);
  }
  return number;
}

inline std::uint16_t u16_at(ByteView octets, std::size_t at) noexcept {
  return number_at<std::uint16_t>(octets, at);
}
inline std::uint32_t u32_at(ByteView octets, std::size_t at) noexcept {
  return number_at<std::uint32_t>(octets, at);
}
inline std::uint64_t u64_at(ByteView octets, std::size_t at) noexcept {
  return number_at<std::uint64_t>(octets, at);
}

// from_utf16 turns UTF-16LE into UTF-8; nullopt for an odd number of octets and for a surrogate
// without its other half (RFC 2781 section 2.2). It converts U+0000 and control characters, too.
std::optional<std::string> from_utf16(ByteView octets);

// A SID as text ([MS-DTYP] 2.4.2.1), and its length in octets.
struct Sid {
  static constexpr std::size_t kMaxSubAuthorities = 15;

  std::string text;
  std::size_t num_sub_authorities = 0;
};

// read_sid reads a SID ([MS-DTYP] 2.4.2.2) that is all of `octets`. nullopt for a revision other
// than 1, and for no sub-authority (which has no form as text) or more than 15.
std::optional<Sid> read_sid(ByteView octets);

// with_rid returns the SID of a domain's group as text; nullopt if the domain has no room for it.
std::optional<std::string> with_rid(const Sid& domain, std::uint32_t rid);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_PAC_PAC_PARTS_H_
