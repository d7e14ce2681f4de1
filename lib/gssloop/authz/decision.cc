// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/decision.h"

#include <algorithm>
#include <utility>

#include "gssloop/authz/identity.h"

namespace gssloop::authz {
namespace {

using Refusal = LoginDecision::Refusal;

// Only the first refusal counts.
void refuse(Refusal refusal, std::string reason, LoginDecision* decision) {
  if (!decision->is_admitted()) return;
  decision->refusal = refusal;
  decision->reason = std::move(reason);
}

Refusal refusal_of_identity(const RuleContext& context) {
  if (context.peer().is_anonymous) return Refusal::kAnonymity;
  return is_given_by_policy(context.scope().identity) ? Refusal::kPolicyIdentity
                                                      : Refusal::kIdentity;
}

std::vector<PublishedAttribute> published_by(const Policy& policy, const Publish& publish) {
  std::vector<PublishedAttribute> published;
  if (publish.is_all) {
    for (const Definition& definition : policy.definitions()) {
      published.push_back({&definition, false});
    }
  }
  for (std::string_view name : publish.names) {
    const bool is_asserted = name.starts_with(kAsserted);
    if (is_asserted) name.remove_prefix(kAsserted.size());
    if (const Definition* definition = policy.find(name)) {
      published.push_back({definition, is_asserted});
    }
  }
  return published;
}

void add_sources(const Definition& definition, const PeerInfo& peer,
                 std::vector<std::string>* names) {
  for (std::string& name : source_names(definition, peer)) {
    if (std::ranges::find(*names, name) == names->end()) names->push_back(std::move(name));
  }
}

// A client may write its own name with the realm, which the authentication identity lacks.
bool is_own_principal(const PeerInfo& peer, const std::string& authzid) {
  return peer.is_kerberos() && !peer.is_anonymous && authzid == peer.principal &&
         realm_of(authzid) == peer.default_realm;
}

}  // namespace

std::optional<DecidingRule> deciding_rule(const LoginDecision& decision, const Scope& scope) {
  const auto of = [](const Finding& finding) {
    return DecidingRule{to_string(finding.kind), &finding.rule->place};
  };
  switch (decision.refusal) {
    case Refusal::kPolicyIdentity:
      return DecidingRule{"identity", &scope.identity.place};
    case Refusal::kRules:
      return of(*objection(decision.rules));
    case Refusal::kAuthorize:
      return DecidingRule{to_string(Finding::Kind::kAuthorize), &scope.authorize_place};
    case Refusal::kNone:
      for (const Finding& finding : decision.authorize) {
        if (finding.truth == Truth::kTrue) return of(finding);
      }
      break;
    case Refusal::kAnonymity:
    case Refusal::kIdentity:
    case Refusal::kCanonicalization:
      break;
  }
  return std::nullopt;
}

LoginDecision decide_login(RuleContext* context, const std::string& authzid,
                           const Canonicalize& canonicalize) {
  LoginDecision decision;
  if (auto identity = identify(*context)) {
    decision.authid = *std::move(identity);
    const bool is_own = authzid.empty() || is_own_principal(context->peer(), authzid);
    decision.authzid = is_own ? decision.authid : authzid;
  } else {
    refuse(refusal_of_identity(*context), std::move(identity.error().message), &decision);
  }

  decision.rules = evaluate_rules(*context);
  if (const Finding* found = objection(decision.rules)) {
    refuse(Refusal::kRules, found->text(), &decision);
  }

  decision.published = published_by(context->policy(), context->scope().publish);

  if (decision.is_admitted() && canonicalize) {
    if (auto error = canonicalize(&decision)) {
      refuse(Refusal::kCanonicalization, std::move(error->message), &decision);
    }
  }

  context->set_identities(decision.authid, decision.authzid);
  if (decision.authid != decision.authzid) {
    decision.authorize = authorize_findings(*context);
    if (auto error = authorize(*context, decision.authorize)) {
      refuse(Refusal::kAuthorize, std::move(error->message), &decision);
    }
  }
  return decision;
}

std::vector<std::string> attributes_needed(const Policy& policy, const PeerInfo& peer,
                                           const std::vector<Definition>& requested) {
  std::vector<std::string> names;
  for (const Definition& definition : requested) add_sources(definition, peer, &names);
  const Scope& scope = policy.scope(peer.service, peer.mechanism);
  for (const Definition& definition : policy.definitions()) {
    if (scope.publish.adds(definition.name) || scope.uses(definition.name)) {
      add_sources(definition, peer, &names);
    }
  }
  return names;
}

}  // namespace gssloop::authz
