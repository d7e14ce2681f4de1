// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/peer_info.h"

#include <algorithm>

#include "gssloop/authz/identity.h"

namespace gssloop::authz {
namespace {

constexpr std::string_view kIndicators = "auth-indicators";

bool applies(const Source& source, const PeerInfo& peer) {
  return source.mechanism == peer.mechanism &&
         (source.issuer.empty() || source.issuer == realm_of(peer.principal));
}

LocalAttribute single(std::string value) { return {{std::move(value)}, true, {}}; }
LocalAttribute yes_or_no(bool is_yes) { return single(is_yes ? "yes" : "no"); }
// A name that the peer does not have is an absent attribute, not an empty value.
LocalAttribute unless_empty(std::string_view value) {
  return value.empty() ? LocalAttribute{} : single(std::string(value));
}

void note_unknown(std::string reason, LocalAttribute* local) {
  if (local->unknown.empty()) local->unknown = std::move(reason);
}

template <class Value>
void add(const Source& source, const std::vector<Value>& values, LocalAttribute* local) {
  for (const Value& value : values) {
    if (apply_form(source.form, value.octets(), &local->values)) continue;
    note_unknown("a value of \"" + printable(as_bytes(source.name)) + "\" is not of the form " +
                     std::string(to_string(source.form)),
                 local);
  }
}

// Names of the unreadable that this source would have filled.
void add_unreadable(const Source& source, const PeerInfo& peer, LocalAttribute* local) {
  for (const UnreadableAttribute& unreadable : peer.attributes.unreadable) {
    if (unreadable.name != source.name) continue;
    note_unknown("\"" + printable(as_bytes(source.name)) +
                     "\" is listed, but cannot be read: " + unreadable.reason,
                 local);
  }
}

}  // namespace

std::vector<std::string> source_names(const Definition& definition, const PeerInfo& peer) {
  std::vector<std::string> names;
  for (const Source& source : definition.sources) {
    if (applies(source, peer)) names.push_back(source.name);
  }
  return names;
}

LocalAttribute local_attribute(const Definition& definition, const PeerInfo& peer) {
  LocalAttribute local;
  bool is_complete = true;
  for (const Source& source : definition.sources) {
    if (!applies(source, peer)) continue;
    if (!peer.unlisted.empty()) note_unknown(peer.unlisted, &local);
    add_unreadable(source, peer, &local);
    const Attribute* attribute = peer.attributes.find(source.name);
    if (attribute == nullptr || attribute->authenticated() == nullptr) continue;
    add(source, *attribute->authenticated(), &local);
    is_complete = is_complete && attribute->is_complete;
  }
  local.is_complete = is_complete && !local.values.empty();
  return local;
}

LocalAttribute asserted_attribute(const Definition& definition, const PeerInfo& peer) {
  LocalAttribute local;
  for (const Source& source : definition.sources) {
    const Attribute* attribute = peer.attributes.find(source.name);
    if (!applies(source, peer) || attribute == nullptr || attribute->asserted() == nullptr) {
      continue;
    }
    add(source, *attribute->asserted(), &local);
  }
  return local;
}

Definition raw_definition(std::string_view mechanism, std::string_view name) {
  const ValueForm form = name == kIndicators ? ValueForm::kText : ValueForm::kBase64;
  return {std::string(name),
          std::string(name),
          {{std::string(mechanism), std::string(name), {}, form}},
          {}};
}

bool is_raw_name(std::string_view name) noexcept {
  return name == kIndicators || name.starts_with("urn:");
}

const LocalAttribute& RuleContext::attribute(std::string_view name) const {
  const auto found = gathered_.find(name);
  if (found != gathered_.end()) return found->second;
  auto answer = reserved_attribute(name);
  if (!answer) {
    const Definition* definition = policy_.find(name);
    answer = definition != nullptr ? local_attribute(*definition, peer_) : LocalAttribute{};
  }
  return gathered_.emplace(name, *std::move(answer)).first->second;
}

std::optional<LocalAttribute> RuleContext::reserved_attribute(std::string_view name) const {
  // An anonymous peer's name and realm stand for everybody's.
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
