// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_KERBEROS_KRB5_ERROR_H_
#define GSSLOOP_TOOLS_KERBEROS_KRB5_ERROR_H_

#include <string>

#include "gssloop/base/result.h"
#include "gssloop/gss/krb5_handle.h"

namespace gssloop::tools {

// error_of is "what: libkrb5's text for the code"; `what` may be empty.
inline Error error_of(const gss::Krb5Context& context, krb5_error_code code,
                      const std::string& what = {}) {
  return {(what.empty() ? "" : what + ": ") + context.text(code)};
}

// error_of says why there is no context.
inline Error error_of(const gss::Krb5Context& context) {
  return error_of(context, context.error());
}

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_KERBEROS_KRB5_ERROR_H_
