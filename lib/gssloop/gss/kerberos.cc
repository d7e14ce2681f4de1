// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/kerberos.h"

#include <cstdlib>

#include "gssloop/gss/krb5_handle.h"

namespace gssloop::gss {
namespace {

constexpr std::array kVariables = {"KRB5_CONFIG", "KRB5_KTNAME", "KRB5RCACHENAME",
                                   "KRB5RCACHETYPE"};

}  // namespace

std::string default_realm() {
  const Krb5Context context;
  Krb5DefaultRealm realm(context);
  if (context.error() != 0 || krb5_get_default_realm(context, realm.out()) != 0) return {};
  return realm.get();
}

std::string default_keytab_name() {
  const Krb5Context context;
  char name[1024];
  if (context.error() != 0 || krb5_kt_default_name(context, name, sizeof name) != 0) return {};
  return name;
}

AcceptorEnvironment::AcceptorEnvironment() {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (const char* const value = secure_getenv(kVariables[i])) values_[i] = value;
  }
}

bool AcceptorEnvironment::is_current() const {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const char* const value = secure_getenv(kVariables[i]);
    if (value == nullptr ? values_[i].has_value() : values_[i] != value) return false;
  }
  return true;
}

std::string keytab_path(std::string_view keytab_name) {
  for (const std::string_view prefix : {"FILE:", "WRFILE:"}) {
    if (keytab_name.starts_with(prefix)) return std::string(keytab_name.substr(prefix.size()));
  }
  // "TYPE:residual" of another type is no file; a path may hold a colon behind its first slash.
  const bool is_path = keytab_name.substr(0, keytab_name.find('/')).find(':') == keytab_name.npos;
  return is_path ? std::string(keytab_name) : std::string();
}

}  // namespace gssloop::gss
