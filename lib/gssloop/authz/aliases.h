// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_ALIASES_H_
#define GSSLOOP_AUTHZ_ALIASES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace gssloop::authz {

// Aliases are a policy's names for SIDs ([aliases]): what a person calls a group or a user of
// Active Directory. Each alias has one SID, and each SID at most one alias.
class Aliases {
 public:
  // add gives a SID a name that no other SID has. Returns the name that the SID has already, or
  // null if it had none. Borrowed.
  const std::string* add(const std::string& name, const std::string& sid);
  // sid_of returns the SID with this name, name_of the name of this SID; null if there is none.
  // Borrowed.
  const std::string* sid_of(std::string_view name) const { return find(sids_, name); }
  const std::string* name_of(std::string_view sid) const { return find(names_, sid); }

 private:
  using Map = std::map<std::string, std::string, std::less<>>;
  static const std::string* find(const Map& map, std::string_view key);

  Map sids_;   // by name
  Map names_;  // by SID
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_ALIASES_H_
