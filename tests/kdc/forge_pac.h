// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_FORGE_PAC_H_
#define GSSLOOP_TESTS_KDC_FORGE_PAC_H_

#include <cstdint>
#include <map>
#include <string>

#include "tests/kdc/krb5_handles.h"

namespace gssloop::testing {

// What a PAC says, and who signs it.
struct PacContent {
  krb5_const_principal client = nullptr;
  krb5_timestamp authtime = 0;
  std::map<std::uint32_t, std::string> buffers = {};  // beside client-info and signatures
  const krb5_keyblock* server_key = nullptr;
  const krb5_keyblock* kdc_key = nullptr;
};

// signed_pac returns a PAC that libkrb5 signs. Throws RealmError.
std::string signed_pac(const Krb5Context& context, const PacContent& content);

// with_rodc_identifier signs a PAC again as a read-only KDC does: `identifier` follows each
// signature ([MS-PAC] 2.8). Throws RealmError.
std::string with_rodc_identifier(const Krb5Context& context, const std::string& pac,
                                 const PacContent& content, const std::string& identifier);

// with_second_buffer signs a PAC again with one more buffer, also of a type that it has already.
// Throws RealmError.
std::string with_second_buffer(const Krb5Context& context, const std::string& pac,
                               const PacContent& content, std::uint32_t type,
                               const std::string& octets);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_FORGE_PAC_H_
