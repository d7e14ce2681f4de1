// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_
#define GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_

#include <optional>
#include <string>

#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy_store.h"
#include "tools/trial/peer_report.h"

namespace gssloop::tools {

// What a policy is asked with: its file, and what is known of the peer.

// read_policy_at reads the policy of a path, or the compiled-in one. An absent compiled-in policy
// is the empty one, as for the module.
authz::PolicyOnDisk read_policy_at(const std::optional<std::string>& path);

// peer_info_of is what the module would know of the reported peer at a service. What the report
// says to be authenticated is taken for that: the result shows decisions, and makes none.
authz::PeerInfo peer_info_of(const PeerReport& report, const std::string& service);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_
