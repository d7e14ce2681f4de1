// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_MECHANISM_NAME_H_
#define GSSLOOP_BASE_MECHANISM_NAME_H_

#include <string>

namespace gssloop {

// MechanismName is the name of a mechanism of this machine in policies, and its OID.
struct MechanismName {
  std::string name;  // "krb5", "eap-aes128"
  std::string oid;   // dotted
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_MECHANISM_NAME_H_
