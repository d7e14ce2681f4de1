// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_MECHANISM_NAME_H_
#define GSSLOOP_BASE_MECHANISM_NAME_H_

#include <string>

namespace gssloop {

// MechanismName is the name of a mechanism of this machine in policies, with its other names.
struct MechanismName {
  std::string name;            // "krb5", "eap-aes128-cts-hmac-sha1-96"
  std::string oid;             // dotted
  std::string sasl_name = {};  // "EAP-AES128"; empty: none that a policy may use
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_MECHANISM_NAME_H_
