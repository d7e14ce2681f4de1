// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server/auxprops.h"

#include <algorithm>
#include <optional>

#include "plugin/server/property_names.h"

namespace gssloop::plugin {
namespace {

// Room for so many at once: a vector that grows moves its elements each time.
constexpr std::size_t kManyProperties = 16;

// Returns the definition that fills a name (without star or "asserted:") for a peer of this
// mechanism.
std::optional<authz::Definition> definition_of(std::string_view name, const authz::Policy& policy,
                                               std::string_view mechanism) {
  if (const authz::Definition* own = policy.find_property(name)) return *own;
  if (!authz::is_raw_name(name) || policy.find(name) != nullptr) return std::nullopt;
  return authz::raw_definition(policy.publishes_raw(mechanism) ? mechanism : "krb5", name);
}

// Returns the properties of the attributes that a policy publishes without a request. The bare
// names are among them: only after the application has decided the authorization identity is it
// known whether they may have a value.
std::vector<std::string> property_names(const std::vector<authz::PublishedAttribute>& published) {
  std::vector<std::string> names;
  for (const auto& [definition, is_asserted] : published) {
    if (is_asserted) {
      names.push_back("*" + std::string(authz::kAsserted) + definition->property);
    } else {
      names.push_back("*" + definition->property);
      names.push_back(definition->property);
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> AuxProps::requested_names() const {
  std::vector<std::string> names;
  if (context_ == nullptr) return names;
  names.reserve(kManyProperties);
  for (const propval* value = sasl_.get()->prop_get(context_);
       value != nullptr && value->name != nullptr; ++value) {
    names.emplace_back(value->name);
  }
  return names;
}

std::vector<AuxProps::Property> AuxProps::properties(const authz::Policy& policy,
                                                     std::string_view mechanism) const {
  std::vector<Property> found;
  found.reserve(kManyProperties);
  for (std::string& requested : requested_names()) {
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

std::vector<authz::Definition> AuxProps::begin(const authz::Policy& policy,
                                               std::string_view mechanism) const {
  std::vector<Property> ours = properties(policy, mechanism);
  std::vector<authz::Definition> definitions;
  definitions.reserve(ours.size());
  for (Property& property : ours) {
    sasl_.get()->prop_erase(context_, property.name.c_str());
    definitions.push_back(std::move(property.definition));
  }
  return definitions;
}

void AuxProps::erase(const std::vector<std::string>& names) const noexcept {
  for (const std::string& name : names) sasl_.get()->prop_erase(context_, name.c_str());
}

std::optional<Error> AuxProps::request(
    const std::vector<authz::PublishedAttribute>& published) const {
  if (context_ == nullptr) return std::nullopt;
  const auto present = requested_names();
  std::vector<const char*> missing;
  for (const std::string& name : property_names(published)) {
    if (std::ranges::find(present, name) == present.end()) missing.push_back(lasting_name(name));
  }
  if (missing.empty()) return std::nullopt;
  missing.push_back(nullptr);
  if (sasl_.get()->prop_request(context_, missing.data()) == SASL_OK) return std::nullopt;
  return Error{"libsasl refused to add the properties that the policy publishes"};
}

std::optional<Error> AuxProps::publish(const authz::RuleContext& login, bool is_own_identity) {
  published_.clear();
  const auto ours = properties(login.policy(), login.peer().mechanism);
  published_.reserve(ours.size());
  for (const Property& property : ours) published_.push_back(property.name);
  erase(published_);
  for (const Property& property : ours) {
    if (!property.is_starred() && !is_own_identity) continue;
    if (auto error = set(property, login)) {
      erase(published_);
      return error;
    }
  }
  return std::nullopt;
}

std::optional<Error> AuxProps::set(const Property& property,
                                   const authz::RuleContext& login) const {
  const authz::LocalAttribute& asserted = login.asserted(property.definition);
  // naming-exts section 9: no decision may depend on asserted attributes, so the module does not
  // set them under a name that an application may use for decisions.
  if (!property.is_asserted && !asserted.is_absent()) {
    sasl_.log(SASL_LOG_NOTE,
              "values of property " + property.name + " are not set: they are not authenticated");
  }
  const authz::LocalAttribute& local =
      property.is_asserted ? asserted : login.authenticated(property.definition);
  if (local.has_unknown()) {
    sasl_.log(SASL_LOG_WARN,
              "values of property " + property.name + " are missing: " + local.unknown);
  }
  const auto add = [&](const std::string& value) {
    return sasl_.get()->prop_set(context_, property.name.c_str(), value.c_str(),
                                 static_cast<int>(value.size())) == SASL_OK;
  };
  for (const std::string& value : local.values) {
    const std::string* alias = login.policy().alias_of(property.definition, value);
    if (add(value) && (alias == nullptr || add(*alias))) continue;
    return Error{"property " + property.name + " could not be set: libsasl refused it"};
  }
  return std::nullopt;
}

}  // namespace gssloop::plugin
