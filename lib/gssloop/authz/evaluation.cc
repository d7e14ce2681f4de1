// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/evaluation.h"

#include <algorithm>

#include "gssloop/authz/identity.h"

namespace gssloop::authz {
namespace {

Finding find(Finding::Kind kind, const Rule& rule, const RuleContext& context) {
  Finding finding{kind, &rule, rule.expression.evaluate(context), {}};
  if (finding.truth != Truth::kUnknown) return finding;
  for (const Term* term : rule.expression.terms()) {
    const LocalAttribute& attribute = context.attribute(term->name);
    if (!attribute.has_unknown()) continue;
    finding.unknown = term->name + ": " + attribute.unknown;
    return finding;
  }
  finding.unknown = "a value is too long for a pattern";
  return finding;
}

void find_all(Finding::Kind kind, const std::vector<Rule>& rules, const RuleContext& context,
              std::vector<Finding>* findings) {
  for (const Rule& rule : rules) findings->push_back(find(kind, rule, context));
}

const char* keyword(Finding::Kind kind) noexcept {
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

Error identity_error(const Identity& identity, const std::string& message) {
  return {"identity at " + identity.place.text() + " " + message};
}

Result<std::string, Error> attribute_identity(const Identity& identity,
                                              const RuleContext& context) {
  const LocalAttribute& attribute = context.attribute(identity.attribute);
  const std::string subject = "is the attribute " + identity.attribute;
  if (attribute.has_unknown()) {
    return identity_error(identity, subject + ", which is unknown: " + attribute.unknown);
  }
  if (attribute.values.size() != 1) {
    return identity_error(identity, subject + ", which must have one value and has " +
                                        std::to_string(attribute.values.size()));
  }
  // Complained about here, where the value can be left out.
  if (check_login_name(attribute.values.front())) {
    return identity_error(identity, subject +
                                        ", whose value is empty, begins or ends with white "
                                        "space, or holds what no name does");
  }
  return attribute.values.front();
}

Result<std::string, Error> local_name(const Identity& identity, const PeerInfo& peer) {
  if (peer.local_name.values.size() == 1) return peer.local_name.values.front();
  return identity_error(identity,
                        "is auth-to-local, which gives the principal no local name" +
                            (peer.local_name.has_unknown() ? ": " + peer.local_name.unknown : ""));
}

Result<std::string, Error> unchecked_identity(const Scope& scope, const PeerInfo& peer,
                                              const RuleContext& context) {
  const bool is_by_attribute = scope.identity.kind == Identity::Kind::kAttribute;
  // naming-exts section 9: an attribute may stand for the permanent name that such a peer lacks.
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

}  // namespace

Result<std::string, Error> identify(const Scope& scope, const PeerInfo& peer,
                                    const RuleContext& context) {
  auto name = unchecked_identity(scope, peer, context);
  if (!name) return name;
  if (auto error = check_login_name(*name)) return *std::move(error);
  return name;
}

bool Finding::is_objection() const noexcept {
  return kind == Kind::kDeny ? truth != Truth::kFalse : truth != Truth::kTrue;
}

std::string Finding::text() const {
  std::string text = std::string(keyword(kind)) + " at " + rule->place.text() + " is " +
                     std::string(to_string(truth));
  if (!unknown.empty()) text += " (" + unknown + ")";
  return text;
}

std::vector<Finding> evaluate_rules(const Scope& scope, const RuleContext& context) {
  std::vector<Finding> findings;
  find_all(Finding::Kind::kDeny, scope.deny, context, &findings);
  find_all(Finding::Kind::kRequire, scope.require, context, &findings);
  return findings;
}

const Finding* objection(const std::vector<Finding>& findings) {
  const auto found = std::ranges::find_if(findings, &Finding::is_objection);
  return found != findings.end() ? &*found : nullptr;
}

std::vector<Finding> authorize_findings(const Scope& scope, const RuleContext& context) {
  std::vector<Finding> findings;
  if (scope.authorize) find_all(Finding::Kind::kAuthorize, *scope.authorize, context, &findings);
  return findings;
}

std::optional<Error> authorize(const Scope& scope, const PeerInfo& peer,
                               const RuleContext& context) {
  if (!scope.authorize || peer.authid == peer.authzid) return std::nullopt;
  const auto findings = authorize_findings(scope, context);
  const auto permits = [](const Finding& finding) { return finding.truth == Truth::kTrue; };
  if (std::ranges::any_of(findings, permits)) return std::nullopt;
  std::string message = "the policy does not permit that";
  if (findings.empty()) message += " (authorize at " + scope.authorize_place.text() + ")";
  const char* separator = ": ";
  for (const Finding& finding : findings) {
    message += separator + finding.text();
    separator = ", ";
  }
  return Error{std::move(message)};
}

}  // namespace gssloop::authz
