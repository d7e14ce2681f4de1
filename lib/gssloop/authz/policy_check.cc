// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_check.h"

#include <algorithm>
#include <array>

namespace gssloop::authz {
namespace {

constexpr std::string_view kPeer = "peer.";
constexpr std::string_view kSid = "S-1-";
constexpr std::array kPeerNames = {
    reserved::kRealm, reserved::kMechanism, reserved::kChannelBound, reserved::kAnonymous,
    reserved::kSsf,   reserved::kPrincipal, reserved::kLocalName,    reserved::kService};

// These OIDs mean the same on every machine, with any list of mechanisms.
constexpr std::string_view kKerberosOid = "1.2.840.113554.1.2.2";
// Mechanisms that end as Kerberos, by their names, OIDs and SASL names.
constexpr std::array<std::string_view, 9> kOtherNamesOfKerberos = {
    "iakerb",     "1.3.6.1.5.2.5", "spnego",     "1.3.6.1.5.5.2", "GSSAPI",
    "GSS-SPNEGO", "SPNEGO",        "GS2-IAKERB", "GS2-KRB5"};

std::string peer_names() {
  std::string names;
  for (const std::string_view name : kPeerNames) names += " " + std::string(name);
  return names;
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
}

bool is_number(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// As Oid::dotted() writes them: a number with a leading zero would never be equal.
bool is_dotted_oid(std::string_view text) noexcept {
  if (text.find('.') == text.npos) return false;
  while (true) {
    const std::string_view arc = text.substr(0, text.find('.'));
    if (!is_number(arc) || (arc.size() > 1 && arc.front() == '0')) return false;
    if (arc.size() == text.size()) return true;
    text.remove_prefix(arc.size() + 1);
  }
}

bool is_identity(std::string_view name) noexcept {
  return name == reserved::kAuthid || name == reserved::kAuthzid;
}

std::optional<Error> check_peer_term(const Term& term,
                                     const std::vector<MechanismName>& mechanisms) {
  if (std::ranges::find(kPeerNames, term.name) == kPeerNames.end()) {
    return Error{in_quotes(term.name) + " is not a known name; the known names are" + peer_names()};
  }
  const bool is_yes_or_no =
      term.name == reserved::kChannelBound || term.name == reserved::kAnonymous;
  if (is_yes_or_no && term.kind == Term::Kind::kMatches && !term.pattern.matches("yes") &&
      !term.pattern.matches("no")) {
    return Error{term.name + " is yes or no; the pattern matches neither"};
  }
  if (term.kind != Term::Kind::kEquals) return std::nullopt;
  if (is_yes_or_no && term.value != "yes" && term.value != "no") {
    return Error{term.name + " is yes or no, not " + in_quotes(term.value)};
  }
  if (term.name == reserved::kSsf &&
      (!is_number(term.value) || (term.value.size() > 1 && term.value.front() == '0'))) {
    return Error{"peer.ssf must be compared with a number that has no leading zeros"};
  }
  if (term.name == reserved::kService) return check_service_name(term.value);
  if (term.name == reserved::kMechanism) {
    if (auto known = mechanism_name(term.value, mechanisms); !known) return known.error();
  }
  return std::nullopt;
}

// The message does not have the value: it goes to logs.
std::optional<Error> check_sid_term(const Term& term, const Definition& definition,
                                    const Policy& policy) {
  if (term.kind != Term::Kind::kEquals || !definition.has_only_sids() ||
      can_be_value(ValueForm::kPacSid, term.value) || policy.sid_of(definition, term.value)) {
    return std::nullopt;
  }
  return Error{"the values of " + in_quotes(term.name) +
               " are SIDs: compare them with a SID, or with a name that [aliases] defines"};
}

}  // namespace

Result<std::string, Error> mechanism_name(const std::string& given,
                                          const std::vector<MechanismName>& mechanisms) {
  // Kerberos is one mechanism, also if another mechanism negotiated it.
  if (given == "krb5" || given == kKerberosOid) return std::string("krb5");
  if (std::ranges::find(kOtherNamesOfKerberos, given) != kOtherNamesOfKerberos.end()) {
    return Error{"a login with the mechanism " + in_quotes(given) +
                 " ends as a login with another one: name that one, for example \"krb5\""};
  }
  std::string known = "krb5";
  for (const MechanismName& mechanism : mechanisms) {
    const bool is_sasl_name = !given.empty() && given == mechanism.sasl_name;
    if (is_sasl_name || given == mechanism.name || given == mechanism.oid) return mechanism.name;
    if (mechanism.name != "krb5") known += ", " + mechanism.name;
  }
  if (is_dotted_oid(given)) return given;
  return Error{"unknown mechanism " + in_quotes(given) + "; this machine has " + known +
               "; use the dotted OID for any other mechanism"};
}

std::optional<Error> check_local_name(std::string_view name) {
  if (!is_name(name)) {
    return Error{"the name of the local attribute " + in_quotes(name) +
                 " must consist of letters, digits and the characters - _ . :"};
  }
  if (name.starts_with(kPeer) || name.starts_with(kAsserted) || is_identity(name) ||
      name == "exists" || name == "complete") {
    return Error{in_quotes(name) + " is a reserved name"};
  }
  return std::nullopt;
}

std::optional<Error> check_property(std::string_view name) {
  // The names of the properties by which libsasl's other mechanisms and slapd authenticate.
  // Databases compare names without case.
  const auto begins = [name](std::string_view taken) {
    return equals_ignoring_case(name.substr(0, taken.size()), taken);
  };
  const bool is_taken =
      equals_ignoring_case(name, "userPassword") || begins("cmusaslsecret") || begins("slap");
  if (is_name(name) && !is_taken && !name.starts_with(kAsserted)) return std::nullopt;
  return Error{"a policy must not set the property " + in_quotes(name)};
}

std::optional<Error> check_alias_name(std::string_view name) {
  if (!is_name(name)) {
    return Error{"the alias " + in_quotes(name) +
                 " must consist of letters, digits and the characters - _ . :"};
  }
  if (equals_ignoring_case(name.substr(0, kSid.size()), kSid)) {
    return Error{"the alias " + in_quotes(name) + " looks like a SID"};
  }
  return std::nullopt;
}

std::optional<Error> check_service_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  // Cyrus IMAP's httpd, for example, has the name of the Kerberos principals of web servers.
  constexpr std::string_view kWebServer = "HTTP";
  if (name == kWebServer || (!name.empty() && std::ranges::all_of(name, is_allowed))) {
    return std::nullopt;
  }
  return Error{"the name of the service " + in_quotes(name) +
               " must consist of small letters, digits and the characters - _ . (only HTTP has "
               "capitals)"};
}

std::optional<Error> check_term(const Term& term, bool knows_identities, const Policy& policy,
                                const std::vector<MechanismName>& mechanisms) {
  if (term.kind == Term::Kind::kAtLeast && term.name != reserved::kSsf) {
    return Error{"\">=\" can be used only with peer.ssf"};
  }
  if (is_identity(term.name)) {
    if (knows_identities) return std::nullopt;
    return Error{in_quotes(term.name) + " can be used only in \"authorize\""};
  }
  if (term.name.starts_with(kPeer)) return check_peer_term(term, mechanisms);
  if (const Definition* definition = policy.find(term.name)) {
    return check_sid_term(term, *definition, policy);
  }
  return Error{"the attribute " + in_quotes(term.name) +
               " is not defined; a rule can use attributes of [attributes.NAME], and" +
               peer_names()};
}

void AbsenceCheck::look(const std::string& service, const Scope& scope,
                        std::vector<Diagnostic>* diagnostics) {
  std::set<std::string, std::less<>> proven;
  for (const Rule& rule : scope.require) proven.merge(rule.expression.proven());
  const auto warn = [&](const Rule& rule, const std::string& name, const char* what) {
    if (name.starts_with(kPeer) || is_identity(name) || proven.contains(name)) return;
    if (!warned_.insert(rule.place.text() + " " + rule.text + " " + name).second) return;
    diagnostics->push_back(
        {rule.place, true,
         std::string(what) + " a peer without " + in_quotes(name) +
             ", and a client can leave it out; to refuse such peers, require \"exists " + name +
             "\" of " + service});
  };
  for (const Rule& rule : scope.deny) {
    for (const std::string& name : rule.expression.affirmed()) {
      warn(rule, name, "this deny does not refuse");
    }
  }
  for (const Rule& rule : scope.require) {
    for (const std::string& name : rule.expression.negated()) {
      warn(rule, name, "this negation is true for");
    }
  }
  if (!scope.authorize) return;
  for (const Rule& rule : *scope.authorize) {
    const auto own = rule.expression.proven();  // one rule that is true is enough
    for (const std::string& name : rule.expression.negated()) {
      if (!own.contains(name)) warn(rule, name, "this negation is true for");
    }
  }
}

}  // namespace gssloop::authz
