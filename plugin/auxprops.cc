// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/auxprops.h"

#include <algorithm>

namespace gssloop::plugin {
namespace {

constexpr std::string_view kIndicators = "auth-indicators";

std::string_view without_star(std::string_view property) noexcept {
  if (property.starts_with('*')) property.remove_prefix(1);
  return property;
}

// The form belongs to the name, never to the value: indicators are text, all else is base64.
bool is_text(std::string_view attribute) noexcept { return attribute == kIndicators; }

}  // namespace

bool is_raw_name(std::string_view name) noexcept {
  return name == kIndicators || name.starts_with("urn:");
}

std::vector<std::string> AuxProps::requested() const {
  std::vector<std::string> names;
  if (context_ == nullptr) return names;
  for (const propval* value = host_.utils()->prop_get(context_);
       value != nullptr && value->name != nullptr; ++value) {
    if (is_raw_name(without_star(value->name))) names.emplace_back(value->name);
  }
  return names;
}

std::vector<std::string> AuxProps::wanted() const {
  std::vector<std::string> names;
  for (const std::string& property : requested()) {
    std::string name(without_star(property));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

void AuxProps::erase(const std::vector<std::string>& properties) const noexcept {
  for (const std::string& property : properties) {
    host_.utils()->prop_erase(context_, property.c_str());
  }
}

void AuxProps::publish(const Attributes& attributes, bool is_own_identity) {
  published_ = requested();
  erase(published_);
  for (const std::string& property : published_) {
    if (!property.starts_with('*') && !is_own_identity) continue;
    const Attribute* attribute = attributes.find(without_star(property));
    if (attribute != nullptr) set(property, *attribute);
  }
}

void AuxProps::set(const std::string& property, const Attribute& attribute) const {
  // naming-exts section 9: what the peer asserted of itself decides nothing, so is not handed out
  // under a name that an application may decide by.
  if (attribute.authenticated() == nullptr) {
    host_.log(SASL_LOG_NOTE,
              "property " + property + " withheld: its values are not authenticated");
    return;
  }
  for (const AuthenticatedValue& value : *attribute.authenticated()) {
    std::string text;
    if (!is_text(attribute.name)) {
      text = base64(value.octets());
    } else if (is_utf8(value.octets()) && value.text().find('\0') == std::string_view::npos) {
      text = value.text();
    } else {
      host_.log(SASL_LOG_WARN, "a value of property " + property + " withheld: it is not text");
      continue;
    }
    const int code = host_.utils()->prop_set(context_, property.c_str(), text.c_str(),
                                             static_cast<int>(text.size()));
    if (code != SASL_OK) {
      host_.log(SASL_LOG_ERR, "property " + property + " could not be set: libsasl refused it");
      return;
    }
  }
}

}  // namespace gssloop::plugin
