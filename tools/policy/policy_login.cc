// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/policy_login.h"

#include <filesystem>
#include <system_error>

#include "gssloop/authz/identity.h"
#include "gssloop/authz/policy_advice.h"
#include "gssloop/gss/kerberos.h"
#include "gssloop/gss/mechanisms.h"
#include "tools/kerberos/kerberos.h"

namespace gssloop::tools {

std::vector<authz::MechanismName> mechanism_names() {
  const auto registry = gss::MechanismRegistry::indicate();
  return registry ? registry->policy_names() : std::vector<authz::MechanismName>();
}

std::optional<std::string> absolute_policy(const std::optional<std::string>& path) {
  if (!path || path->empty()) return path;
  std::error_code failed;
  return std::filesystem::absolute(*path, failed).string();
}

authz::PolicyOnDisk read_policy_at(const std::optional<std::string>& path) {
  return authz::read_policy(authz::PolicyPath::of(path), mechanism_names());
}

bool is_missing(const authz::PolicyOnDisk& read) { return read.is_absent && !read.reading.policy; }

std::vector<authz::Diagnostic> advice_about(const authz::Policy& policy) {
  authz::PolicySurroundings surroundings{{}, mechanism_names()};
  if (const auto keytab = read_keytab("", "", "")) {
    for (const KeytabKey& key : keytab->keys) {
      surroundings.services.emplace(authz::service_of(key.principal));
    }
  }
  return authz::advise(policy, surroundings);
}

authz::PeerInfo peer_info_of(const PeerReport& report, const std::string& service) {
  authz::PeerInfo peer;
  peer.service = service;
  peer.mechanism = report.mechanism;
  for (const authz::MechanismName& known : mechanism_names()) {
    if (known.oid == report.mechanism) peer.mechanism = known.name;
  }
  peer.set_name(report.peer, report.is_anonymous);
  peer.default_realm = gss::default_realm();
  if (report.local_name) {
    peer.local_name.values.push_back(*report.local_name);
  } else {
    peer.local_name.unknown = "the report does not contain it";
  }
  peer.attributes = report.attributes;
  if (!report.why_unknown.empty()) {
    peer.unlisted = "the peer's attributes cannot be listed: " + report.why_unknown;
  }
  return peer;
}

}  // namespace gssloop::tools
