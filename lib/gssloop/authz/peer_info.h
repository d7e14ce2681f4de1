// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_PEER_INFO_H_
#define GSSLOOP_AUTHZ_PEER_INFO_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/expression.h"
#include "gssloop/authz/policy.h"
#include "gssloop/base/attribute.h"

namespace gssloop::authz {

// PeerInfo is the facts about one authenticated peer, before the decision about its login.
struct PeerInfo {
  std::string service = {};  // as the application calls it: "imap"
  // The mechanism of the established context, never the one that its names claim: "krb5" for
  // Kerberos, also if another mechanism negotiated it; otherwise the name that the GSS-API
  // gives it, or its dotted OID.
  std::string mechanism = {};
  std::string principal = {};      // as the mechanism displays it
  std::string default_realm = {};  // of this machine's Kerberos; empty: none
  // The realm that the application itself appends to names without one; empty: none.
  std::string application_realm = {};
  bool is_anonymous = false;      // the principal is then the same for all anonymous peers
  bool is_channel_bound = false;  // the mechanism verified that the login is bound to its channel
  unsigned ssf = 0;               // bits; the stronger of the security layer and the layer below it
  // The local name that auth_to_local gives the principal; filled only if the policy uses it. If
  // the look-up failed, `unknown` has the reason.
  LocalAttribute local_name = {};
  // The attributes that source_names() lists.
  Attributes attributes = {};
  // The reason why the attributes could not be listed; empty if they could.
  std::string unlisted = {};
  // The canonical identities, once they are known.
  std::string authid = {};   // authentication identity
  std::string authzid = {};  // requested authorization identity

  // set_name fills principal and is_anonymous from the mechanism's answer about the name. Set
  // `mechanism` first. Kerberos' anonymous principal is anonymous with any name type.
  void set_name(std::string displayed, bool is_anonymous_name);

  // is_kerberos: the principal is a Kerberos principal, with a realm.
  bool is_kerberos() const noexcept { return mechanism == "krb5"; }
};

// applies says whether a source is for this peer: for its mechanism and, if the policy names an
// issuer, for its realm.
bool applies(const Source& source, const PeerInfo& peer);

// source_names lists the name attributes that may fill a local attribute for this peer: the sources
// that apply to it.
std::vector<std::string> source_names(const Definition& definition, const PeerInfo& peer);

// local_attribute collects the authenticated values of a local attribute. Asserted values count as
// absent (naming-exts section 9).
LocalAttribute local_attribute(const Definition& definition, const PeerInfo& peer);
// asserted_attribute collects the values that the peer asserted of itself. No decision uses them.
LocalAttribute asserted_attribute(const Definition& definition, const PeerInfo& peer);

// raw_definition defines an attribute that is published under its own name. Its form belongs to the
// name: "auth-indicators" is text, every other base64.
Definition raw_definition(std::string_view mechanism, std::string_view name);
// is_raw_name says whether an attribute can be published under `name` without a definition:
// "auth-indicators", or a URN.
bool is_raw_name(std::string_view name) noexcept;

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_PEER_INFO_H_
