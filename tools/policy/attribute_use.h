// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_ATTRIBUTE_USE_H_
#define GSSLOOP_TOOLS_POLICY_ATTRIBUTE_USE_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy.h"
#include "gssloop/base/attribute.h"
#include "tools/json.h"

namespace gssloop::tools {

// AttributeUse is what a policy makes of one attribute of a peer.
struct AttributeUse {
  // What a decoder for Kerberos attributes makes of the values; nullopt if it refuses one.
  struct Decoded {
    std::string form;
    std::optional<std::vector<std::string>> values;
  };
  std::vector<Decoded> decoded;  // by each decoder for the attribute
  // The local attributes that it fills, with the names of their properties in libsasl.
  struct Local {
    std::string attribute, property;
    authz::LocalAttribute values;
  };
  std::vector<Local> locals;
};
AttributeUse use_of(const Attribute& attribute, const authz::Policy& policy,
                    const authz::PeerInfo& peer);
// notes_of is for a person, a clause each; to_json is for a program.
std::vector<std::string> notes_of(const AttributeUse& use);
Json to_json(const AttributeUse& use);

// with_aliases returns the values of an attribute as a property has them: each SID is followed by
// its alias in the policy.
authz::LocalAttribute with_aliases(const authz::Policy& policy, const authz::Definition& definition,
                                   authz::LocalAttribute attribute);

// in_quotes lists values for a person, each in quotation marks.
std::string in_quotes(const std::vector<std::string>& values);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_ATTRIBUTE_USE_H_
