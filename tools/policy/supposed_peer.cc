// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/supposed_peer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "gssloop/authz/value_form.h"

namespace gssloop::tools {
namespace {

using authz::Definition;
using authz::LocalAttribute;
using authz::Source;

bool has_source(const Definition& definition, const std::string& name) {
  return std::ranges::find(definition.sources, name, &Source::name) != definition.sources.end();
}

// The definitions that a name means: the local attribute of that name, or those with this source.
std::vector<const Definition*> definitions_of(const authz::Policy& policy,
                                              const std::string& name) {
  if (const Definition* local = policy.find(name)) return {local};
  std::vector<const Definition*> found;
  for (const Definition& definition : policy.definitions()) {
    if (has_source(definition, name)) found.push_back(&definition);
  }
  return found;
}

Error unknown_name(const authz::Policy& policy, const std::string& name) {
  if (name.starts_with("peer.")) {
    return Error{in_quotes(name) +
                 " is not an attribute: it follows from the peer's name and login"};
  }
  std::string known;
  for (const Definition& definition : policy.definitions()) known += " " + definition.name;
  return Error{"the policy does not use an attribute " + in_quotes(name) + "; it defines" +
               (known.empty() ? " none" : known)};
}

// A full name can belong to several definitions. A text is a value of one form only.
std::optional<Error> check_forms(const std::string& name,
                                 const std::vector<const Definition*>& definitions) {
  std::set<authz::ValueForm> forms;
  std::string locals;
  for (const Definition* definition : definitions) {
    locals += " " + definition->name;
    for (const Source& source : definition->sources) {
      if (source.name == name) forms.insert(source.form);
    }
  }
  if (forms.size() < 2) return std::nullopt;
  return Error{"the policy uses " + in_quotes(name) +
               " in several forms: name the local attribute instead, one of" + locals};
}

bool can_have(const Definition& definition, const std::string& source, const std::string& value) {
  return std::ranges::any_of(definition.sources, [&](const Source& known) {
    return (source.empty() || known.name == source) && authz::can_be_value(known.form, value);
  });
}

}  // namespace

std::optional<Error> SupposedAttributes::add(const std::string& name, const std::string& value) {
  return suppose(name, value);
}

std::optional<Error> SupposedAttributes::add_unknown(const std::string& name) {
  return suppose(name, std::nullopt);
}

std::optional<Error> SupposedAttributes::suppose(const std::string& name,
                                                 const std::optional<std::string>& value) {
  const auto definitions = definitions_of(policy_, name);
  if (definitions.empty()) return unknown_name(policy_, name);
  const bool is_local = definitions.front()->name == name;
  if (value && !is_local) {
    if (auto error = check_forms(name, definitions)) return error;
  }
  const std::string source = is_local ? "" : name;
  for (const Definition* definition : definitions) {
    const std::string* sid = value ? policy_.sid_of(*definition, *value) : nullptr;
    if (sid != nullptr) {
      supposed_.push_back({definition, source, *sid});
      continue;
    }
    if (value && !can_have(*definition, source, *value)) {
      const auto form = definition->sources.front().form;
      return Error{in_quotes(*value) + " can be no value of " + in_quotes(name) + ": values are " +
                   std::string(authz::value_form_description(form))};
    }
    supposed_.push_back({definition, source, value});
  }
  return std::nullopt;
}

void SupposedAttributes::give(authz::RuleContext* context) const {
  for (const Definition& definition : policy_.definitions()) {
    LocalAttribute attribute;
    for (const Supposed& supposed : supposed_) {
      if (supposed.definition != &definition) continue;
      const bool has_it = std::ranges::any_of(definition.sources, [&](const Source& source) {
        return authz::applies(source, context->peer()) &&
               (supposed.source.empty() || source.name == supposed.source) &&
               (!supposed.value || authz::can_be_value(source.form, *supposed.value));
      });
      if (!has_it) continue;
      if (supposed.value) {
        attribute.values.push_back(*supposed.value);
      } else {
        attribute.unknown = "supposed to be unreadable";
      }
    }
    attribute.is_complete = !attribute.values.empty() && !attribute.has_unknown();
    context->suppose(definition, std::move(attribute));
  }
}

Result<authz::PeerInfo, Error> peer_info_of(const SupposedPeer& supposed) {
  authz::PeerInfo peer;
  peer.service = supposed.service;
  peer.mechanism = supposed.mechanism;
  peer.default_realm = supposed.default_realm;
  std::string name = supposed.principal;
  if (name.empty() && !supposed.is_anonymous) {
    return Error{"a peer that is not anonymous must have a name"};
  }
  if (peer.is_kerberos() && !name.empty() && name.find('@') == name.npos) {
    if (supposed.default_realm.empty()) {
      return Error{"the principal " + in_quotes(name) +
                   " needs a realm, because there is no default realm"};
    }
    name += "@" + supposed.default_realm;
  }
  peer.set_name(std::move(name), supposed.is_anonymous);
  peer.is_channel_bound = supposed.is_channel_bound;
  peer.ssf = supposed.ssf;
  if (supposed.local_name) {
    peer.local_name.values.push_back(*supposed.local_name);
  } else {
    peer.local_name.unknown = "no local name was supposed";
  }
  return peer;
}

}  // namespace gssloop::tools
