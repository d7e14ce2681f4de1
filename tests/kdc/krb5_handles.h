// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_KRB5_HANDLES_H_
#define GSSLOOP_TESTS_KDC_KRB5_HANDLES_H_

#include <profile.h>

#include <string>

#include "gssloop/gss/krb5_handle.h"
#include "tests/kdc/realm_error.h"

namespace gssloop::testing {

using gss::Krb5AuthContext;
using gss::Krb5Ccache;
using gss::Krb5Data;
using gss::Krb5InitCredsOpt;
using gss::Krb5Keytab;
using gss::Krb5Pac;
using gss::Krb5Principal;

// Krb5Context is a krb5_context that reads one given krb5.conf and not the environment.
class Krb5Context : public gss::Krb5Context {
 public:
  explicit Krb5Context(const std::string& config_path)
      : gss::Krb5Context([&](krb5_context* context) { return read(config_path, context); }) {
    if (error() != 0) {
      throw RealmError("cannot read " + config_path + ": krb5 error " + std::to_string(error()));
    }
  }

  // check throws a RealmError "what: krb5's own text" unless `code` is 0.
  void check(krb5_error_code code, const std::string& what) const {
    if (code != 0) throw RealmError(what + ": " + text(code));
  }

 private:
  static krb5_error_code read(const std::string& config_path, krb5_context* context) {
    profile_t profile = nullptr;
    const long error = profile_init_path(config_path.c_str(), &profile);
    if (error != 0) return static_cast<krb5_error_code>(error);
    const krb5_error_code code = krb5_init_context_profile(profile, 0, context);
    profile_release(profile);
    return code;
  }
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_KRB5_HANDLES_H_
