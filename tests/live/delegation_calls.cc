// SPDX-License-Identifier: BSD-2-Clause
#include "tests/live/delegation_calls.h"

#include <dlfcn.h>

#include "gssloop/gss/gssapi_c.h"
#include "gssloop/gss/krb5_handle.h"

namespace gssloop::testing {
namespace {

std::string& delegated_ccache() {
  static std::string name;
  return name;
}

krb5_error_code first_credential(krb5_context context, krb5_creds* credential) {
  gss::Krb5Ccache ccache(context);
  krb5_cc_cursor cursor = nullptr;
  krb5_error_code code = krb5_cc_resolve(context, delegated_ccache().c_str(), ccache.out());
  if (code == 0) code = krb5_cc_start_seq_get(context, ccache.get(), &cursor);
  if (code != 0) return code;
  while ((code = krb5_cc_next_cred(context, ccache.get(), &cursor, credential)) == 0 &&
         krb5_is_config_principal(context, credential->server) != 0) {
    krb5_free_cred_contents(context, credential);
  }
  krb5_cc_end_seq_get(context, ccache.get(), &cursor);
  return code;
}

}  // namespace

void delegate_from(const std::string& name) { delegated_ccache() = name; }

}  // namespace gssloop::testing

extern "C" krb5_error_code krb5_fwd_tgt_creds(krb5_context context, krb5_auth_context auth_context,
                                              const char* host, krb5_principal client,
                                              krb5_principal server, krb5_ccache ccache,
                                              int forwardable, krb5_data* out) {
  using namespace gssloop::testing;
  if (delegated_ccache().empty()) {
    const auto real =
        reinterpret_cast<decltype(krb5_fwd_tgt_creds)*>(dlsym(RTLD_NEXT, "krb5_fwd_tgt_creds"));
    return real(context, auth_context, host, client, server, ccache, forwardable, out);
  }
  krb5_creds credential{};
  krb5_error_code code = first_credential(context, &credential);
  if (code != 0) return code;
  krb5_data* message = nullptr;
  code = krb5_mk_1cred(context, auth_context, &credential, &message, nullptr);
  krb5_free_cred_contents(context, &credential);
  if (code != 0) return code;
  *out = *message;
  message->data = nullptr;  // the caller's now
  krb5_free_data(context, message);
  return 0;
}
