// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_PAC_CALLS_H_
#define GSSLOOP_TESTS_LIVE_PAC_CALLS_H_

#include <string>

namespace gssloop::testing {

// The program's own gss_get_name_attribute and krb5_pac_verify are in pac_calls.cc. They call those
// of the Kerberos library.

// present_pac makes gss_get_name_attribute answer for "urn:mspac:..." itself, from a PAC of these
// octets, and say that every value is authenticated. Empty: the library answers.
void present_pac(const std::string& octets);

// num_pac_verifications counts the calls of krb5_pac_verify in this process.
unsigned num_pac_verifications();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_PAC_CALLS_H_
