// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/kerberos.h"

#include <cstdlib>

#include "gssloop/gss/krb5_handle.h"

namespace gssloop::gss {

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

std::string acceptor_environment() {
  std::string text;
  for (const char* name : {"KRB5_CONFIG", "KRB5_KTNAME", "KRB5RCACHENAME", "KRB5RCACHETYPE"}) {
    const char* const value = secure_getenv(name);
    if (value != nullptr) text.append(name).append("=").append(value);
    text += '\n';
  }
  return text;
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
