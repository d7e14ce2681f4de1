// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_H_
#define GSSLOOP_AUTHZ_POLICY_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/expression.h"
#include "gssloop/authz/value_form.h"

namespace gssloop::authz {

// What an administrator decided: which attributes mean what, who may log in, as whom, and what
// applications see. gssloop-policy(5) describes the file; policy_file.h reads it, evaluation.h
// applies it. Immutable once read, so that any number of threads may share one.

// Place is where something stands in a policy file. Lines and columns count from 1.
struct Place {
  std::string file;     // as it was read
  unsigned line = 0;    // 0: the file as a whole
  unsigned column = 0;  // of the line, as toml++ counts

  // text is "FILE:LINE".
  std::string text() const { return file + ":" + std::to_string(line); }
};

// Source is one name attribute that fills a local attribute. Mechanism and name are compared octet
// by octet, each as a whole: equal names of different mechanisms are different attributes
// (naming-exts section 5), and a name that merely begins or ends with this one is another
// (section 6).
struct Source {
  std::string mechanism;  // as PeerInfo::mechanism says it: "krb5", "eap-aes128", a dotted OID
  std::string name;       // of the GSS attribute, whole
  std::string issuer;     // the peer's realm; empty: any
  ValueForm form = ValueForm::kText;  // of its values
};

// Definition is a local attribute: what rules and applications call it, and where it comes from.
struct Definition {
  std::string name;             // for rules
  std::string property;         // auxiliary property, without star
  std::vector<Source> sources;  // at least one
  Place place;                  // of its table
};

// Rule is one line of a require, deny or authorize.
struct Rule {
  Expression expression;  // what it asks
  std::string text;       // as in the file; holds what the administrator compares with
  Place place;            // of the string
};

// Identity says which name the application sees.
struct Identity {
  // Where the name comes from.
  enum class Kind {
    kStripDefaultRealm,  // the principal, without the realm where that is the default one
    kPrincipal,          // the whole principal
    kAuthToLocal,        // what Kerberos' auth_to_local rules make of it
    kAttribute,          // the one value of a local attribute
  };
  Kind kind = Kind::kStripDefaultRealm;  // of this one
  std::string attribute;                 // of kAttribute
  Place place;                           // of the key's value; no file where it is not set
};

// Publish says which local attributes become properties although the application asked for none.
struct Publish {
  bool is_all = false;             // every local attribute
  std::vector<std::string> names;  // of local attributes, or of asserted ones: "asserted:NAME"

  // adds says whether a local attribute's values, authenticated or asserted, are published.
  bool adds(std::string_view local) const;
};

// Scope is all that holds for the peers of one service, with one mechanism.
struct Scope {
  std::vector<Rule> require;  // each must be true
  std::vector<Rule> deny;     // none may be true, or unknown
  // Who may act as somebody else: one must be true. nullopt: the application alone decides.
  std::optional<std::vector<Rule>> authorize;
  Place authorize_place;                 // of that list
  Identity identity;                     // who the others are
  std::optional<std::string> anonymous;  // who anonymous peers are; nullopt: they are refused
  Publish publish;                       // what becomes a property unasked

  // uses says whether a rule or the identity asks for the local attribute or reserved name `name`.
  bool uses(std::string_view name) const { return used.contains(name); }
  // note_used fills `used`, when all else is there.
  void note_used();
  std::set<std::string, std::less<>> used;
};

// Policy is all of it, as read from its files.
class Policy {
 public:
  // The empty policy grants and refuses nothing.
  Policy() = default;

  // scope is what holds for a service and a mechanism (as in PeerInfo): the service's own table, or
  // the default one.
  const Scope& scope(std::string_view service, std::string_view mechanism) const;
  // find and find_property look for a local attribute by its name, or by its property's; null where
  // there is none. definitions lists them all. Borrowed.
  const Definition* find(std::string_view name) const;
  const Definition* find_property(std::string_view property) const;
  const std::vector<Definition>& definitions() const noexcept { return definitions_; }
  // publishes_raw says whether attributes of a mechanism may be published under their own names:
  // those of Kerberos, and of mechanisms that the policy lists.
  bool publishes_raw(std::string_view mechanism) const;

 private:
  friend class PolicyReader;
  struct Service {
    Scope scope;
    std::map<std::string, Scope, std::less<>> by_mechanism;
  };
  std::vector<Definition> definitions_;
  std::map<std::string, Service, std::less<>> services_;
  Service default_;
  std::vector<std::string> raw_mechanisms_;
};

// What a name begins with that stands for values which the peer asserted of itself; such names can
// be published, and never decide.
inline constexpr std::string_view kAsserted = "asserted:";

// Names that rules may use although no attribute defines them.
namespace reserved {
inline constexpr std::string_view kRealm = "peer.realm";          // absent for anonymous peers
inline constexpr std::string_view kMechanism = "peer.mechanism";  // as PeerInfo::mechanism
inline constexpr std::string_view kChannelBound = "peer.channel-bound";  // "yes" or "no"
inline constexpr std::string_view kAnonymous = "peer.anonymous";         // "yes" or "no"
inline constexpr std::string_view kSsf = "peer.ssf";                     // bits
inline constexpr std::string_view kPrincipal = "peer.principal";         // as displayed
inline constexpr std::string_view kLocalName = "peer.local-name";        // by auth_to_local
inline constexpr std::string_view kService = "peer.service";             // as PeerInfo::service
// In `authorize` only: the canonical identities.
inline constexpr std::string_view kAuthid = "authid";
// As whom the peer asks to act; in `authorize` only.
inline constexpr std::string_view kAuthzid = "authzid";
}  // namespace reserved

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_H_
