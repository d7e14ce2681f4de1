// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/kerberos.h"

#include <memory>

#include "gssloop/gss/gssapi_c.h"

namespace gssloop::gss {
namespace {

struct FreeKrb5Context {
  void operator()(krb5_context context) const noexcept { krb5_free_context(context); }
};
using Krb5Context = std::unique_ptr<std::remove_pointer_t<krb5_context>, FreeKrb5Context>;

Krb5Context make_context() {
  krb5_context context = nullptr;
  return Krb5Context(krb5_init_context(&context) == 0 ? context : nullptr);
}

}  // namespace

std::string default_realm() {
  const Krb5Context context = make_context();
  char* realm = nullptr;
  if (!context || krb5_get_default_realm(context.get(), &realm) != 0) return {};
  std::string text = realm;
  krb5_free_default_realm(context.get(), realm);
  return text;
}

std::string default_keytab_name() {
  const Krb5Context context = make_context();
  char name[1024];
  if (!context || krb5_kt_default_name(context.get(), name, sizeof name) != 0) return {};
  return name;
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
