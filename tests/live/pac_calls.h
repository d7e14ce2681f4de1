// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_PAC_CALLS_H_
#define GSSLOOP_TESTS_LIVE_PAC_CALLS_H_

#include <string>

namespace gssloop::testing {

// The program's own gss_get_name_attribute, krb5_pac_verify and others are in pac_calls.cc. They
// call those of the Kerberos library.

// present_pac makes gss_get_name_attribute answer for "urn:mspac:..." itself, from a PAC of these
// octets, and say that every value is authenticated. Empty: the library answers.
void present_pac(const std::string& octets);

// num_pac_verifications counts the calls of krb5_pac_verify in this process.
unsigned num_pac_verifications();

// fail_next_reading makes the next krb5_kt_start_seq_get fail for want of memory.
void fail_next_reading();

// CallsCounted counts the calls of this process that a verification can do without.
struct CallsCounted {
  unsigned keytabs = 0;   // krb5_kt_resolve and krb5_kt_default
  unsigned readings = 0;  // krb5_kt_start_seq_get
  unsigned displays = 0;  // gss_display_name
  unsigned services = 0;  // gss_inquire_context for the name of the acceptor
  friend bool operator==(const CallsCounted&, const CallsCounted&) = default;
};
CallsCounted calls_counted();
// calls_since is how many were made since `before` was counted.
CallsCounted calls_since(const CallsCounted& before);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_PAC_CALLS_H_
