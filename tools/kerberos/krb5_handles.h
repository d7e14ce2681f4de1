// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_KERBEROS_KRB5_HANDLES_H_
#define GSSLOOP_TOOLS_KERBEROS_KRB5_HANDLES_H_

#include <krb5/krb5.h>

#include <string>

#include "gssloop/base/result.h"

namespace gssloop::tools {

// KrbContext is a krb5_context with the present configuration. Where that cannot be read there is
// none, and error() says why.
class KrbContext {
 public:
  KrbContext() : error_(krb5_init_context(&context_)) {}
  ~KrbContext() {
    if (context_ != nullptr) krb5_free_context(context_);
  }
  KrbContext(const KrbContext&) = delete;
  KrbContext& operator=(const KrbContext&) = delete;

  operator krb5_context() const noexcept { return context_; }
  krb5_error_code error() const noexcept { return error_; }

  // error_of is "what: libkrb5's text for the code"; `what` may be empty.
  Error error_of(krb5_error_code code, const std::string& what = {}) const {
    // For a null context, too.
    const char* text = krb5_get_error_message(context_, code);
    Error result{(what.empty() ? "" : what + ": ") + text};
    krb5_free_error_message(context_, text);
    return result;
  }

 private:
  krb5_context context_ = nullptr;
  krb5_error_code error_;
};

// KrbHandle owns one libkrb5 object; `Free` is its krb5_free_*(context, value).
template <typename T, auto Free>
class KrbHandle {
 public:
  explicit KrbHandle(krb5_context context) : context_(context) {}
  ~KrbHandle() {
    if (value_ != nullptr) Free(context_, value_);
  }
  KrbHandle(const KrbHandle&) = delete;
  KrbHandle& operator=(const KrbHandle&) = delete;

  T get() const noexcept { return value_; }
  T operator->() const noexcept { return value_; }
  // out is for one call to fill; an object is filled once.
  T* out() noexcept { return &value_; }

 private:
  krb5_context context_;
  T value_ = nullptr;
};

using KrbPrincipal = KrbHandle<krb5_principal, krb5_free_principal>;
using KrbCcache = KrbHandle<krb5_ccache, krb5_cc_close>;
using KrbMemoryCcache = KrbHandle<krb5_ccache, krb5_cc_destroy>;
using KrbKeytab = KrbHandle<krb5_keytab, krb5_kt_close>;
using KrbTicket = KrbHandle<krb5_ticket*, krb5_free_ticket>;
using KrbCreds = KrbHandle<krb5_creds*, krb5_free_creds>;
using KrbText = KrbHandle<char*, krb5_free_string>;
using KrbPrincipalText = KrbHandle<char*, krb5_free_unparsed_name>;
using KrbInitCreds = KrbHandle<krb5_init_creds_context, krb5_init_creds_free>;
using KrbError = KrbHandle<krb5_error*, krb5_free_error>;

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_KERBEROS_KRB5_HANDLES_H_
