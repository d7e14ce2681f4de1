// SPDX-License-Identifier: BSD-2-Clause
#include "tools/kerberos/kerberos.h"

#include <profile.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "tools/kerberos/krb5_error.h"

namespace gssloop::tools {
namespace {

struct ReleaseProfile {
  void operator()(profile_t profile) const noexcept { profile_release(profile); }
};
using Profile = std::unique_ptr<std::remove_pointer_t<profile_t>, ReleaseProfile>;

Profile profile_of(krb5_context context) {
  profile_t profile = nullptr;
  return Profile(krb5_get_profile(context, &profile) == 0 ? profile : nullptr);
}

// setting returns a relation of [libdefaults], or `fallback` if the file has none.
std::string setting(const Profile& profile, const char* name, const char* fallback) {
  char* value = nullptr;
  if (!profile ||
      profile_get_string(profile.get(), "libdefaults", name, nullptr, fallback, &value) != 0 ||
      value == nullptr) {
    return fallback;
  }
  std::string text = value;
  profile_release_string(value);
  return text;
}

bool flag(const Profile& profile, const char* name, bool fallback) {
  int value = fallback ? 1 : 0;
  if (profile) {
    profile_get_boolean(profile.get(), "libdefaults", name, nullptr, value, &value);
  }
  return value != 0;
}

void add_values(const Profile& profile, const std::string& realm, const char* name,
                std::vector<std::string>* list) {
  const char* const names[] = {"realms", realm.c_str(), name, nullptr};
  char** values = nullptr;
  if (!profile || profile_get_values(profile.get(), names, &values) != 0) return;
  for (char** value = values; *value != nullptr; ++value) {
    if (std::ranges::find(*list, *value) == list->end()) list->emplace_back(*value);
  }
  profile_free_list(values);
}

std::string unparsed(krb5_context context, krb5_const_principal principal) {
  gss::Krb5PrincipalText text(context);
  return krb5_unparse_name(context, principal, text.out()) == 0 ? text.get() : "";
}

std::string enctype_name(krb5_enctype enctype) {
  char name[64];
  const krb5_error_code code = krb5_enctype_to_name(enctype, 0, name, sizeof name);
  return code == 0 ? name : "enctype " + std::to_string(enctype);
}

bool is_weak(krb5_enctype enctype) {
  // By number: newer releases drop the names (RFC 6649, RFC 8429).
  constexpr krb5_enctype kWeak[] = {1, 2, 3, 5, 7, 16, 23, 24};
  return std::ranges::find(kWeak, enctype) != std::end(kWeak);
}

// sname makes the principal of a service. Initiators make it so, and acceptors when they look for a
// key.
krb5_error_code sname(krb5_context context, const std::string& service, const std::string& host,
                      krb5_principal* principal) {
  return krb5_sname_to_principal(context, host.empty() ? nullptr : host.c_str(), service.c_str(),
                                 KRB5_NT_SRV_HST, principal);
}

std::string realm_of(const krb5_principal principal) {
  const krb5_data& realm = principal->realm;
  return std::string(realm.data, realm.length);
}

std::string default_realm(krb5_context context) {
  gss::Krb5DefaultRealm realm(context);
  return krb5_get_default_realm(context, realm.out()) == 0 ? realm.get() : "";
}

}  // namespace

std::vector<std::string> configuration_files() {
  const char* const named = std::getenv("KRB5_CONFIG");
  std::vector<std::string> files;
  std::istringstream list(named != nullptr && *named != '\0' ? named : "/etc/krb5.conf");
  for (std::string file; std::getline(list, file, ':');) {
    if (!file.empty()) files.push_back(file);
  }
  return files;
}

KrbResult<KrbConfiguration> krb_configuration() {
  const gss::Krb5Context context;
  if (context.error() != 0) return error_of(context);
  const Profile profile = profile_of(context);
  KrbConfiguration result;
  result.files = configuration_files();
  result.default_realm = default_realm(context);
  result.canonicalize = setting(profile, "dns_canonicalize_hostname", "true");
  if (result.canonicalize != "fallback") {
    result.canonicalize = flag(profile, "dns_canonicalize_hostname", true) ? "true" : "false";
  }
  result.rdns = flag(profile, "rdns", true);
  result.looks_up_kdc = flag(profile, "dns_lookup_kdc", true);
  result.rcache_name = setting(profile, "default_rcache_name", "");
  if (profile) {
    profile_get_integer(profile.get(), "libdefaults", "clockskew", nullptr, 300,
                        &result.clockskew_s);
  }
  return result;
}

KrbResult<Service> service_principal(const std::string& service, const std::string& host) {
  const gss::Krb5Context context;
  if (context.error() != 0) return error_of(context);
  gss::Krb5Principal principal(context);
  if (const auto code = sname(context, service, host, principal.out())) {
    return error_of(context, code, "the name of " + service + "@" + host);
  }
  Service result;
  result.realm = realm_of(principal.get());
  // Without a realm libkrb5 asks the client's KDC for a referral, first in the default realm.
  if (result.realm.empty()) {
    result.realm = default_realm(context);
    if (const auto code =
            krb5_set_principal_realm(context, principal.get(), result.realm.c_str())) {
      return error_of(context, code, "the name of " + service + "@" + host);
    }
  }
  result.principal = unparsed(context, principal.get());
  if (principal->length == 2) {
    result.host = std::string(principal->data[1].data, principal->data[1].length);
  }
  return result;
}

KrbResult<std::vector<std::string>> configured_kdcs(const std::string& realm) {
  const gss::Krb5Context context;
  if (context.error() != 0) return error_of(context);
  const Profile profile = profile_of(context);
  std::vector<std::string> kdcs;
  for (const char* name : {"kdc", "primary_kdc", "master_kdc"}) {
    add_values(profile, realm, name, &kdcs);
  }
  return kdcs;
}

KrbResult<Keytab> read_keytab(const std::string& name, const std::string& service,
                              const std::string& host) {
  const gss::Krb5Context context;
  if (context.error() != 0) return error_of(context);
  gss::Krb5Keytab keytab(context);
  const auto opened = name.empty() ? krb5_kt_default(context, keytab.out())
                                   : krb5_kt_resolve(context, name.c_str(), keytab.out());
  if (opened != 0) return error_of(context, opened);
  Keytab result;
  char full_name[1024];
  if (krb5_kt_get_name(context, keytab.get(), full_name, sizeof full_name) == 0) {
    result.name = full_name;
  }
  gss::Krb5Principal wanted(context);
  const bool has_wanted = !service.empty() && sname(context, service, host, wanted.out()) == 0;
  krb5_kt_cursor cursor;
  if (const auto code = krb5_kt_start_seq_get(context, keytab.get(), &cursor)) {
    return error_of(context, code);
  }
  krb5_keytab_entry entry;
  krb5_error_code code;
  while ((code = krb5_kt_next_entry(context, keytab.get(), &entry, &cursor)) == 0) {
    result.keys.push_back(
        {unparsed(context, entry.principal), entry.vno, enctype_name(entry.key.enctype),
         is_weak(entry.key.enctype),
         has_wanted && krb5_sname_match(context, wanted.get(), entry.principal) != 0});
    krb5_free_keytab_entry_contents(context, &entry);
  }
  krb5_kt_end_seq_get(context, keytab.get(), &cursor);
  if (code != KRB5_KT_END) return error_of(context, code);
  return result;
}

}  // namespace gssloop::tools
