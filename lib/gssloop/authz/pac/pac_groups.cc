// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "gssloop/authz/pac/pac.h"
#include "gssloop/authz/pac/pac_parts.h"

namespace gssloop::authz {
namespace {

// The headers of type serialization version 1 ([MS-RPCE] 2.2.6.1, 2.2.6.2), all numbers as they
// read in little-endian order. The reader also requires the values of the octets that readers
// "SHOULD" ignore: writers MUST write these values, and all do.
constexpr std::uint32_t kVersionOrderLength = 0x0008'10'01;
constexpr std::uint32_t kCommonFiller = 0xCCCCCCCC;
constexpr std::size_t kObjectLengthAt = 8;
constexpr std::size_t kHeadersLen = 16;
constexpr std::size_t kObjectUnit = 8;

// The offsets of the fields of KERB_VALIDATION_INFO that are used here.
constexpr std::size_t kNamesAt = 48;
constexpr std::size_t kNumNames = 6;  // EffectiveName to HomeDirectoryDrive
constexpr std::size_t kUserIdAt = 100;
constexpr std::size_t kPrimaryGroupIdAt = 104;
constexpr std::size_t kGroupCountAt = 108;
constexpr std::size_t kGroupIdsAt = 112;
constexpr std::size_t kUserFlagsAt = 116;
constexpr std::size_t kLogonNamesAt = 136;
constexpr std::size_t kNumLogonNames = 2;  // LogonServer, LogonDomainName
constexpr std::size_t kLogonDomainIdAt = 152;
constexpr std::size_t kSidCountAt = 196;
constexpr std::size_t kExtraSidsAt = 200;
constexpr std::size_t kResourceGroupDomainSidAt = 204;
constexpr std::size_t kResourceGroupCountAt = 208;
constexpr std::size_t kResourceGroupIdsAt = 212;
constexpr std::size_t kInfoLen = 216;

constexpr std::uint32_t kHasExtraSids = 0x20;        // bit D of UserFlags
constexpr std::uint32_t kHasResourceGroups = 0x200;  // bit H

constexpr std::size_t kNameLen = 8;    // RPC_UNICODE_STRING without its characters
constexpr std::size_t kMemberLen = 8;  // GROUP_MEMBERSHIP; and KERB_SID_AND_ATTRIBUTES: a pointer
constexpr std::size_t kAttributesAt = 4;
constexpr std::uint32_t kGroupEnabled = 0x04;
constexpr std::uint32_t kGroupForDenyOnly = 0x10;

// NdrReader reads a sequence of NDR values. Every value in a KERB_VALIDATION_INFO begins at a
// multiple of 4 octets; the octets between are padding of any value (C706 14.2.2).
class NdrReader {
 public:
  explicit NdrReader(ByteView object) : object_(object) {}

  std::optional<ByteView> take(std::size_t len) noexcept {
    const std::size_t start = (end_ + 3) / 4 * 4;
    if (start > object_.size() || object_.size() - start < len) return std::nullopt;
    end_ = start + len;
    return object_.subspan(start, len);
  }

  std::optional<std::uint32_t> take_u32() noexcept {
    const auto octets = take(4);
    if (!octets) return std::nullopt;
    return u32_at(*octets, 0);
  }

  // True if only the padding of the object to its unit is left ([MS-RPCE] 2.2.6.2).
  bool is_at_end() const noexcept { return object_.size() - end_ < kObjectUnit; }

 private:
  ByteView object_;
  std::size_t end_ = 0;  // of what was taken last
};

// The serialized object after the headers, which must have its length.
std::optional<ByteView> strip_headers(ByteView buffer) noexcept {
  if (buffer.size() < kHeadersLen) return std::nullopt;
  const std::size_t object_len = buffer.size() - kHeadersLen;
  const bool is_as_written =
      u32_at(buffer, 0) == kVersionOrderLength && u32_at(buffer, 4) == kCommonFiller &&
      u32_at(buffer, kObjectLengthAt) == object_len && u32_at(buffer, kObjectLengthAt + 4) == 0;
  if (!is_as_written || object_len % kObjectUnit != 0) return std::nullopt;
  return buffer.subspan(kHeadersLen);
}

// Skips the characters of an RPC_UNICODE_STRING ([MS-DTYP] 2.3.10), a conformant varying array. The
// names are not used, but a malformed name makes the whole buffer doubtful.
bool skip_name(ByteView field, NdrReader* reader) {
  const std::uint16_t len = u16_at(field, 0);
  const std::uint16_t max_len = u16_at(field, 2);
  if (len % 2 != 0 || max_len % 2 != 0 || len > max_len) return false;
  if (u32_at(field, 4) == 0) return max_len == 0;
  const auto bounds = reader->take(12);
  if (!bounds || u32_at(*bounds, 0) != max_len / 2U || u32_at(*bounds, 4) != 0 ||
      u32_at(*bounds, 8) != len / 2U) {
    return false;
  }
  const auto characters = reader->take(len);
  return characters && from_utf16(*characters);
}

// The elements of a conformant array, whose own count must equal that of the field.
std::optional<ByteView> take_members(std::uint32_t count, std::uint32_t pointer,
                                     NdrReader* reader) noexcept {
  if (pointer == 0) return count == 0 ? std::optional(ByteView()) : std::nullopt;
  if (count > kMaxPacGroups || reader->take_u32() != count) return std::nullopt;
  return reader->take(count * kMemberLen);
}

// RPC_SID ([MS-DTYP] 2.4.2.3): the count of the array, then the SID as elsewhere. read_sid also
// checks the count in the SID: it reads all of the octets or fails.
std::optional<Sid> take_sid(NdrReader* reader) {
  const auto count = reader->take_u32();
  if (!count || *count > Sid::kMaxSubAuthorities) return std::nullopt;
  const auto octets = reader->take(8 + std::size_t{*count} * 4);
  if (!octets) return std::nullopt;
  return read_sid(*octets);
}

bool is_membership(ByteView member) noexcept {
  const std::uint32_t attributes = u32_at(member, kAttributesAt);
  return (attributes & (kGroupEnabled | kGroupForDenyOnly)) == kGroupEnabled;
}

// LogonInfo reads one KERB_VALIDATION_INFO. Each step reads the next part and says whether it is
// valid; after a step that failed no other may be called.
class LogonInfo {
 public:
  explicit LogonInfo(ByteView object) : reader_(object) {}

  bool read() {
    return read_info() && skip_names(kNamesAt, kNumNames) && take_account_groups() &&
           skip_names(kLogonNamesAt, kNumLogonNames) && add_account_groups() && add_extra_sids() &&
           add_resource_groups() && reader_.is_at_end();
  }

  std::vector<std::string> take_groups() { return std::move(groups_); }
  std::string take_user() { return std::move(user_); }

 private:
  std::uint32_t field(std::size_t at) const noexcept { return u32_at(info_, at); }

  bool read_info() {
    const auto pointer = reader_.take_u32();
    if (!pointer || *pointer == 0) return false;
    const auto info = reader_.take(kInfoLen);
    if (!info) return false;
    info_ = *info;
    return field(kUserIdAt) != 0;
  }

  bool skip_names(std::size_t at, std::size_t num_names) {
    for (std::size_t i = 0; i < num_names; ++i) {
      if (!skip_name(info_.subspan(at + i * kNameLen, kNameLen), &reader_)) return false;
    }
    return true;
  }

  // The RIDs come before the SID of their domain.
  bool take_account_groups() {
    const auto members = take_members(field(kGroupCountAt), field(kGroupIdsAt), &reader_);
    if (members) account_groups_ = *members;
    return members.has_value();
  }

  bool add_account_groups() {
    if (field(kLogonDomainIdAt) == 0) return false;
    const auto domain = take_sid(&reader_);
    if (!domain) return false;
    auto user = with_rid(*domain, field(kUserIdAt));
    if (!user) return false;
    user_ = *std::move(user);
    const std::uint32_t primary = field(kPrimaryGroupIdAt);
    bool is_listed = false;
    for (std::size_t at = 0; at < account_groups_.size(); at += kMemberLen) {
      is_listed = is_listed || u32_at(account_groups_, at) == primary;
    }
    return (is_listed || add(with_rid(*domain, primary))) && add_all(*domain, account_groups_);
  }

  bool add_extra_sids() {
    if ((field(kUserFlagsAt) & kHasExtraSids) == 0) {
      return field(kSidCountAt) == 0 && field(kExtraSidsAt) == 0;
    }
    const auto members = take_members(field(kSidCountAt), field(kExtraSidsAt), &reader_);
    if (!members) return false;
    for (std::size_t at = 0; at < members->size(); at += kMemberLen) {
      const ByteView member = members->subspan(at, kMemberLen);
      if (u32_at(member, 0) == 0 || !is_membership(member)) return false;
      auto sid = take_sid(&reader_);
      if (!sid || !add(std::move(sid->text))) return false;
    }
    return true;
  }

  bool add_resource_groups() {
    const bool has_domain = field(kResourceGroupDomainSidAt) != 0;
    const std::uint32_t count = field(kResourceGroupCountAt);
    if ((field(kUserFlagsAt) & kHasResourceGroups) == 0) {
      return !has_domain && count == 0 && field(kResourceGroupIdsAt) == 0;
    }
    const auto domain = has_domain ? take_sid(&reader_) : std::nullopt;
    if (has_domain && !domain) return false;
    const auto members = take_members(count, field(kResourceGroupIdsAt), &reader_);
    if (!members) return false;
    return members->empty() || (domain && add_all(*domain, *members));
  }

  bool add_all(const Sid& domain, ByteView members) {
    for (std::size_t at = 0; at < members.size(); at += kMemberLen) {
      const ByteView member = members.subspan(at, kMemberLen);
      if (!is_membership(member) || !add(with_rid(domain, u32_at(member, 0)))) return false;
    }
    return true;
  }

  bool add(std::optional<std::string> sid) {
    if (!sid) return false;
    if (known_.insert(*sid).second) groups_.push_back(*std::move(sid));
    return true;
  }

  NdrReader reader_;
  ByteView info_;
  ByteView account_groups_;
  std::string user_;
  std::vector<std::string> groups_;
  std::unordered_set<std::string> known_;
};

}  // namespace

std::optional<std::vector<std::string>> read_pac_groups(ByteView buffer) {
  const auto object = strip_headers(buffer);
  if (!object) return std::nullopt;
  LogonInfo info(*object);
  if (!info.read()) return std::nullopt;
  return info.take_groups();
}

std::optional<std::string> read_pac_user_sid(ByteView buffer) {
  if (const auto object = strip_headers(buffer)) {
    LogonInfo info(*object);
    if (info.read()) return info.take_user();
    return std::nullopt;
  }
  auto upn = read_pac_upn(buffer);
  if (!upn) return std::nullopt;
  return std::move(upn->sid);
}

}  // namespace gssloop::authz
