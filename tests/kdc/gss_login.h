// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_GSS_LOGIN_H_
#define GSSLOOP_TESTS_KDC_GSS_LOGIN_H_

#include <map>
#include <string>
#include <vector>

#include "gssloop/gss/gssapi_c.h"

namespace gssloop::testing {

// What an acceptor saw of one krb5 login, by raw GSS calls.
struct GssLogin {
  OM_uint32 major = 0;
  OM_uint32 minor = 0;
  OM_uint32 flags = 0;
  std::string output_token;
  std::string peer;  // its display name
  bool is_anonymous_type = false;
  std::map<std::string, std::vector<std::string>> attributes;  // every listed name
  std::vector<std::string> refused;                            // listed, but get fails

  bool ok() const { return major == GSS_S_COMPLETE; }
  bool lists(const std::string& prefix) const;
};

// accept_token gives `token` to an acceptor with the default credential of the environment.
GssLogin accept_token(const std::string& token,
                      gss_channel_bindings_t bindings = GSS_C_NO_CHANNEL_BINDINGS);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_GSS_LOGIN_H_
