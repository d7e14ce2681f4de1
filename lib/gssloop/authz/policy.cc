// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy.h"

#include <algorithm>

#include "gssloop/base/bytes.h"

namespace gssloop::authz {

std::string Place::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

bool Definition::has_sids() const noexcept {
  return std::ranges::any_of(sources, is_sid_form, &Source::form);
}

bool Definition::has_only_sids() const noexcept {
  return std::ranges::all_of(sources, is_sid_form, &Source::form);
}

bool Publish::adds(std::string_view local) const {
  return is_all || std::ranges::any_of(names, [&](std::string_view name) {
           if (name.starts_with(kAsserted)) name.remove_prefix(kAsserted.size());
           return name == local;
         });
}

void Scope::note_used() {
  const auto note = [&](const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
      for (const Term* term : rule.expression.terms()) used.insert(term->name);
    }
  };
  note(require);
  note(deny);
  if (authorize) note(*authorize);
  if (identity.kind == Identity::Kind::kAttribute) used.insert(identity.attribute);
  if (identity.kind == Identity::Kind::kAuthToLocal) used.emplace(reserved::kLocalName);
}

const Scope& Policy::scope(std::string_view service, std::string_view mechanism) const {
  const auto found = services_.find(service);
  const Service& table = found != services_.end() ? found->second : default_;
  const auto own = table.by_mechanism.find(mechanism);
  return own != table.by_mechanism.end() ? own->second : table.scope;
}

std::vector<const Scope*> Policy::scopes() const {
  std::vector<const Scope*> scopes;
  const auto add = [&](const Service& service) {
    scopes.push_back(&service.scope);
    for (const auto& [mechanism, scope] : service.by_mechanism) scopes.push_back(&scope);
  };
  for (const auto& [name, service] : services_) add(service);
  add(default_);
  return scopes;
}

const std::string* Policy::sid_of(const Definition& definition, std::string_view value) const {
  return definition.has_sids() ? aliases_.sid_of(value) : nullptr;
}

const std::string* Policy::alias_of(const Definition& definition, std::string_view value) const {
  return definition.has_sids() ? aliases_.name_of(value) : nullptr;
}

const Definition* Policy::find(std::string_view name) const {
  const auto found = std::ranges::find(definitions_, name, &Definition::name);
  return found != definitions_.end() ? &*found : nullptr;
}

const Definition* Policy::find_property(std::string_view property) const {
  const auto found = std::ranges::find(definitions_, property, &Definition::property);
  return found != definitions_.end() ? &*found : nullptr;
}

std::string Policy::summary() const {
  constexpr std::size_t kMaxTables = 20;
  std::string text;
  for (const RuleTable& table : tables_) {
    if (&table - tables_.data() >= static_cast<std::ptrdiff_t>(kMaxTables)) {
      return text + " and " + std::to_string(tables_.size() - kMaxTables) + " more tables";
    }
    if (!text.empty()) text += ", ";
    text += printable(as_bytes(table.name), 64) + " " + std::to_string(table.num_rules);
  }
  return text.empty() ? "none" : text;
}

bool Policy::publishes_raw(std::string_view mechanism) const {
  return mechanism == "krb5" ||
         std::ranges::find(raw_mechanisms_, mechanism) != raw_mechanisms_.end();
}

}  // namespace gssloop::authz
