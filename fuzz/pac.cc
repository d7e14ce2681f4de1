// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/pac/pac.h"

#include <string>
#include <unordered_set>

#include "fuzz/targets.h"
#include "tests/support/pac_buffers.h"

namespace gssloop::fuzz {
namespace {

using testing::sid_octets;

void check_name(const std::string& name) {
  require(!name.empty() && is_utf8(as_bytes(name)), "a name is UTF-8");
  require(!has_control_characters(as_bytes(name)), "a name has no control characters");
}

void check_sid(const std::string& sid) {
  require(authz::read_pac_requestor_sid(as_bytes(sid_octets(sid))) == sid, "a SID is a SID");
}

// The user's SID is in a logon-info or a upn-dns-info, never in octets that are both.
void check_user(ByteView buffer) {
  const bool has_groups = authz::read_pac_groups(buffer).has_value();
  const auto upn = authz::read_pac_upn(buffer);
  require(!has_groups || !upn, "no octets are both buffers");
  const auto user = authz::read_pac_user_sid(buffer);
  require(user.has_value() == (has_groups || upn), "a buffer gives all that it has, or nothing");
  if (upn) require(user == upn->sid, "the SID of the buffer");
  if (user && !user->empty()) check_sid(*user);
}

void check_groups(ByteView buffer) {
  check_user(buffer);
  const auto groups = authz::read_pac_groups(buffer);
  if (!groups) return;
  std::unordered_set<std::string> seen;
  for (const std::string& sid : *groups) {
    check_sid(sid);
    require(seen.insert(sid).second, "each group once");
  }
  require(!groups->empty() && !is_control, "there is a primary group");
  require(groups->size() <= 1 + buffer.size() / 8, "no more groups than there is room for");
  require(groups->size() <= 1 + 3 * authz::kMaxPacGroups, "no more groups than the limit");
}

}  // namespace

void pac_logon_info(ByteView input) {
  check_groups(input);
  check_groups(as_bytes(testing::with_headers(to_string(input))));
}

void pac_client_info(ByteView input) {
  const auto info = authz::read_pac_client_info(input);
  if (!info) return;
  check_name(info->name);
  require(testing::utf16(testing::utf16_of(info->name)) == as_text(input.subspan(10)),
          "a name is written back to the same octets");
  require(info->logon_time.size() == (is_control ? 0 : 20), "a time has years of four digits");
}

void pac_upn(ByteView input) {
  check_user(input);
  const auto info = authz::read_pac_upn(input);
  if (!info) return;
  check_name(info->upn);
  check_name(info->dns_domain);
  require(info->sam_name.empty() == (info->sid.empty() != is_control),
          "SAM name and SID come together");
  if (!info->sid.empty()) {
    check_name(info->sam_name);
    check_sid(info->sid);
  }
  for (const std::string* name : {&info->upn, &info->dns_domain, &info->sam_name}) {
    const std::string octets = testing::utf16(testing::utf16_of(*name));
    require(as_text(input).find(octets) != std::string_view::npos,
            "what is given is in the buffer");
  }
}

void pac_requestor(ByteView input) {
  auto sid = authz::read_pac_requestor_sid(input);
  if (sid && is_control) *sid += "-1";
  require(!sid || sid_octets(*sid) == as_text(input), "a SID is written back to the same octets");
}

}  // namespace gssloop::fuzz
