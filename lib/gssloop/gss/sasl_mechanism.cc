// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/sasl_mechanism.h"

#include <algorithm>

namespace gssloop::gss {
namespace {}  // namespace

bool lists(const std::vector<std::string>& names, std::string_view sasl_name) {
  return std::ranges::any_of(
      names, [&](const std::string& name) { return equals_ignoring_case(name, sasl_name); });
}

std::string_view without_plus(std::string_view sasl_name) noexcept {
  constexpr std::string_view kPlus = "-PLUS";
  const std::size_t stem_len = sasl_name.size() - std::min(sasl_name.size(), kPlus.size());
  const bool has_plus = equals_ignoring_case(sasl_name.substr(stem_len), kPlus);
  return has_plus ? sasl_name.substr(0, stem_len) : sasl_name;
}

std::string why_not_gs2(const Mechanism& mechanism, const std::vector<std::string>* named) {
  if (mechanism.sasl_name.empty()) return "it has no SASL name";
  if (mechanism.sasl_name.size() > kMaxSaslNameLen) return "its SASL name is too long for libsasl";
  if (mechanism.is_negotiation) return "it negotiates other mechanisms (RFC 5801 section 14)";
  if (mechanism.is_pseudo) return "it is a pseudo-mechanism";
  if (mechanism.is_deprecated) return "it is deprecated";
  if (!mechanism.binds_channels) return "it does not support channel bindings";
  if (!mechanism.authenticates_initiator || !mechanism.authenticates_target) {
    return "it does not offer mutual authentication";
  }
  if (named != nullptr && !lists(*named, mechanism.sasl_name)) {
    return "gssloop_mechanisms does not list it";
  }
  // IAKERB is one of them: it sends the proof of a password through the server, and MIT 1.20's
  // acceptor reports contexts complete that do not exist.
  if (named == nullptr && !mechanism.is_default) {
    return "it is not offered by default, and gssloop_mechanisms does not list it";
  }
  return {};
}

std::vector<SaslMechanism> sasl_mechanisms(const MechanismRegistry& registry,
                                           const std::vector<std::string>* named) {
  std::vector<SaslMechanism> offered;
  const auto add = [&](SaslFamily family, const char* sasl_name, const Oid& oid) {
    const Mechanism* mechanism = registry.find(oid);
    if (mechanism == nullptr || (named != nullptr && !lists(*named, sasl_name))) return;
    offered.push_back({family, sasl_name, *mechanism});
  };
  // libsasl puts the later of two equal mechanisms first.
  add(SaslFamily::kGssapi, "GSSAPI", Oid::krb5());
  add(SaslFamily::kSpnego, "GSS-SPNEGO", Oid::spnego());
  for (const Mechanism& mechanism : registry.all()) {
    if (!why_not_gs2(mechanism, named).empty()) continue;
    offered.push_back({SaslFamily::kGs2, mechanism.sasl_name, mechanism});
  }
  return offered;
}

std::vector<std::string> sasl_names(const MechanismRegistry& registry) {
  std::vector<std::string> names = {"GSSAPI", "GSS-SPNEGO"};
  for (const Mechanism& mechanism : registry.all()) {
    const std::vector<std::string> itself = {mechanism.sasl_name};
    if (why_not_gs2(mechanism, &itself).empty()) names.push_back(mechanism.sasl_name);
  }
  return names;
}

}  // namespace gssloop::gss
