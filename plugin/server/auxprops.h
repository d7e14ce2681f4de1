// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_AUXPROPS_H_
#define GSSLOOP_PLUGIN_SERVER_AUXPROPS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/decision.h"
#include "gssloop/authz/policy.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// AuxProps gives a peer's attributes to the application as SASL auxiliary properties. No other code
// does so. An attribute describes the authenticated peer, so its property is "*NAME", Cyrus'
// convention for the authentication identity; the bare NAME is also set if the peer acts as itself.
// NAME is a local attribute's property, or the name of an attribute that is published raw; a name
// that the policy defines is never filled from a raw attribute. Attributes that the peer asserted
// of itself have the names "*asserted:NAME".
//
// Values go in one prop_set each, after canon_user: prop_setvals and appending corrupt libsasl's
// heap, and values set earlier are wiped by a canon_user callback that requests properties.
class AuxProps {
 public:
  AuxProps(const SaslUtils& sasl, propctx* context) : sasl_(sasl), context_(context) {}
  AuxProps(const AuxProps&) = delete;
  AuxProps& operator=(const AuxProps&) = delete;
  // Erases the values that were set: a later attempt on this connection must find none.
  ~AuxProps() { erase(published_); }

  // begin removes the values of all requested names that belong to this module. Another source,
  // such as a database, may have set them, and the application would take them for the mechanism's.
  // Returns the definitions that fill those names for a peer of `mechanism`.
  std::vector<authz::Definition> begin(const authz::Policy& policy,
                                       std::string_view mechanism) const;

  // request asks libsasl for the properties that a policy publishes without a request of the
  // application. libsasl then clears the values of all properties, so call it before canon_user.
  // Fails if libsasl refuses them, as it does without memory: a login must not go on without what
  // an application may decide by.
  std::optional<Error> request(const std::vector<authz::PublishedAttribute>& published) const;

  // publish sets the properties. `is_own_identity`: the peer acts as itself. If libsasl refuses a
  // value, it sets none and fails, for the reason of request.
  std::optional<Error> publish(const authz::RuleContext& login, bool is_own_identity);

 private:
  // Property is a requested property that this module fills.
  struct Property {
    std::string name;  // as requested
    bool is_asserted = false;
    authz::Definition definition;

    bool is_starred() const noexcept { return name.starts_with('*'); }
  };

  std::vector<std::string> requested_names() const;
  std::vector<Property> properties(const authz::Policy& policy, std::string_view mechanism) const;
  std::optional<Error> set(const Property& property, const authz::RuleContext& login) const;
  void erase(const std::vector<std::string>& names) const noexcept;

  SaslUtils sasl_;
  propctx* context_;
  std::vector<std::string> published_;  // as requested
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_AUXPROPS_H_
