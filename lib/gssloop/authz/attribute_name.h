// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_ATTRIBUTE_NAME_H_
#define GSSLOOP_AUTHZ_ATTRIBUTE_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace gssloop::authz {

// AttributeName is the name of a name attribute, taken apart (naming-exts section 6). Names are
// octet strings: nothing is folded, trimmed or decoded, and two names are equal when their octets
// are. The more significant component defines what the less significant means, so a name is never
// compared by a part of it: "x auth-indicators" and "auth-indicators x" are other attributes than
// "auth-indicators", whoever crafted them.
class AttributeName {
 public:
  // parse refuses only the empty name. The FIRST space ends the primary component; all after it,
  // further spaces too, is the remainder. A name that begins with a space has an empty primary
  // component, which names nothing that a policy could speak of.
  static std::optional<AttributeName> parse(std::string_view octets);

  // octets is the whole name; primary what stands before the first space. Borrowed.
  const std::string& octets() const noexcept { return octets_; }
  std::string_view primary() const noexcept {
    return std::string_view(octets_).substr(0, primary_len_);
  }
  // remainder is nullopt where there is no space, and empty where the space is the last octet.
  std::optional<std::string_view> remainder() const noexcept;
  // is_uri: the primary component contains ":". Otherwise the attribute is local: its meaning is
  // the implementation's or the administrator's.
  bool is_uri() const noexcept { return primary().find(':') != std::string_view::npos; }

  friend bool operator==(const AttributeName& a, const AttributeName& b) {
    return a.octets_ == b.octets_;
  }

 private:
  explicit AttributeName(std::string octets);

  std::string octets_;
  std::size_t primary_len_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_ATTRIBUTE_NAME_H_
