// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_KRB5_HANDLE_H_
#define GSSLOOP_GSS_KRB5_HANDLE_H_

#include <string>

#include "gssloop/gss/gssapi_c.h"

namespace gssloop::gss {

// Owners of libkrb5's objects, for the library, the command and the tests. Not installed. What
// becomes of an error is the caller's business.

// Krb5Context owns a krb5_context. It converts to null where there is none, and error() says why.
class Krb5Context {
 public:
  // Reads the present configuration (KRB5_CONFIG).
  Krb5Context() noexcept : Krb5Context(krb5_init_context) {}
  // `make` fills the context and returns its error, as krb5_init_context does.
  template <class Make>
  explicit Krb5Context(const Make& make) : error_(make(&context_)) {}
  ~Krb5Context() {
    if (context_ != nullptr) krb5_free_context(context_);
  }
  Krb5Context(const Krb5Context&) = delete;
  Krb5Context& operator=(const Krb5Context&) = delete;

  operator krb5_context() const noexcept { return context_; }
  krb5_error_code error() const noexcept { return error_; }

  // text is libkrb5's own text for a code; it may hold what the last call on this context added.
  std::string text(krb5_error_code code) const {
    const char* text = krb5_get_error_message(context_, code);  // takes a null context, too
    const std::string copy = text;
    krb5_free_error_message(context_, text);
    return copy;
  }

 private:
  krb5_context context_ = nullptr;
  krb5_error_code error_;
};

// Krb5Handle owns one object; kFree is its krb5_free_*(context, value). The context must outlive
// it.
template <class T, auto kFree>
class Krb5Handle {
 public:
  explicit Krb5Handle(krb5_context context) noexcept : context_(context) {}
  ~Krb5Handle() { reset(); }
  Krb5Handle(const Krb5Handle&) = delete;
  Krb5Handle& operator=(const Krb5Handle&) = delete;

  T get() const noexcept { return value_; }
  T operator->() const noexcept { return value_; }
  // out frees what is held, and returns the address for a call to fill.
  T* out() noexcept {
    reset();
    return &value_;
  }

 private:
  void reset() noexcept {
    if (value_ != nullptr) kFree(context_, value_);
    value_ = nullptr;
  }

  krb5_context context_;
  T value_ = nullptr;
};

using Krb5AuthContext = Krb5Handle<krb5_auth_context, krb5_auth_con_free>;
using Krb5Ccache = Krb5Handle<krb5_ccache, krb5_cc_close>;
using Krb5Creds = Krb5Handle<krb5_creds*, krb5_free_creds>;
using Krb5Data = Krb5Handle<krb5_data*, krb5_free_data>;
using Krb5DefaultRealm = Krb5Handle<char*, krb5_free_default_realm>;
using Krb5ErrorMessage = Krb5Handle<krb5_error*, krb5_free_error>;  // KRB-ERROR
using Krb5InitCreds = Krb5Handle<krb5_init_creds_context, krb5_init_creds_free>;
using Krb5InitCredsOpt = Krb5Handle<krb5_get_init_creds_opt*, krb5_get_init_creds_opt_free>;
using Krb5Keytab = Krb5Handle<krb5_keytab, krb5_kt_close>;
using Krb5MemoryCcache = Krb5Handle<krb5_ccache, krb5_cc_destroy>;
using Krb5Pac = Krb5Handle<krb5_pac, krb5_pac_free>;
using Krb5Principal = Krb5Handle<krb5_principal, krb5_free_principal>;
using Krb5PrincipalText = Krb5Handle<char*, krb5_free_unparsed_name>;
using Krb5Text = Krb5Handle<char*, krb5_free_string>;
using Krb5Ticket = Krb5Handle<krb5_ticket*, krb5_free_ticket>;

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_KRB5_HANDLE_H_
