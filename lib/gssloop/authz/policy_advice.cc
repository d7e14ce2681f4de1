// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_advice.h"

#include <algorithm>
#include <array>

#include "gssloop/authz/identity.h"
#include "gssloop/base/bytes.h"

namespace gssloop::authz {
namespace {

// Names that applications pass to sasl_server_new, and that are registered for GSS-API
// (https://www.iana.org/assignments/gssapi-service-names), or that well-known programs use.
constexpr std::array<std::string_view, 46> kServices = {
    "HTTP",    "acap", "afpserver", "amqp",      "beep",    "cifs",     "csync",     "cvs",
    "dns",     "ftp",  "hbase",     "hdfs",      "hive",    "host",     "http",      "imap",
    "imsp",    "irc",  "kafka",     "ldap",      "libvirt", "lmtp",     "memcached", "mongodb",
    "mupdate", "news", "nfs",       "nntp",      "pop",     "postgres", "qemu",      "qpidd",
    "rcmd",    "rpc",  "rsync",     "sieve",     "smtp",    "spice",    "svn",       "tacacs",
    "vnc",     "xmpp", "yarn",      "zookeeper", "mapred",  "solr"};

// Names of ports and programs, and the services that they offer.
constexpr struct {
  std::string_view name, service;
} kOtherNames[] = {{"imaps", "imap"},         {"imapd", "imap"},
                   {"cyrus", "imap"},         {"dovecot", "imap"},
                   {"pop3", "pop"},           {"pop3s", "pop"},
                   {"smtps", "smtp"},         {"submission", "smtp"},
                   {"submissions", "smtp"},   {"postfix", "smtp"},
                   {"ldaps", "ldap"},         {"ldapi", "ldap"},
                   {"slapd", "ldap"},         {"openldap", "ldap"},
                   {"lmtps", "lmtp"},         {"nntps", "nntp"},
                   {"https", "HTTP"},         {"jabber", "xmpp"},
                   {"xmpp-client", "xmpp"},   {"xmpp-server", "xmpp"},
                   {"managesieve", "sieve"},  {"timsieved", "sieve"},
                   {"svnserve", "svn"},       {"subversion", "svn"},
                   {"libvirtd", "libvirt"},   {"postgresql", "postgres"},
                   {"memcache", "memcached"}, {"ssh", "host"},
                   {"sshd", "host"}};

// The buffers of a PAC that have a name in MIT Kerberos; it names the others by their numbers.
constexpr std::string_view kPac = "urn:mspac:";
constexpr std::string_view kPacBuffers[] = {"",
                                            "logon-info",
                                            "credentials-info",
                                            "server-checksum",
                                            "privsvr-checksum",
                                            "client-info",
                                            "delegation-info",
                                            "upn-dns-info"};

bool has_small_letters(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

// The realm with which a term compares; empty if it names none.
std::string realm_in(const Term& term) {
  std::string text = term.kind == Term::Kind::kMatches ? term.pattern.octets() : term.value;
  if (term.name == reserved::kRealm) return text;
  const std::size_t at = text.rfind('@');
  return term.name == reserved::kPrincipal && at != text.npos ? text.substr(at + 1) : "";
}

bool can_be_true(const Term& term, const Source& source) {
  if (term.kind == Term::Kind::kEquals) return can_be_value(source.form, term.value);
  if (term.kind != Term::Kind::kMatches) return true;
  return std::ranges::all_of(term.pattern.octets(),
                             [&](char c) { return can_be_in_value(source.form, c); });
}

std::string doubt_about_service(const std::string& name, const PolicySurroundings& surroundings) {
  if (name == "default" || name == "all" || surroundings.services.contains(name)) return {};
  for (const auto& row : kOtherNames) {
    if (row.name != name) continue;
    return "applications call this service " + in_quotes(row.service) + ", not " + in_quotes(name);
  }
  if (std::ranges::find(kServices, name) != kServices.end()) return {};
  return in_quotes(name) +
         " is no well-known service, and this machine's default keytab has no key for it: check "
         "what the application calls its service";
}

bool is_known_to_kerberos(std::string_view name) {
  if (name == "auth-indicators") return true;
  if (!name.starts_with(kPac)) return false;
  name.remove_prefix(kPac.size());
  return std::ranges::find(kPacBuffers, name) != std::end(kPacBuffers) ||
         name.find_first_not_of("0123456789") == name.npos;
}

// is_of_another_mechanism: a source says that its mechanism, which is not Kerberos, has this realm.
bool is_of_another_mechanism(std::string_view realm, const Policy& policy) {
  const auto is_it = [&](const Source& source) {
    return source.mechanism != "krb5" && source.issuer == realm;
  };
  return std::ranges::any_of(policy.definitions(), [&](const Definition& definition) {
    return std::ranges::any_of(definition.sources, is_it);
  });
}

std::string doubt_about_source(const Source& source, const PolicySurroundings& surroundings) {
  if (source.mechanism == "krb5") {
    if (is_known_to_kerberos(source.name)) return {};
    return "Kerberos has no attribute " + in_quotes(source.name) +
           ", unless a plugin of libkrb5 adds it; gssloop-policy(5) lists those that it has";
  }
  const auto is_it = [&](const MechanismName& known) { return known.name == source.mechanism; };
  if (std::ranges::any_of(surroundings.mechanisms, is_it)) return {};
  return "this machine has no mechanism " + in_quotes(source.mechanism) +
         ": no login has attributes from it";
}

}  // namespace

std::string doubt_about_realm(std::string_view realm) {
  if (!has_small_letters(realm)) return {};
  return "the realm has small letters here; Kerberos' realms usually have none, and upper and "
         "lower case are different";
}

std::string doubt_about_term(const Term& term, const Policy& policy) {
  const Definition* definition = policy.find(term.name);
  if (definition == nullptr) {
    const std::string realm = realm_in(term);
    return is_of_another_mechanism(realm, policy) ? std::string() : doubt_about_realm(realm);
  }
  if (term.kind == Term::Kind::kEquals && policy.sid_of(*definition, term.value)) return {};
  const auto& sources = definition->sources;
  const auto fits = [&](const Source& source) { return can_be_true(term, source); };
  if (sources.empty() || std::ranges::any_of(sources, fits)) return {};
  return "no value of " + in_quotes(term.name) +
         " can be what this rule compares it with: values are " +
         std::string(value_form_description(sources.front().form));
}

std::vector<Diagnostic> advise(const Policy& policy, const PolicySurroundings& surroundings) {
  std::vector<Diagnostic> advice;
  const auto warn = [&](const Place& place, std::string message) {
    if (!message.empty()) advice.push_back({place, true, std::move(message)});
  };
  for (const Definition& definition : policy.definitions()) {
    for (const Source& source : definition.sources) {
      warn(definition.place, doubt_about_source(source, surroundings));
    }
  }
  bool restricts_one = false, restricts_others = false;
  for (const RuleTable& table : policy.tables()) {
    warn(table.place, doubt_about_service(table.name, surroundings));
    const bool is_for_others = table.name == "all" || table.name == "default";
    restricts_others = restricts_others || is_for_others;
    restricts_one = restricts_one || (!is_for_others && table.num_rules > 0);
  }
  if (restricts_one && !restricts_others) {
    warn({policy.tables().front().place.file},
         "there is neither [services.default] nor [all]: the policy does not restrict logins to "
         "services that it does not name");
  }
  return advice;
}

}  // namespace gssloop::authz
