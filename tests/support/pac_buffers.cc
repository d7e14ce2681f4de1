// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/pac_buffers.h"

#include <cstdlib>
#include <utility>

namespace gssloop::testing {
namespace {

constexpr std::uint32_t kHasExtraSids = 0x20;
constexpr std::uint32_t kHasResourceGroups = 0x200;
constexpr std::uint64_t kNever = 0x7FFFFFFFFFFFFFFF;

// Puts numbers and octets one after the other, and notes the positions of some of them.
class NdrWriter {
 public:
  explicit NdrWriter(char padding) : padding_(padding) {}

  void mark(const std::string& name) { buffer_.at[name] = buffer_.octets.size(); }
  void u16(std::size_t number) { buffer_.octets += le(number, 2); }
  void u32(std::size_t number) { buffer_.octets += le(number, 4); }
  void u32(const std::string& name, std::size_t number) {
    mark(name);
    u32(number);
  }
  void u64(std::uint64_t number) { buffer_.octets += le(number, 8); }
  void octets(std::string_view text) { buffer_.octets += text; }
  void align(std::size_t unit) {
    while (buffer_.octets.size() % unit != 0) buffer_.octets += padding_;
  }
  // As Windows numbers its referents.
  void pointer(const std::string& name, bool is_there) {
    u32(name, is_there ? 0x00020000 + 4 * num_pointers_++ : 0);
  }
  PacBuffer take() { return std::move(buffer_); }

 private:
  PacBuffer buffer_;
  std::size_t num_pointers_ = 0;
  const char padding_;
};

class LogonInfoWriter {
 public:
  explicit LogonInfoWriter(const PacLogonInfo& info) : info_(info), out_(info.padding) {}

  PacBuffer write() {
    put_headers();
    out_.pointer("Info", true);
    put_info();
    for (const char* name : {"EffectiveName", "FullName", "LogonScript", "ProfilePath",
                             "HomeDirectory", "HomeDirectoryDrive"}) {
      put_text(name);
    }
    put_groups("GroupIds", info_.groups);
    put_text("LogonServer");
    put_text("LogonDomainName");
    put_sid("LogonDomainId", info_.domain);
    put_extra_sids();
    if (!info_.resource_domain.empty()) put_sid("ResourceGroupDomainSid", info_.resource_domain);
    put_groups("ResourceGroupIds", info_.resource_groups);
    out_.align(8);
    PacBuffer buffer = out_.take();
    buffer.octets.replace(8, 4, le(buffer.octets.size() - 16, 4));
    return buffer;
  }

 private:
  void put_headers() {
    out_.mark("Version");
    out_.octets("\x01");
    out_.mark("Endianness");
    out_.octets("\x10");
    out_.mark("CommonHeaderLength");
    out_.u16(8);
    out_.u32("CommonFiller", 0xCCCCCCCC);
    out_.u32("ObjectBufferLength", 0);
    out_.u32("PrivateFiller", 0);
  }

  void put_info() {
    for (int i = 0; i < 6; ++i) out_.u64(kNever);  // LogonTime to PasswordMustChange
    put_string("EffectiveName", info_.name);
    put_string("FullName", info_.full_name);
    for (const char* name : {"LogonScript", "ProfilePath", "HomeDirectory", "HomeDirectoryDrive"}) {
      put_string(name, u"");
    }
    out_.u16(17);  // LogonCount
    out_.u16(0);   // BadPasswordCount
    out_.u32("UserId", info_.user_id);
    out_.u32("PrimaryGroupId", info_.primary_group);
    out_.u32("GroupCount", info_.groups.size());
    put_pointer("GroupIds", !info_.groups.empty());
    out_.u32("UserFlags", info_.user_flags.value_or(flags()));
    out_.octets(std::string(16, '\0'));  // UserSessionKey
    put_string("LogonServer", u"DC");
    put_string("LogonDomainName", u"EXAMPLE");
    out_.pointer("LogonDomainId", true);
    out_.octets(std::string(40, '\0'));  // Reserved1 to Reserved3
    out_.u32("SidCount", info_.extra_sids.size());
    put_pointer("ExtraSids", !info_.extra_sids.empty());
    out_.pointer("ResourceGroupDomainSid", !info_.resource_domain.empty());
    out_.u32("ResourceGroupCount", info_.resource_groups.size());
    put_pointer("ResourceGroupIds", !info_.resource_groups.empty());
  }

  std::uint32_t flags() const {
    return (has("ExtraSids") ? kHasExtraSids : 0) |
           (has("ResourceGroupIds") || !info_.resource_domain.empty() ? kHasResourceGroups : 0);
  }

  // Of what may be empty: is there a pointer to it?
  bool has(const std::string& name) const {
    if (!info_.empty_is_null) return true;
    if (name == "ExtraSids") return !info_.extra_sids.empty();
    if (name == "ResourceGroupIds") return !info_.resource_groups.empty();
    if (name == "GroupIds") return !info_.groups.empty();
    return !texts_.at(name).empty();
  }

  void put_pointer(const std::string& name, bool has_elements) {
    out_.pointer(name, has_elements || !info_.empty_is_null);
  }

  void put_string(const std::string& name, std::u16string_view text) {
    texts_[name] = utf16(text);
    out_.mark(name + ".Length");
    out_.u16(texts_[name].size());
    out_.mark(name + ".MaximumLength");
    out_.u16(texts_[name].size());
    put_pointer(name, !text.empty());
  }

  void put_text(const std::string& name) {
    if (!has(name)) return;
    const std::string& text = texts_.at(name);
    out_.align(4);
    out_.u32(name + ".MaxCount", text.size() / 2);
    out_.u32(name + ".Offset", 0);
    out_.u32(name + ".ActualCount", text.size() / 2);
    out_.mark(name + ".text");
    out_.octets(text);
  }

  void put_groups(const std::string& name, const std::vector<PacGroup>& groups) {
    if (!has(name)) return;
    out_.align(4);
    out_.u32(name + ".MaxCount", groups.size());
    for (const PacGroup& group : groups) {
      out_.u32(group.rid);
      out_.u32(name + ".Attributes", group.attributes);
    }
  }

  void put_sid(const std::string& name, const std::string& sid) {
    const std::string octets = sid_octets(sid);
    out_.align(4);
    out_.u32(name + ".MaxCount", static_cast<unsigned char>(octets[1]));
    out_.mark(name + ".Revision");
    out_.octets(octets);
  }

  void put_extra_sids() {
    if (!has("ExtraSids")) return;
    out_.align(4);
    out_.u32("ExtraSids.MaxCount", info_.extra_sids.size());
    for (const PacSid& extra : info_.extra_sids) {
      out_.pointer("ExtraSid", true);
      out_.u32("ExtraSid.Attributes", extra.attributes);
    }
    for (const PacSid& extra : info_.extra_sids) put_sid("ExtraSid", extra.sid);
  }

  const PacLogonInfo& info_;
  NdrWriter out_;
  std::map<std::string, std::string> texts_;
};

}  // namespace

std::string le(std::uint64_t number, std::size_t len) {
  std::string octets;
  for (std::size_t i = 0; i < len; ++i) octets += static_cast<char>(number >> 8 * i & 0xFF);
  return octets;
}

std::string utf16(std::u16string_view text) {
  std::string octets;
  for (const char16_t unit : text) octets += le(unit, 2);
  return octets;
}

std::u16string utf16_of(std::string_view utf8) {
  std::u16string units;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i++]);
    const int num_more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    char32_t code_point = num_more == 0 ? lead : lead & (0x3FU >> num_more);
    for (int k = 0; k < num_more && i < utf8.size(); ++k) {
      code_point = code_point << 6 | (static_cast<unsigned char>(utf8[i++]) & 0x3FU);
    }
    if (code_point >= 0x10000) {
      units += static_cast<char16_t>(0xD7C0 + (code_point >> 10));
      code_point = 0xDC00 | (code_point & 0x3FF);
    }
    units += static_cast<char16_t>(code_point);
  }
  return units;
}

std::string sid_octets(const std::string& sid) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t at = sid.find('-'); at != std::string::npos; at = sid.find('-', at + 1)) {
    numbers.push_back(std::strtoull(sid.c_str() + at + 1, nullptr, 0));
  }
  std::string octets = le(numbers[0], 1) + le(numbers.size() - 2, 1);
  for (int shift = 40; shift >= 0; shift -= 8) octets += static_cast<char>(numbers[1] >> shift);
  for (std::size_t i = 2; i < numbers.size(); ++i) octets += le(numbers[i], 4);
  return octets;
}

PacBuffer logon_info(const PacLogonInfo& info) { return LogonInfoWriter(info).write(); }

std::string with_headers(std::string object, char padding) {
  while (object.size() % 8 != 0) object += padding;
  return std::string("\x01\x10\x08\x00\xcc\xcc\xcc\xcc", 8) + le(object.size(), 8) + object;
}

std::string client_info(std::uint64_t filetime, std::u16string_view name) {
  return le(filetime, 8) + le(name.size() * 2, 2) + utf16(name);
}

std::string upn_info(const PacUpnInfo& info) {
  std::vector<std::string> parts = {utf16(info.upn), utf16(info.dns_domain)};
  const bool is_extended = !info.sid.empty();
  if (is_extended) {
    parts.push_back(utf16(info.sam_name));
    parts.push_back(sid_octets(info.sid));
  }
  std::string header, body;
  const std::size_t header_len = is_extended ? 24 : 16;
  for (const std::string& part : parts) {
    if (header.size() == 8) header += le(is_extended ? 2 : 0, 4);
    header += le(part.size(), 2) + le(header_len + body.size(), 2);
    body += part;
    body.resize((body.size() + 7) / 8 * 8, '\0');
  }
  if (!is_extended) header += le(0, 4);
  header.resize(header_len, '\0');
  return header + body;
}

}  // namespace gssloop::testing
