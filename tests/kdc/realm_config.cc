// SPDX-License-Identifier: BSD-2-Clause
#include "tests/kdc/realm_config.h"

#include <unistd.h>

#include <set>
#include <sstream>
#include <vector>

namespace gssloop::testing {
namespace {

std::vector<std::string> all_realms(const RealmOptions& options) {
  std::vector<std::string> realms = {options.name};
  realms.insert(realms.end(), options.foreign_realms.begin(), options.foreign_realms.end());
  return realms;
}

// Without an entry in [domain_realm] the client's own realm would be taken for the host's, so
// that a foreign client could not find the service.
std::set<std::string> all_hosts(const RealmOptions& options) {
  std::set<std::string> hosts(options.hosts.begin(), options.hosts.end());
  hosts.insert("localhost");
  char machine[256] = "";
  if (gethostname(machine, sizeof machine - 1) == 0 && machine[0] != '\0') hosts.insert(machine);
  for (const std::string& service : options.services) {
    const size_t slash = service.find('/');
    if (slash == std::string::npos) continue;
    hosts.insert(service.substr(slash + 1, service.find('@') - slash - 1));
  }
  return hosts;
}

std::string joined(const std::vector<std::string>& words, const std::string& suffix) {
  std::string text;
  for (const std::string& word : words) text += word + suffix + " ";
  return text;
}

void add_lines(std::ostream& conf, const std::string& before,
               const std::vector<std::string>& lines) {
  for (const std::string& line : lines) conf << before << line << "\n";
}

}  // namespace

std::string make_krb5_conf(const RealmOptions& options, const std::string& dir, int port) {
  std::ostringstream conf;
  conf << "[libdefaults]\n  default_realm = " << options.name
       << "\n  dns_lookup_kdc = false\n  dns_lookup_realm = false\n  dns_uri_lookup = false\n"
          "  dns_canonicalize_hostname = false\n  rdns = false\n  qualify_shortname = \"\"\n"
          // A ticket with a PAC may not fit a datagram: ask by TCP at once.
          "  udp_preference_limit = 1\n"
       << "  default_ccache_name = FILE:" << dir << "/ccache\n";
  if (!options.spake_groups.empty()) {
    conf << "  spake_preauth_groups = " << options.spake_groups << "\n";
  }
  if (!options.encryption_types.empty()) {
    conf << "  permitted_enctypes = " << joined(options.encryption_types, "") << "\n";
  }
  add_lines(conf, "  ", options.libdefaults);
  conf << "[realms]\n";
  for (const std::string& realm : all_realms(options)) {
    conf << "  " << realm << " = {\n    kdc = 127.0.0.1:" << port << "\n";
    if (options.pkinit) conf << "    pkinit_anchors = FILE:" << dir << "/kdc.pem\n";
    conf << "  }\n";
  }
  conf << "[domain_realm]\n";
  for (const std::string& host : all_hosts(options)) {
    conf << "  " << host << " = " << options.name << "\n";
  }
  conf << "[capaths]\n";
  for (const std::string& realm : options.foreign_realms) {
    conf << "  " << realm << " = {\n    " << options.name << " = .\n  }\n";
    conf << "  " << options.name << " = {\n    " << realm << " = .\n  }\n";
  }
  add_lines(conf, "", options.krb5_conf_lines);
  return conf.str();
}

std::string make_kdc_conf(const RealmOptions& options, const std::string& dir, int port) {
  std::ostringstream conf;
  conf << "[kdcdefaults]\n  kdc_listen = 127.0.0.1:" << port
       << "\n  kdc_tcp_listen = 127.0.0.1:" << port << "\n[realms]\n";
  for (const std::string& realm : all_realms(options)) {
    const std::string base = dir + "/" + realm;
    conf << "  " << realm << " = {\n    database_name = " << base
         << ".db\n    key_stash_file = " << base << ".stash\n    acl_file = " << base << ".acl\n";
    add_lines(conf, "    spake_preauth_indicator = ", options.spake_indicators);
    if (options.disable_pac) conf << "    disable_pac = true\n";
    if (options.pkinit) {
      conf << "    pkinit_identity = FILE:" << dir << "/kdc.pem," << dir << "/kdc.key\n"
           << "    pkinit_anchors = FILE:" << dir << "/kdc.pem\n";
      add_lines(conf, "    pkinit_indicator = ", options.pkinit_indicators);
    }
    if (!options.encryption_types.empty()) {
      conf << "    supported_enctypes = " << joined(options.encryption_types, ":normal") << "\n"
           << "    master_key_type = " << options.encryption_types.front() << "\n";
    }
    add_lines(conf, "    ", options.kdc_settings);
    conf << "  }\n";
  }
  conf << "[logging]\n  kdc = FILE:" << dir << "/kdc.log\n  admin_server = FILE:" << dir
       << "/kdc.log\n  default = FILE:" << dir << "/kdc.log\n";
  return conf.str();
}

std::string make_certificate_conf(const std::string& realm, const std::string& user) {
  std::ostringstream conf;
  conf << "[req]\nprompt = no\ndistinguished_name = dn\n[dn]\nO = " << realm
       << "\nCN = " << (user.empty() ? "kdc" : user)
       << "\n"
          // RFC 4556 3.2.4 and 3.2.2: the key purposes and the name forms of KDC and client.
          "[kdc]\nbasicConstraints = critical,CA:TRUE\n"
          "keyUsage = digitalSignature,keyCertSign\nextendedKeyUsage = 1.3.6.1.5.2.3.5\n"
          "subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:kdc_name\n"
          "[kdc_name]\nrealm = EXP:0,GeneralString:"
       << realm
       << "\nname = EXP:1,SEQUENCE:kdc_principal\n"
          "[kdc_principal]\ntype = EXP:0,INTEGER:2\nstrings = EXP:1,SEQUENCE:kdc_strings\n"
          "[kdc_strings]\na = GeneralString:krbtgt\nb = GeneralString:"
       << realm
       << "\n[user]\nbasicConstraints = critical,CA:FALSE\nkeyUsage = digitalSignature\n"
          "extendedKeyUsage = 1.3.6.1.5.2.3.4\n"
          "subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:user_name\n"
          "[user_name]\nrealm = EXP:0,GeneralString:"
       << realm
       << "\nname = EXP:1,SEQUENCE:user_principal\n"
          "[user_principal]\ntype = EXP:0,INTEGER:1\nstrings = EXP:1,SEQUENCE:user_strings\n"
          "[user_strings]\na = GeneralString:"
       << user << "\n";
  return conf.str();
}

}  // namespace gssloop::testing
