// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/attribute_use.h"

#include <algorithm>

#include "gssloop/authz/value_form.h"
#include "tools/output.h"
#include "tools/trial/peer_report.h"

namespace gssloop::tools {
namespace {

// The decoders of Kerberos attributes, by the names that MIT krb5 gives these.
constexpr struct {
  std::string_view attribute;
  authz::ValueForm form;
} kDecoders[] = {
    {"urn:mspac:client-info", authz::ValueForm::kPacClientInfo},
    {"urn:mspac:logon-info", authz::ValueForm::kPacGroups},
    {"urn:mspac:logon-info", authz::ValueForm::kPacSid},
    {"urn:mspac:upn-dns-info", authz::ValueForm::kPacUpn},
    {"urn:mspac:upn-dns-info", authz::ValueForm::kPacSid},
    {"urn:mspac:18", authz::ValueForm::kPacRequestorSid},
};

void decode(const Attribute& attribute, AttributeUse* use) {
  for (const auto& decoder : kDecoders) {
    if (decoder.attribute != attribute.name) continue;
    std::vector<std::string> values;
    const bool is_decoded = std::ranges::all_of(values_of(attribute), [&](ByteView octets) {
      return authz::apply_form(decoder.form, octets, &values);
    });
    use->decoded.push_back({std::string(authz::to_string(decoder.form)),
                            is_decoded ? std::optional(std::move(values)) : std::nullopt});
  }
}

}  // namespace

std::string in_quotes(const std::vector<std::string>& values) {
  std::string text;
  const char* separator = "";
  for (const std::string& value : values) {
    text += separator + ("\"" + shown(value) + "\"");
    separator = ", ";
  }
  return text;
}

authz::LocalAttribute with_aliases(const authz::Policy& policy, const authz::Definition& definition,
                                   authz::LocalAttribute attribute) {
  std::vector<std::string> values;
  for (std::string& value : attribute.values) {
    const std::string* alias = policy.alias_of(definition, value);
    values.push_back(std::move(value));
    if (alias != nullptr) values.push_back(*alias);
  }
  attribute.values = std::move(values);
  return attribute;
}

AttributeUse use_of(const Attribute& attribute, const authz::Policy& policy,
                    const authz::PeerInfo& peer) {
  AttributeUse use;
  decode(attribute, &use);
  for (const authz::Definition& definition : policy.definitions()) {
    const auto names = authz::source_names(definition, peer);
    if (std::ranges::find(names, attribute.name) == names.end()) continue;
    if (attribute.authenticated() != nullptr) {
      use.locals.push_back(
          {definition.name, "*" + definition.property,
           with_aliases(policy, definition, authz::local_attribute(definition, peer))});
    } else {
      use.locals.push_back(
          {definition.name, "*" + std::string(authz::kAsserted) + definition.property,
           with_aliases(policy, definition, authz::asserted_attribute(definition, peer))});
    }
  }
  return use;
}

std::vector<std::string> notes_of(const AttributeUse& use) {
  std::vector<std::string> notes;
  for (const AttributeUse::Decoded& decoded : use.decoded) {
    std::string values = "not of this form, so unknown to rules";
    if (decoded.values) values = decoded.values->empty() ? "no value" : in_quotes(*decoded.values);
    notes.push_back(decoded.form + ": " + values);
  }
  for (const AttributeUse::Local& local : use.locals) {
    notes.push_back("local attribute " + local.attribute + ", property " + local.property + ": " +
                    in_quotes(local.values.values) +
                    (local.values.has_unknown() ? " - " + shown(local.values.unknown, 1024) : ""));
  }
  return notes;
}

Json to_json(const AttributeUse& use) {
  Json locals = Json::array();
  for (const AttributeUse::Local& local : use.locals) {
    locals.push_back(
        {{"attribute", local.attribute},
         {"property", local.property},
         {"values", local.values.values},
         {"unknown", local.values.has_unknown() ? Json(local.values.unknown) : Json()}});
  }
  Json decoders = Json::array();
  for (const AttributeUse::Decoded& decoded : use.decoded) {
    decoders.push_back(
        {{"form", decoded.form}, {"values", decoded.values ? Json(*decoded.values) : Json()}});
  }
  return {{"decoded", std::move(decoders)}, {"local", std::move(locals)}};
}

}  // namespace gssloop::tools
