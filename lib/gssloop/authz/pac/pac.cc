// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/pac/pac.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "gssloop/authz/pac/pac_parts.h"

namespace gssloop::authz {
namespace {

// PAC_CLIENT_INFO
constexpr std::size_t kNameLengthAt = 8;
constexpr std::size_t kNameAt = 10;

// UPN_DNS_INFO; for each part, first the length, then the offset.
constexpr std::size_t kUpnAt = 0;
constexpr std::size_t kDnsDomainAt = 4;
constexpr std::size_t kFlagsAt = 8;
constexpr std::size_t kSamNameAt = 12;
constexpr std::size_t kSidAt = 16;
constexpr std::size_t kUpnHeaderLen = 12;
constexpr std::size_t kExtendedUpnHeaderLen = 20;
constexpr std::uint32_t kHasSamNameAndSid = 2;  // bit S; the others say nothing about the layout

// Windows and Samba let parts begin, and the buffer end, at multiples of 8.
constexpr std::size_t kMaxPaddingLen = 7;

// A name that may be compared, logged and shown.
std::optional<std::string> read_name(ByteView octets) {
  auto name = from_utf16(octets);
  if (!name || name->empty() || has_control_characters(as_bytes(*name))) return std::nullopt;
  return name;
}

// A FILETIME ([MS-DTYP] 2.3.3) counts units of 100 ns since 1601. 0 is no time.
std::optional<std::string> utc_text(std::uint64_t filetime) {
  using std::chrono::days, std::chrono::sys_days, std::chrono::year, std::chrono::January;
  constexpr std::uint64_t kUnitsPerSecond = 10'000'000;
  constexpr std::uint64_t kSecondsPerDay = 86'400;
  constexpr sys_days kEpoch = year(1601) / January / 1;
  constexpr sys_days kEnd = year(10000) / January / 1;
  const std::uint64_t seconds = filetime / kUnitsPerSecond;
  const std::uint64_t num_days = seconds / kSecondsPerDay;
  if (filetime == 0 || num_days >= static_cast<std::uint64_t>((kEnd - kEpoch).count())) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date = kEpoch + days(num_days);
  const auto time = static_cast<unsigned>(seconds % kSecondsPerDay);
  char text[64];  // far more than what is printed, as the compiler cannot know the ranges
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02uZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time / 3600,
                time / 60 % 60, time % 60);
  return text;
}

struct Part {
  std::size_t len = 0;
  std::size_t offset = 0;

  ByteView of(ByteView buffer) const noexcept { return buffer.subspan(offset, len); }
};

Part part_at(ByteView header, std::size_t at) noexcept {
  return {u16_at(header, at), u16_at(header, at + 2)};
}

// True if the parts are within the buffer, after the header, one after the other, with nothing but
// padding between them. So no octet belongs to two parts, and every octet was checked.
bool is_laid_out_well(std::vector<Part> parts, std::size_t header_len, std::size_t buffer_len) {
  std::ranges::sort(parts, {}, &Part::offset);
  std::size_t end = header_len;
  for (const Part& part : parts) {
    if (part.offset < end || part.offset - end > kMaxPaddingLen) return false;
    if (part.offset % sizeof(char16_t) != 0) return false;
    end = part.offset + part.len;
  }
  return end <= buffer_len && buffer_len - end <= kMaxPaddingLen;
}

bool read_sam_name_and_sid(ByteView buffer, const Part& sam_name, const Part& sid, PacUpn* result) {
  auto name = read_name(sam_name.of(buffer));
  auto user = read_sid(sid.of(buffer));
  if (!name || !user) return false;
  result->sam_name = *std::move(name);
  result->sid = std::move(user->text);
  return true;
}

}  // namespace

std::optional<PacClientInfo> read_pac_client_info(ByteView buffer) {
  if (buffer.size() < kNameAt) return std::nullopt;
  // Nothing follows: KDCs pad after the buffer, not in it (MIT 1.20, Samba 4.17, Windows).
  if (u16_at(buffer, kNameLengthAt) != buffer.size() - kNameAt) return std::nullopt;
  auto time = utc_text(u64_at(buffer, 0));
  auto name = read_name(buffer.subspan(kNameAt));
  if (!time || !name) return std::nullopt;
  return PacClientInfo{*std::move(name), *std::move(time)};
}

std::optional<std::string> read_pac_requestor_sid(ByteView buffer) {
  auto sid = read_sid(buffer);
  if (!sid) return std::nullopt;
  return std::move(sid->text);
}

std::optional<PacUpn> read_pac_upn(ByteView buffer) {
  if (buffer.size() < kUpnHeaderLen) return std::nullopt;
  const bool is_extended = (u32_at(buffer, kFlagsAt) & kHasSamNameAndSid) != 0;
  const std::size_t header_len = is_extended ? kExtendedUpnHeaderLen : kUpnHeaderLen;
  if (buffer.size() < header_len) return std::nullopt;
  std::vector<Part> parts = {part_at(buffer, kUpnAt), part_at(buffer, kDnsDomainAt)};
  if (is_extended) {
    parts.push_back(part_at(buffer, kSamNameAt));
    parts.push_back(part_at(buffer, kSidAt));
  }
  if (!is_laid_out_well(parts, header_len, buffer.size())) return std::nullopt;
  auto upn = read_name(parts[0].of(buffer));
  auto dns_domain = read_name(parts[1].of(buffer));
  if (!upn || !dns_domain) return std::nullopt;
  PacUpn result{*std::move(upn), *std::move(dns_domain), {}, {}};
  if (is_extended && !read_sam_name_and_sid(buffer, parts[2], parts[3], &result)) {
    return std::nullopt;
  }
  return result;
}

}  // namespace gssloop::authz
