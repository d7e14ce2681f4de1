// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_LOGIN_AUDIT_H_
#define GSSLOOP_PLUGIN_EXCHANGE_LOGIN_AUDIT_H_

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <memory>
#include <string>
#include <vector>

#include "gssloop/authz/decision.h"
#include "gssloop/authz/rule_context.h"
#include "plugin/audit/record.h"

namespace gssloop::plugin {

// What a login tells its audit record, in the order of the calls. All copy what they keep.

// begin_record makes the record at the client's first message.
std::unique_ptr<audit::Record> begin_record(const std::string& mechanism,
                                            const sasl_server_params_t& params);

// record_peer adds the authenticated peer.
void record_peer(const authz::PeerInfo& peer, audit::Record* record);

// record_decision adds the policy's decision: identities, binding, strength, the rule, and which
// local attributes the peer has, of those that the policy uses for this login and of `requested`.
// `with_values` names those whose values the record has.
void record_decision(const authz::LoginDecision& decision, const authz::RuleContext& rules,
                     const std::vector<authz::Definition>& requested,
                     const std::vector<std::string>& with_values, audit::Record* record);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_LOGIN_AUDIT_H_
