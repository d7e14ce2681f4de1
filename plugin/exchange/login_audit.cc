// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/login_audit.h"

#include <algorithm>

#include "gssloop/authz/identity.h"

namespace gssloop::plugin {
namespace {

std::string text_of(const char* text) { return text != nullptr ? text : ""; }

bool has(const std::vector<authz::Definition>& definitions, const std::string& name) {
  return std::ranges::find(definitions, name, &authz::Definition::name) != definitions.end();
}

}  // namespace

std::unique_ptr<audit::Record> begin_record(const std::string& mechanism,
                                            const sasl_server_params_t& params) {
  auto record = std::make_unique<audit::Record>();
  record->service = text_of(params.service);
  record->host = text_of(params.serverFQDN);
  record->mechanism = mechanism;
  record->peer = text_of(params.ipremoteport);
  record->local = text_of(params.iplocalport);
  return record;
}

void record_peer(const authz::PeerInfo& peer, audit::Record* record) {
  record->principal = peer.principal;
  if (peer.is_kerberos()) record->realm = authz::realm_of(peer.principal);
}

void record_decision(const authz::LoginDecision& decision, const authz::RuleContext& rules,
                     const std::vector<authz::Definition>& requested,
                     const std::vector<std::string>& with_values, audit::Record* record) {
  record->authid = decision.authid;
  if (!decision.authzid.empty()) record->authzid = decision.authzid;
  record->is_bound = rules.peer().is_channel_bound;
  record->ssf = rules.peer().ssf;
  if (const auto rule = authz::deciding_rule(decision, rules.scope())) {
    record->rule_key = rule->key;
    record->rule = rule->place->text();
  }
  const authz::Scope& scope = rules.scope();
  for (const authz::Definition& definition : rules.policy().definitions()) {
    const std::string& name = definition.name;
    // The others were not read, so nothing is known about them.
    if (!scope.uses(name) && !scope.publish.adds(name) && !has(requested, name)) continue;
    const authz::LocalAttribute& attribute = rules.authenticated(definition);
    if (attribute.has_unknown()) record->unknown.push_back(name);
    if (attribute.values.empty()) continue;
    record->attributes.push_back(name);
    if (std::ranges::find(with_values, name) == with_values.end()) continue;
    record->values.emplace_back(name, attribute.values);
  }
}

}  // namespace gssloop::plugin
