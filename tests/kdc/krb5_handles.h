// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_KRB5_HANDLES_H_
#define GSSLOOP_TESTS_KDC_KRB5_HANDLES_H_

#include <krb5/krb5.h>
#include <profile.h>

#include <string>

#include "tests/kdc/realm_error.h"

namespace gssloop::testing {

// Krb5Context is a krb5_context that reads one given krb5.conf, whatever the environment says.
class Krb5Context {
 public:
  explicit Krb5Context(const std::string& config_path) {
    profile_t profile = nullptr;
    long error = profile_init_path(config_path.c_str(), &profile);
    if (error == 0) {
      error = krb5_init_context_profile(profile, 0, &context_);
      profile_release(profile);
    }
    if (error != 0) {
      throw RealmError("cannot read " + config_path + ": krb5 error " + std::to_string(error));
    }
  }
  ~Krb5Context() { krb5_free_context(context_); }
  Krb5Context(const Krb5Context&) = delete;
  Krb5Context& operator=(const Krb5Context&) = delete;

  operator krb5_context() const { return context_; }

  // check throws a RealmError "what: krb5's own text" unless `code` is 0.
  void check(krb5_error_code code, const std::string& what) const {
    if (code == 0) return;
    const char* text = krb5_get_error_message(context_, code);
    const std::string message = what + ": " + text;
    krb5_free_error_message(context_, text);
    throw RealmError(message);
  }

 private:
  krb5_context context_ = nullptr;
};

// Krb5Handle owns one libkrb5 object; `Free` is its krb5_free_*(context, value).
template <typename T, auto Free>
class Krb5Handle {
 public:
  explicit Krb5Handle(krb5_context context) : context_(context) {}
  ~Krb5Handle() { reset(); }
  Krb5Handle(const Krb5Handle&) = delete;
  Krb5Handle& operator=(const Krb5Handle&) = delete;

  T get() const { return value_; }
  T operator->() const { return value_; }
  T* out() {
    reset();
    return &value_;
  }

 private:
  void reset() {
    if (value_ != nullptr) Free(context_, value_);
    value_ = nullptr;
  }

  krb5_context context_;
  T value_ = nullptr;
};

using Krb5Principal = Krb5Handle<krb5_principal, krb5_free_principal>;
using Krb5Ccache = Krb5Handle<krb5_ccache, krb5_cc_close>;
using Krb5Keytab = Krb5Handle<krb5_keytab, krb5_kt_close>;
using Krb5Pac = Krb5Handle<krb5_pac, krb5_pac_free>;
using Krb5Data = Krb5Handle<krb5_data*, krb5_free_data>;
using Krb5AuthContext = Krb5Handle<krb5_auth_context, krb5_auth_con_free>;
using Krb5InitCredsOpt = Krb5Handle<krb5_get_init_creds_opt*, krb5_get_init_creds_opt_free>;

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_KRB5_HANDLES_H_
