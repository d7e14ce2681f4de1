// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/aliases.h"

namespace gssloop::authz {

const std::string* Aliases::add(const std::string& name, const std::string& sid) {
  const auto [known, is_new] = names_.emplace(sid, name);
  if (!is_new) return &known->second;
  sids_.emplace(name, sid);
  return nullptr;
}

const std::string* Aliases::find(const Map& map, std::string_view key) {
  const auto found = map.find(key);
  return found != map.end() ? &found->second : nullptr;
}

}  // namespace gssloop::authz
