// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_
#define GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy_store.h"
#include "tools/trial/peer_report.h"

namespace gssloop::tools {

// The two inputs of a decision: the policy, and what is known of the peer.

// absolute_policy makes a path absolute that a user gives on the command line. Unlike the option of
// a server, it is relative to the working directory. If that cannot be found, the result is empty.
std::optional<std::string> absolute_policy(const std::optional<std::string>& path);

// read_policy_at reads the policy at a path, or at the compiled-in path, as the module reads it. In
// particular, a missing file at the compiled-in path means the empty policy, and a relative path is
// an error.
authz::PolicyOnDisk read_policy_at(const std::optional<std::string>& path);

// is_missing says that there is no such policy; the compiled-in one need not exist.
bool is_missing(const authz::PolicyOnDisk& read);

// mechanism_names lists the names of this machine's mechanisms in policies.
std::vector<authz::MechanismName> mechanism_names();

// advice_about warns of services and attributes that this machine does not have: its default
// keytab, if this user can read it, and its mechanisms. See authz::advise.
std::vector<authz::Diagnostic> advice_about(const authz::Policy& policy);

// peer_info_of is what the module would know of the reported peer at a service. It believes the
// report about what is authenticated: use the result to show a decision, never to make one.
authz::PeerInfo peer_info_of(const PeerReport& report, const std::string& service);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_
