// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_PAC_BUFFERS_H_
#define GSSLOOP_TESTS_SUPPORT_PAC_BUFFERS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gssloop::testing {

// A buffer of a PAC, and the positions of the fields that a test may want to spoil.
struct PacBuffer {
  std::string octets;
  std::map<std::string, std::size_t> at;
};

// le writes a number in little-endian order.
std::string le(std::uint64_t number, std::size_t len);

// utf16 turns code units into UTF-16LE.
std::string utf16(std::u16string_view text);

// utf16_of turns well-formed UTF-8 into code units.
std::u16string utf16_of(std::string_view utf8);

// sid_octets is [MS-DTYP] 2.4.2.2 for a SID in the form "S-1-5-21-1"; the authority may be
// hexadecimal. Nothing is checked.
std::string sid_octets(const std::string& sid);

inline constexpr std::uint32_t kGroupAttributes = 7;  // mandatory, by default, enabled

struct PacGroup {
  std::uint32_t rid = 0;
  std::uint32_t attributes = kGroupAttributes;
};

struct PacSid {
  std::string sid;
  std::uint32_t attributes = kGroupAttributes;
};

// KERB_VALIDATION_INFO ([MS-PAC] 2.5).
struct PacLogonInfo {
  std::uint32_t user_id = 1104;
  std::uint32_t primary_group = 513;
  std::string domain = "S-1-5-21-1-2-3";
  std::vector<PacGroup> groups = {{513}};
  std::vector<PacSid> extra_sids = {};
  std::string resource_domain = {};  // empty: a null pointer
  std::vector<PacGroup> resource_groups = {};
  // No value: bits D and H as the lists demand.
  std::optional<std::uint32_t> user_flags = {};
  std::u16string name = u"alice";
  std::u16string full_name = {};  // empty: a null pointer
  // Empty strings and lists are null pointers, or else pointers to nothing.
  bool empty_is_null = true;
  // Octets between what must be aligned, and after the last.
  char padding = '\0';
};

// logon_info serializes it ([MS-RPCE] 2.2.6, type serialization version 1), headers included.
PacBuffer logon_info(const PacLogonInfo& info);

// with_headers puts the headers before `object`, which is padded to a multiple of 8 octets.
std::string with_headers(std::string object, char padding = '\0');

// client_info is PAC_CLIENT_INFO ([MS-PAC] 2.7).
std::string client_info(std::uint64_t filetime, std::u16string_view name);

// UPN_DNS_INFO ([MS-PAC] 2.10), laid out as Windows does; with a `sid` it is extended.
struct PacUpnInfo {
  std::u16string upn = u"alice@example.test";
  std::u16string dns_domain = u"EXAMPLE.TEST";
  std::u16string sam_name = {};
  std::string sid = {};
};
std::string upn_info(const PacUpnInfo& info);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_PAC_BUFFERS_H_
