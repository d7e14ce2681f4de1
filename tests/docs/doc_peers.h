// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_DOCS_DOC_PEERS_H_
#define GSSLOOP_TESTS_DOCS_DOC_PEERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gssloop::testing {

// Buffers of a PAC, as small as they can be, for peers that examples speak of.

// The domain that logon_info speaks of, as its SID.
inline constexpr std::string_view kDomain = "S-1-5-21-1004336348-1177238915-682003330";

inline void append_number(std::uint64_t number, std::size_t len, std::string* octets) {
  for (std::size_t i = 0; i < len; ++i) *octets += static_cast<char>(number >> 8 * i);
}
inline void append_u32(std::uint32_t number, std::string* octets) {
  append_number(number, 4, octets);
}
inline void put_u32(std::uint32_t number, std::size_t at, std::string* octets) {
  std::string text;
  append_u32(number, &text);
  octets->replace(at, text.size(), text);
}

// KERB_VALIDATION_INFO ([MS-PAC] 2.5) of a user of kDomain in these of its groups, the first
// the primary.
inline std::string logon_info(const std::vector<std::uint32_t>& rids, std::uint32_t user = 1000) {
  constexpr std::uint32_t kPointer = 0x20000;  // any but 0 points to what follows
  std::string info(216, '\0');
  put_u32(user, 100, &info);  // UserId
  put_u32(rids.at(0), 104, &info);
  put_u32(static_cast<std::uint32_t>(rids.size()), 108, &info);
  put_u32(kPointer, 112, &info);  // GroupIds
  put_u32(kPointer, 152, &info);  // LogonDomainId
  std::string object;
  append_u32(kPointer, &object);
  object += info;
  append_u32(static_cast<std::uint32_t>(rids.size()), &object);
  for (const std::uint32_t rid : rids) {
    append_u32(rid, &object);
    append_u32(7, &object);  // mandatory, enabled by default, enabled
  }
  append_u32(4, &object);
  object += std::string("\x01\x04\x00\x00\x00\x00\x00\x05", 8);
  for (const std::uint32_t part : {21U, 1004336348U, 1177238915U, 682003330U}) {
    append_u32(part, &object);
  }
  object.resize((object.size() + 7) / 8 * 8);
  std::string buffer("\x01\x10\x08\x00\xCC\xCC\xCC\xCC", 8);
  append_number(object.size(), 8, &buffer);
  return buffer + object;
}

// UPN_DNS_INFO ([MS-PAC] 2.10) without its newer part; ASCII only.
inline std::string upn_info(std::string_view upn, std::string_view dns_domain) {
  constexpr std::size_t kHeaderLen = 12, kParts = 16;
  std::string header, parts;
  for (const std::string_view part : {upn, dns_domain}) {
    append_number(part.size() * 2, 2, &header);
    append_number(kParts + parts.size(), 2, &header);
    for (const char c : part) append_number(static_cast<unsigned char>(c), 2, &parts);
  }
  header.resize(kHeaderLen);
  header.resize(kParts);
  parts.resize((parts.size() + 7) / 8 * 8);
  return header + parts;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_DOCS_DOC_PEERS_H_
