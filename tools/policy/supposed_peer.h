// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_SUPPOSED_PEER_H_
#define GSSLOOP_TOOLS_POLICY_SUPPOSED_PEER_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/peer_info.h"
#include "gssloop/authz/policy.h"
#include "gssloop/authz/rule_context.h"
#include "gssloop/base/result.h"

namespace gssloop::tools {

// SupposedPeer is a peer that need not exist, and its login, as a user describes them in text.
struct SupposedPeer {
  std::string service;             // the application's name for it
  std::string principal;           // a Kerberos principal without a realm is of default_realm
  std::string mechanism = "krb5";  // as in policies
  std::string default_realm;       // of the server
  std::string authzid;             // the requested authorization identity; empty: the peer's own
  bool is_anonymous = false;
  bool is_channel_bound = false;
  unsigned ssf = 0;  // bits
  std::optional<std::string> local_name;
};

// SupposedAttributes is the attributes of a SupposedPeer, for one policy. Values are written as
// rules see them: a SID and not the octets of a PAC. All other attributes are absent.
class SupposedAttributes {
 public:
  // Borrows the policy.
  explicit SupposedAttributes(const authz::Policy& policy) : policy_(policy) {}

  // add supposes one more value, and add_unknown that there are values which cannot be read. An
  // attribute has its local name, or the full name of a source. They fail if the policy does not
  // use the attribute, or if its form never makes this value.
  std::optional<Error> add(const std::string& name, const std::string& value);
  std::optional<Error> add_unknown(const std::string& name);

  // give gives the attributes to the peer of `context`, as far as the policy has sources for its
  // mechanism and realm. Call it before the context is used.
  void give(authz::RuleContext* context) const;

 private:
  struct Supposed {
    const authz::Definition* definition;
    std::string source;                // the full name; empty: any source of the definition
    std::optional<std::string> value;  // nullopt: unknown
  };
  std::optional<Error> suppose(const std::string& name, const std::optional<std::string>& value);

  const authz::Policy& policy_;
  std::vector<Supposed> supposed_;
};

// peer_info_of is what the module would know of the peer, without the attributes. It fails if the
// peer is not anonymous and has no name, or if its Kerberos principal has no realm.
Result<authz::PeerInfo, Error> peer_info_of(const SupposedPeer& supposed);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_SUPPOSED_PEER_H_
