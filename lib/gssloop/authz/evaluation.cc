// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/evaluation.h"

#include <algorithm>

#include "gssloop/authz/identity.h"
#include "gssloop/base/bytes.h"

namespace gssloop::authz {
namespace {

Finding find(Finding::Kind kind, const Rule& rule, const RuleContext& context) {
  const AttributeLookup lookup = [&](std::string_view name) -> const LocalAttribute& {
    return context.attribute(name);
  };
  Finding finding{kind, &rule, rule.expression.evaluate(lookup), {}};
  if (finding.truth != Truth::kUnknown) return finding;
  for (const Term* term : rule.expression.terms()) {
    const LocalAttribute& attribute = context.attribute(term->name);
    if (!attribute.has_unknown()) continue;
    finding.unknown = term->name + ": " + attribute.unknown;
    return finding;
  }
  finding.unknown = "a value is too long to compare with a pattern";
  return finding;
}

void find_all(Finding::Kind kind, const std::vector<Rule>& rules, const RuleContext& context,
              std::vector<Finding>* findings) {
  for (const Rule& rule : rules) findings->push_back(find(kind, rule, context));
}

Error identity_error(const Identity& identity, const std::string& message) {
  return {"identity at " + identity.place.text() + ": " + message};
}

Result<std::string, Error> attribute_identity(const Identity& identity,
                                              const RuleContext& context) {
  const LocalAttribute& attribute = context.attribute(identity.attribute);
  const std::string subject = "the attribute " + identity.attribute;
  if (attribute.has_unknown()) {
    return identity_error(identity, subject + " is unknown: " + attribute.unknown);
  }
  if (attribute.values.size() != 1) {
    return identity_error(identity, subject + " must have exactly one value, but has " +
                                        std::to_string(attribute.values.size()));
  }
  // Checked here, because this message does not contain the value.
  if (check_login_name(attribute.values.front())) {
    return identity_error(identity, "the value of the attribute " + identity.attribute +
                                        " is empty, begins or ends with white space, or contains "
                                        "characters that are not allowed in a name");
  }
  return attribute.values.front();
}

Result<std::string, Error> local_name(const Identity& identity, const PeerInfo& peer) {
  if (peer.local_name.values.size() == 1) return peer.local_name.values.front();
  return identity_error(identity,
                        "auth-to-local gives the principal no local name" +
                            (peer.local_name.has_unknown() ? ": " + peer.local_name.unknown : ""));
}

Result<std::string, Error> unchecked_identity(const RuleContext& context) {
  const Scope& scope = context.scope();
  const PeerInfo& peer = context.peer();
  const bool is_by_attribute = scope.identity.kind == Identity::Kind::kAttribute;
  // naming-exts section 9: an attribute may replace the permanent name, which such a peer does not
  // have.
  const bool is_nobody =
      peer.is_anonymous &&
      (!is_by_attribute || context.attribute(scope.identity.attribute).is_absent());
  if (is_nobody) {
    if (scope.anonymous) return *scope.anonymous;
    return Error{"the peer is anonymous"};
  }
  if (is_by_attribute) return attribute_identity(scope.identity, context);
  switch (scope.identity.kind) {
    case Identity::Kind::kAuthToLocal:
      return local_name(scope.identity, peer);
    case Identity::Kind::kPrincipal:
      return authid_of(peer.principal, peer.is_kerberos(), "");
    case Identity::Kind::kStripDefaultRealm:
    case Identity::Kind::kAttribute:
      break;
  }
  return authid_of(peer.principal, peer.is_kerberos(), peer.default_realm);
}

// libsasl appends an application's own realm to names without one. A peer from a foreign realm of
// the same name would become the local user with its name (L45). The default realm is Kerberos'; a
// RADIUS server may state any. Kerberos' realms differ by case,
// but applications take a realm for a domain, which does not. A name from the policy is not
// checked: the author of the policy chose it.
std::optional<Error> check_realm(const std::string& authid, const RuleContext& context) {
  const PeerInfo& peer = context.peer();
  if (is_given_by_policy(context.scope().identity) || peer.is_anonymous) return std::nullopt;
  const std::size_t at = authid.rfind('@');
  if (at == authid.npos || peer.application_realm.empty()) return std::nullopt;
  const std::string_view realm = std::string_view(authid).substr(at + 1);
  const bool is_foreign = !peer.is_kerberos() || realm != peer.default_realm;
  if (!is_foreign || !equals_ignoring_case(realm, peer.application_realm)) return std::nullopt;
  return Error{"the peer's realm is foreign, but has the same name as the application's own: " +
               in_quotes(realm)};
}

}  // namespace

bool is_given_by_policy(const Identity& identity) noexcept {
  return identity.kind == Identity::Kind::kAttribute ||
         identity.kind == Identity::Kind::kAuthToLocal;
}

Result<std::string, Error> identify(const RuleContext& context) {
  auto name = unchecked_identity(context);
  if (!name) return name;
  if (auto error = check_login_name(*name)) return *std::move(error);
  if (auto error = check_realm(*name, context)) return *std::move(error);
  return name;
}

bool Finding::is_objection() const noexcept {
  return kind == Kind::kDeny ? truth != Truth::kFalse : truth != Truth::kTrue;
}

std::string_view to_string(Finding::Kind kind) noexcept {
  switch (kind) {
    case Finding::Kind::kRequire:
      return "require";
    case Finding::Kind::kDeny:
      return "deny";
    case Finding::Kind::kAuthorize:
      break;
  }
  return "authorize";
}

std::string Finding::text() const {
  std::string text = std::string(to_string(kind)) + " at " + rule->place.text() + " is " +
                     std::string(to_string(truth));
  if (!unknown.empty()) text += " (" + unknown + ")";
  return text;
}

std::vector<Finding> evaluate_rules(const RuleContext& context) {
  std::vector<Finding> findings;
  findings.reserve(context.scope().deny.size() + context.scope().require.size());
  find_all(Finding::Kind::kDeny, context.scope().deny, context, &findings);
  find_all(Finding::Kind::kRequire, context.scope().require, context, &findings);
  return findings;
}

const Finding* objection(const std::vector<Finding>& findings) {
  const auto found = std::ranges::find_if(findings, &Finding::is_objection);
  return found != findings.end() ? &*found : nullptr;
}

std::vector<Finding> authorize_findings(const RuleContext& context) {
  std::vector<Finding> findings;
  const auto& rules = context.scope().authorize;
  if (rules) find_all(Finding::Kind::kAuthorize, *rules, context, &findings);
  return findings;
}

std::optional<Error> authorize(const RuleContext& context, const std::vector<Finding>& findings) {
  const Scope& scope = context.scope();
  if (!scope.authorize || context.peer().authid == context.peer().authzid) return std::nullopt;
  const auto permits = [](const Finding& finding) { return finding.truth == Truth::kTrue; };
  if (std::ranges::any_of(findings, permits)) return std::nullopt;
  std::string message = "the policy does not allow it";
  if (findings.empty()) message += " (authorize at " + scope.authorize_place.text() + ")";
  const char* separator = ": ";
  for (const Finding& finding : findings) {
    message += separator + finding.text();
    separator = ", ";
  }
  return Error{std::move(message)};
}

}  // namespace gssloop::authz
