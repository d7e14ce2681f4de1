// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/auxprops.h"

#include <algorithm>
#include <optional>

#include "plugin/property_names.h"

namespace gssloop::plugin {
namespace {

// Which definition fills a name (without star or "asserted:"), for a peer of this mechanism.
std::optional<authz::Definition> definition_of(std::string_view name, const authz::Policy& policy,
                                               std::string_view mechanism) {
  if (const authz::Definition* own = policy.find_property(name)) return *own;
  if (!authz::is_raw_name(name) || policy.find(name) != nullptr) return std::nullopt;
  return authz::raw_definition(policy.publishes_raw(mechanism) ? mechanism : "krb5", name);
}

// What a policy publishes unasked, by its properties' names. A bare name, too: whether it may have
// a value is only known when the application has said who acts.
std::vector<std::string> published_names(const authz::Policy& policy,
                                         const authz::Publish& publish) {
  std::vector<std::string> names;
  const auto add = [&](const authz::Definition& definition) {
    names.push_back("*" + definition.property);
    names.push_back(definition.property);
  };
  if (publish.is_all) std::ranges::for_each(policy.definitions(), add);
  for (std::string_view name : publish.names) {
    const bool is_asserted = name.starts_with(authz::kAsserted);
    if (is_asserted) name.remove_prefix(authz::kAsserted.size());
    const authz::Definition* definition = policy.find(name);
    if (definition == nullptr) continue;
    if (is_asserted) {
      names.push_back("*" + std::string(authz::kAsserted) + definition->property);
    } else {
      add(*definition);
    }
  }
  return names;
}

void add_sources(const authz::Definition& definition, const authz::PeerInfo& peer,
                 std::vector<std::string>* names) {
  for (std::string& name : authz::source_names(definition, peer)) {
    if (std::ranges::find(*names, name) == names->end()) names->push_back(std::move(name));
  }
}

}  // namespace

std::vector<std::string> AuxProps::requested() const {
  std::vector<std::string> names;
  if (context_ == nullptr) return names;
  for (const propval* value = sasl_.get()->prop_get(context_);
       value != nullptr && value->name != nullptr; ++value) {
    names.emplace_back(value->name);
  }
  return names;
}

std::vector<AuxProps::Property> AuxProps::properties(const authz::Policy& policy,
                                                     std::string_view mechanism) const {
  std::vector<Property> found;
  for (std::string& requested : requested()) {
    std::string_view name = requested;
    const bool is_starred = name.starts_with('*');
    if (is_starred) name.remove_prefix(1);
    const bool is_asserted = is_starred && name.starts_with(authz::kAsserted);
    if (is_asserted) name.remove_prefix(authz::kAsserted.size());
    auto definition = definition_of(name, policy, mechanism);
    if (!definition) continue;
    found.push_back({std::move(requested), is_asserted, *std::move(definition)});
  }
  return found;
}

void AuxProps::erase(const authz::Policy& policy) const {
  std::vector<std::string> names;
  for (Property& property : properties(policy, {})) names.push_back(std::move(property.name));
  erase(names);
}

void AuxProps::erase(const std::vector<std::string>& names) const noexcept {
  for (const std::string& name : names) sasl_.get()->prop_erase(context_, name.c_str());
}

std::vector<std::string> AuxProps::sources(const authz::Policy& policy, const authz::Scope& scope,
                                           const authz::PeerInfo& peer) const {
  std::vector<std::string> names;
  for (const Property& property : properties(policy, peer.mechanism)) {
    add_sources(property.definition, peer, &names);
  }
  for (const authz::Definition& definition : policy.definitions()) {
    if (scope.publish.adds(definition.name) || scope.uses(definition.name)) {
      add_sources(definition, peer, &names);
    }
  }
  return names;
}

void AuxProps::request(const authz::Policy& policy, const authz::Publish& publish) const {
  if (context_ == nullptr) return;
  const auto present = requested();
  std::vector<const char*> missing;
  for (const std::string& name : published_names(policy, publish)) {
    if (std::ranges::find(present, name) == present.end()) missing.push_back(lasting_name(name));
  }
  if (missing.empty()) return;
  missing.push_back(nullptr);
  if (sasl_.get()->prop_request(context_, missing.data()) != SASL_OK) {
    sasl_.log(SASL_LOG_ERR, "libsasl refused the properties that the policy publishes");
  }
}

void AuxProps::publish(const authz::Policy& policy, const authz::PeerInfo& peer,
                       bool is_own_identity) {
  published_.clear();
  const auto ours = properties(policy, peer.mechanism);
  for (const Property& property : ours) published_.push_back(property.name);
  erase(published_);
  for (const Property& property : ours) {
    if (property.is_starred() || is_own_identity) set(property, peer);
  }
}

void AuxProps::set(const Property& property, const authz::PeerInfo& peer) const {
  const authz::LocalAttribute asserted = authz::asserted_attribute(property.definition, peer);
  // naming-exts section 9: what the peer asserted of itself decides nothing, so is not handed out
  // under a name that an application may decide by.
  if (!property.is_asserted && !asserted.is_absent()) {
    sasl_.log(SASL_LOG_NOTE,
              "property " + property.name + " withheld: its values are not authenticated");
  }
  const authz::LocalAttribute local =
      property.is_asserted ? asserted : authz::local_attribute(property.definition, peer);
  if (local.has_unknown()) {
    sasl_.log(SASL_LOG_WARN, "values of property " + property.name + " withheld: " + local.unknown);
  }
  for (const std::string& value : local.values) {
    const int code = sasl_.get()->prop_set(context_, property.name.c_str(), value.c_str(),
                                           static_cast<int>(value.size()));
    if (code != SASL_OK) {
      sasl_.log(SASL_LOG_ERR,
                "property " + property.name + " could not be set: libsasl refused it");
      return;
    }
  }
}

}  // namespace gssloop::plugin
