// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_OPEN_KEYTAB_H_
#define GSSLOOP_GSS_OPEN_KEYTAB_H_

#include <string>

#include "gssloop/gss/krb5_handle.h"

namespace gssloop::gss {

// OpenKeytab is a keytab, the context of libkrb5 in which it is open, and what was learnt of the
// credential that uses it. One thread at a time. Not installed.
class OpenKeytab {
 public:
  // Empty: the default keytab.
  explicit OpenKeytab(const std::string& name) : error_(context_.error()) {
    if (error_ != 0) return;
    error_ = name.empty() ? krb5_kt_default(context_, keytab_.out())
                          : krb5_kt_resolve(context_, name.c_str(), keytab_.out());
  }

  const Krb5Context& context() const noexcept { return context_; }
  krb5_keytab get() const noexcept { return keytab_.get(); }
  // error is libkrb5's, if it could not open the keytab; else 0.
  krb5_error_code error() const noexcept { return error_; }

  // service is the principal of the last ticket of which remember_service was told: the credential
  // accepts tickets for it. Null: not known.
  krb5_const_principal service() const noexcept { return service_.get(); }
  void remember_service(krb5_const_principal service) {
    krb5_copy_principal(context_, service, service_.out());  // without memory it is not known
  }

 private:
  const Krb5Context context_;
  Krb5Keytab keytab_{context_};
  Krb5Principal service_{context_};
  krb5_error_code error_;
};

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_OPEN_KEYTAB_H_
