// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/rule_context.h"

#include <utility>

#include "gssloop/authz/identity.h"

namespace gssloop::authz {
namespace {

LocalAttribute single(std::string value) { return {{std::move(value)}, true, {}}; }
LocalAttribute yes_or_no(bool is_yes) { return single(is_yes ? "yes" : "no"); }
// A name that the peer does not have is an absent attribute, not an empty value.
LocalAttribute unless_empty(std::string_view value) {
  return value.empty() ? LocalAttribute{} : single(std::string(value));
}

}  // namespace

RuleContext::RuleContext(const Policy& policy, PeerInfo peer)
    : policy_(policy),
      peer_(std::move(peer)),
      scope_(policy.scope(peer_.service, peer_.mechanism)) {}

const LocalAttribute& RuleContext::attribute(std::string_view name) const {
  const auto found = authenticated_.find(name);
  if (found != authenticated_.end()) return found->second;
  auto answer = reserved_attribute(name);
  if (!answer) {
    if (const Definition* definition = policy_.find(name)) return authenticated(*definition);
    answer.emplace();
  }
  return authenticated_.emplace(name, *std::move(answer)).first->second;
}

const LocalAttribute& RuleContext::authenticated(const Definition& definition) const {
  const auto found = authenticated_.find(definition.name);
  if (found != authenticated_.end()) return found->second;
  return authenticated_.emplace(definition.name, local_attribute(definition, peer_)).first->second;
}

const LocalAttribute& RuleContext::asserted(const Definition& definition) const {
  const auto found = asserted_.find(definition.name);
  if (found != asserted_.end()) return found->second;
  return asserted_.emplace(definition.name, asserted_attribute(definition, peer_)).first->second;
}

void RuleContext::suppose(const Definition& definition, LocalAttribute attribute) {
  authenticated_.insert_or_assign(definition.name, std::move(attribute));
}

void RuleContext::set_identities(std::string authid, std::string authzid) {
  peer_.authid = std::move(authid);
  peer_.authzid = std::move(authzid);
  // A rule may have read them before they were known.
  for (const std::string_view name : {reserved::kAuthid, reserved::kAuthzid}) {
    if (const auto found = authenticated_.find(name); found != authenticated_.end()) {
      authenticated_.erase(found);
    }
  }
}

std::optional<LocalAttribute> RuleContext::reserved_attribute(std::string_view name) const {
  // All anonymous peers have the same name and realm.
  const std::string_view principal = peer_.is_anonymous ? "" : std::string_view(peer_.principal);
  if (name == reserved::kRealm) return unless_empty(realm_of(principal));
  if (name == reserved::kPrincipal) return unless_empty(principal);
  if (name == reserved::kLocalName) return peer_.local_name;
  if (name == reserved::kMechanism) return unless_empty(peer_.mechanism);
  if (name == reserved::kService) return unless_empty(peer_.service);
  if (name == reserved::kChannelBound) return yes_or_no(peer_.is_channel_bound);
  if (name == reserved::kAnonymous) return yes_or_no(peer_.is_anonymous);
  if (name == reserved::kSsf) return single(std::to_string(peer_.ssf));
  if (name == reserved::kAuthid) return unless_empty(peer_.authid);
  if (name == reserved::kAuthzid) return unless_empty(peer_.authzid);
  return std::nullopt;
}

}  // namespace gssloop::authz
