// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_
#define GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy_store.h"
#include "gssloop/base/result.h"
#include "tools/json.h"
#include "tools/trial/peer_report.h"

namespace gssloop::tools {

// What a policy is asked with: its file, and what is known of the peer.

// mechanism_names lists what policies may call this machine's mechanisms.
std::vector<authz::MechanismName> mechanism_names();

// read_policy_at reads the policy of a path, or the compiled-in one. An absent compiled-in policy
// is the empty one, as for the module.
authz::PolicyOnDisk read_policy_at(const std::optional<std::string>& path);

// peer_info_of is what the module would know of the reported peer at a service. What the report
// says to be authenticated is taken for that: the result shows decisions, and makes none.
authz::PeerInfo peer_info_of(const PeerReport& report, const std::string& service);

// quoted lists values for a person, each in quotes.
std::string quoted(const std::vector<std::string>& values);

// AttributeUse is what a policy makes of one attribute of a peer.
struct AttributeUse {
  // Of an attribute of Kerberos' that has a decoder: its form, and what it reads; nullopt where it
  // refuses.
  std::string form;
  std::optional<std::vector<std::string>> decoded;
  // The local attributes that it fills, with their properties as applications know them.
  struct Local {
    std::string attribute, property;
    authz::LocalAttribute values;
  };
  std::vector<Local> locals;
};
AttributeUse use_of(const Attribute& attribute, const authz::Policy& policy,
                    const authz::PeerInfo& peer);
// notes_of renders it for a person, a clause each; to_json for a program.
std::vector<std::string> notes_of(const AttributeUse& use);
Json to_json(const AttributeUse& use);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_POLICY_LOGIN_H_
