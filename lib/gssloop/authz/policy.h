// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_H_
#define GSSLOOP_AUTHZ_POLICY_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/authz/aliases.h"
#include "gssloop/authz/expression.h"
#include "gssloop/authz/value_form.h"

namespace gssloop::authz {

// A policy as data: the definitions of attributes, the rules for logins and identities, and the
// published attributes. gssloop-policy(5) describes the file; policy_file.h reads it, evaluation.h
// applies it. A policy never changes after it was read, so any number of threads may share one.

// Place is a place in a policy file. Lines and columns count from 1.
struct Place {
  std::string file;     // as it was read
  unsigned line = 0;    // 0: the file as a whole
  unsigned column = 0;  // of the line, as toml++ counts

  // text is "FILE:LINE:COLUMN", or less if less is known.
  std::string text() const;
};

// Source is one name attribute that fills a local attribute. Mechanism and name are compared octet
// by octet, each as a whole: equal names of different mechanisms are different attributes
// (naming-exts section 5), and a name that merely begins or ends with this one is another
// (section 6).
struct Source {
  std::string mechanism;  // as PeerInfo::mechanism says it: "krb5", or another name or OID
  std::string name;       // of the GSS attribute, whole
  std::string issuer;     // the peer's realm; empty: any
  ValueForm form = ValueForm::kText;  // of its values
};

// Definition is a local attribute: its names in rules and applications, and its sources.
struct Definition {
  std::string name;             // for rules
  std::string property;         // auxiliary property, without star
  std::vector<Source> sources;  // at least one
  Place place;                  // of its table

  // has_sids says whether a value can be a SID, and has_only_sids whether each value is one.
  bool has_sids() const noexcept;
  bool has_only_sids() const noexcept;
};

// Rule is one line of a require, deny or authorize.
struct Rule {
  Expression expression;  // parsed
  std::string text;  // as in the file; contains the values that the administrator compares with
  Place place;       // of the string
};

// Identity says which name the application gets.
struct Identity {
  // Where the name comes from.
  enum class Kind {
    kStripDefaultRealm,  // the principal, without the realm where that is the default one
    kPrincipal,          // the whole principal
    kAuthToLocal,        // the local name by Kerberos' auth_to_local rules
    kAttribute,          // the one value of a local attribute
  };
  Kind kind = Kind::kStripDefaultRealm;  // of this one
  std::string attribute;                 // of kAttribute
  Place place;                           // of the key's value; no file where it is not set
};

// Publish says which local attributes become properties without a request of the application.
struct Publish {
  bool is_all = false;             // every local attribute
  std::vector<std::string> names;  // of local attributes, or of asserted ones: "asserted:NAME"

  // adds says whether a local attribute's values, authenticated or asserted, are published.
  bool adds(std::string_view local) const;
};

// Scope is all settings for the peers of one service with one mechanism.
struct Scope {
  std::vector<Rule> require;  // each must be true
  std::vector<Rule> deny;     // each must be false
  // The rules for acting as another identity: one must be true. nullopt: the application alone
  // decides.
  std::optional<std::vector<Rule>> authorize;
  Place authorize_place;                 // of that list
  Identity identity;                     // the source of the names of other peers
  std::optional<std::string> anonymous;  // the name of anonymous peers; nullopt: they are refused
  Publish publish;                       // attributes published without a request

  // uses says whether a rule or the identity uses the local attribute or reserved name `name`.
  bool uses(std::string_view name) const { return used.contains(name); }
  // note_used fills `used`. Call it after the other members are filled.
  void note_used();
  std::set<std::string, std::less<>> used;
};

// RuleTable is one table of a policy that has rules, or may have them.
struct RuleTable {
  std::string name;           // "all", "default", or the service's name
  std::size_t num_rules = 0;  // of require, deny and authorize, also for its mechanisms
  Place place;                // of the table
};

// Policy is a whole policy, as read from its files.
class Policy {
 public:
  // The empty policy grants and refuses nothing.
  Policy() = default;

  // scope returns the settings for a service and a mechanism (as in PeerInfo): the service's own
  // table, or the default one.
  const Scope& scope(std::string_view service, std::string_view mechanism) const;
  // find and find_property look for a local attribute by its name, or by the name of its property;
  // null if there is none. definitions lists them all. Borrowed.
  const Definition* find(std::string_view name) const;
  const Definition* find_property(std::string_view property) const;
  const std::vector<Definition>& definitions() const noexcept { return definitions_; }
  // tables lists [all], the services in the order of their names, and [services.default], as far as
  // the policy has them. Borrowed.
  const std::vector<RuleTable>& tables() const noexcept { return tables_; }
  // scopes lists the settings of every service and mechanism, also those of [services.default]. A
  // rule of [all] is in each of them, and a rule of a service also in those of its mechanisms.
  // Borrowed.
  std::vector<const Scope*> scopes() const;
  // summary is their names and numbers of rules: "all 2, imap 3, default 1", or "none". It has the
  // first 20 tables.
  std::string summary() const;
  // sid_of returns the SID for which `value` is the name in comparisons of the local attribute, and
  // alias_of the name of a SID that is a value of the local attribute. Null if there is none.
  // Borrowed.
  const std::string* sid_of(const Definition& definition, std::string_view value) const;
  const std::string* alias_of(const Definition& definition, std::string_view value) const;
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
  std::vector<RuleTable> tables_;
  std::vector<std::string> raw_mechanisms_;
  Aliases aliases_;
};

// The prefix of names for values that the peer asserted of itself. Such names can be published, but
// no rule can use them.
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
// The requested authorization identity; in `authorize` only.
inline constexpr std::string_view kAuthzid = "authzid";
}  // namespace reserved

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_H_
