// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/peer_info.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "gssloop/authz/identity.h"

namespace gssloop::authz {
namespace {

constexpr std::string_view kIndicators = "auth-indicators";

void note_unknown(std::string reason, LocalAttribute* local) {
  if (local->unknown.empty()) local->unknown = std::move(reason);
}

template <class Value>
void add(const Source& source, const std::vector<Value>& values, LocalAttribute* local) {
  for (const Value& value : values) {
    if (apply_form(source.form, value.octets(), &local->values)) continue;
    note_unknown("a value of " + in_quotes(source.name) + " does not have the form " +
                     std::string(to_string(source.form)),
                 local);
  }
}

// Notes the unreadable attributes that this source names.
void add_unreadable(const Source& source, const PeerInfo& peer, LocalAttribute* local) {
  for (const UnreadableAttribute& unreadable : peer.attributes.unreadable) {
    if (unreadable.name != source.name) continue;
    note_unknown(in_quotes(source.name) + " cannot be read: " + unreadable.reason, local);
  }
}

// The user has one SID, whichever buffer of the PAC says it. If the buffers disagree, or if one
// cannot be read, none of them counts.
void agree_on_sid(bool has_buffer, LocalAttribute* local) {
  const auto& sids = local->values;
  if (std::ranges::adjacent_find(sids, std::not_equal_to()) != sids.end()) {
    note_unknown("the buffers of the PAC contain different SIDs of the user", local);
  }
  if (has_buffer && sids.empty()) {
    note_unknown("no buffer of the PAC that was read contains the SID of the user", local);
  }
  local->values.resize(local->has_unknown() ? 0 : std::min<std::size_t>(sids.size(), 1));
}

}  // namespace

void PeerInfo::set_name(std::string displayed, bool is_anonymous_name) {
  is_anonymous = is_anonymous_name || (is_kerberos() && is_anonymous_principal(displayed));
  principal = std::move(displayed);
}

bool applies(const Source& source, const PeerInfo& peer) {
  return source.mechanism == peer.mechanism &&
         (source.issuer.empty() || source.issuer == realm_of(peer.principal));
}

std::vector<std::string> source_names(const Definition& definition, const PeerInfo& peer) {
  std::vector<std::string> names;
  for (const Source& source : definition.sources) {
    if (applies(source, peer)) names.push_back(source.name);
  }
  return names;
}

LocalAttribute local_attribute(const Definition& definition, const PeerInfo& peer) {
  LocalAttribute local;
  bool is_complete = true, is_sid = false, has_value = false;
  for (const Source& source : definition.sources) {
    if (!applies(source, peer)) continue;
    is_sid = is_sid || source.form == ValueForm::kPacSid;
    if (!peer.unlisted.empty()) note_unknown(peer.unlisted, &local);
    add_unreadable(source, peer, &local);
    const Attribute* attribute = peer.attributes.find(source.name);
    if (attribute == nullptr || attribute->authenticated() == nullptr) continue;
    has_value = has_value || !attribute->authenticated()->empty();
    add(source, *attribute->authenticated(), &local);
    is_complete = is_complete && attribute->is_complete;
  }
  if (is_sid) agree_on_sid(has_value, &local);
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
  Definition definition{std::string(name), std::string(name), {}, {}};
  definition.sources.push_back({std::string(mechanism), std::string(name), {}, form});
  return definition;
}

bool is_raw_name(std::string_view name) noexcept {
  return name == kIndicators || name.starts_with("urn:");
}

}  // namespace gssloop::authz
