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

// PeerInfo is what is known of one authenticated peer before it is let in.
struct PeerInfo {
  std::string service = {};  // as the application calls it: "imap"
  // The mechanism of the established context, never what its names call themselves: "krb5" for
  // Kerberos, however it was arrived at; else its SASL name without "GS2-" in lower case, or its
  // dotted OID.
  std::string mechanism = {};
  std::string principal = {};      // as the mechanism displays it
  std::string default_realm = {};  // of this machine's Kerberos; empty: none
  // The realm that the application itself appends to names without one; empty: none.
  std::string application_realm = {};
  bool is_anonymous = false;      // the principal then stands for everybody's
  bool is_channel_bound = false;  // the mechanism verified that the login is bound to its channel
  unsigned ssf = 0;  // bits, of the security layer or of what lies below it, whichever is stronger
  // What auth_to_local makes of the principal; filled only if the policy asks. A reason in
  // `unknown` where that could not be found out.
  LocalAttribute local_name = {};
  // Those that source_names() asked for.
  Attributes attributes = {};
  // Why the attributes could not even be listed; empty when they could.
  std::string unlisted = {};
  // The canonical identities, once they are known.
  std::string authid = {};   // who the peer is
  std::string authzid = {};  // as whom it wants to act

  // set_name fills principal and is_anonymous by what the mechanism says of the name, once
  // `mechanism` is set. Kerberos' anonymous principal is anonymous whatever type its name has.
  void set_name(std::string displayed, bool is_anonymous_name);

  // is_kerberos: the principal is one of Kerberos', with a realm.
  bool is_kerberos() const noexcept { return mechanism == "krb5"; }
};

// source_names lists the name attributes that may fill a local attribute for this peer: those of
// its mechanism and, where the policy names an issuer, of its realm.
std::vector<std::string> source_names(const Definition& definition, const PeerInfo& peer);

// local_attribute gathers the authenticated values of a local attribute. Asserted ones count as
// absent (naming-exts section 9).
LocalAttribute local_attribute(const Definition& definition, const PeerInfo& peer);
// asserted_attribute gathers what the peer said of itself; decides nothing.
LocalAttribute asserted_attribute(const Definition& definition, const PeerInfo& peer);

// raw_definition stands for an attribute that is published under its own name. Its form belongs to
// the name: "auth-indicators" is text, every other base64.
Definition raw_definition(std::string_view mechanism, std::string_view name);
// is_raw_name says whether `name` is one that an attribute can be published under without a
// mapping: "auth-indicators", or a URN.
bool is_raw_name(std::string_view name) noexcept;

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_PEER_INFO_H_
