// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/identity.h"

#include "gssloop/base/bytes.h"

namespace gssloop::authz {
namespace {

Error about(std::string_view name, const char* what) {
  return {"the name " + in_quotes(name) + " " + what};
}

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::optional<Error> check_login_name(std::string_view name) {
  if (name.empty()) return Error{"the name is empty"};
  if (!is_utf8(as_bytes(name)) || has_control_characters(as_bytes(name))) {
    return about(name, "is not UTF-8 or contains control characters");
  }
  if (is_space(name.front()) || is_space(name.back())) {
    return about(name, "begins or ends with white space");
  }
  return std::nullopt;
}

Result<std::string, Error> authid_of(std::string_view principal, bool is_kerberos,
                                     std::string_view default_realm) {
  if (auto error = check_login_name(principal)) return *std::move(error);
  std::string_view name = principal;
  // Kerberos escapes ambiguous characters ("\@", "\/"). Applications do not decode the escapes.
  if (name.find('\\') != name.npos) return about(name, "contains a backslash escape");
  // RFC 6111: well-known principals (WELLKNOWN/ANONYMOUS) are not login names of users, in any
  // realm and with any name type (RFC 4120 section 6.2 calls the type a hint).
  if (is_kerberos && name.starts_with("WELLKNOWN/"))
    return about(name, "is a well-known principal");
  const std::size_t at = name.rfind('@');
  const std::string_view user = name.substr(0, at);
  if (user.find('@') != user.npos) return about(name, "contains more than one \"@\"");
  // RFC 7542 section 2.4: "@realm" is the name of every user of the realm who hides the own one.
  if (user.empty()) return about(name, "names a realm, but no user");
  if (at != name.npos && is_kerberos && !default_realm.empty() &&
      name.substr(at + 1) == default_realm)
    name = user;
  // Checked again: "admin @REALM" ends in a blank only without its realm.
  if (auto error = check_login_name(name)) return *std::move(error);
  return std::string(name);
}

bool is_anonymous_principal(std::string_view principal) noexcept {
  return principal.starts_with("WELLKNOWN/ANONYMOUS@") || principal == "WELLKNOWN/ANONYMOUS";
}

std::string_view realm_of(std::string_view principal) {
  for (std::size_t at = principal.size(); at-- > 0;) {
    if (principal[at] != '@') continue;
    // RFC 1964 section 2.1.1: an "@" within a component or the realm follows a backslash, and so
    // does a backslash.
    const std::size_t before = principal.substr(0, at).find_last_not_of('\\');
    const std::size_t num_backslashes = before == principal.npos ? at : at - before - 1;
    if (num_backslashes % 2 == 0) return principal.substr(at + 1);
  }
  return {};
}

std::string_view service_of(std::string_view acceptor) {
  return acceptor.substr(0, acceptor.find_first_of("/@\\"));
}

}  // namespace gssloop::authz
