// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_LIBRARY_CRASH_H_
#define GSSLOOP_TESTS_FAULT_LIBRARY_CRASH_H_

namespace gssloop::testing {

// EXCEPTION: these crash without memory, and no caller can prevent it. In MIT krb5 1.20.1,
// kg_accept_krb5 does not check krb5_auth_con_getauthenticator, and reads what that did not make;
// data_list_to_buffer_set, of gss_inquire_name, releases a set of N elements that it could not
// allocate; gss_acquire_cred (for SPNEGO) reads, and krb5_get_credentials and profile_get_values of
// gss_init_sec_context free or read, what was not made. libsasl 2.1.28 reads connections and lists
// that it could not allocate.
inline constexpr int kCrashOfLibrary = 3;  // exit status
// EXCEPTION: without memory for the properties, libsasl 2.1.28 ends the process by exit(1).
inline constexpr int kEndByLibsasl = 1;

// exit_after_crash_of_library makes this process end with kCrashOfLibrary after such a crash. After
// another one it prints where that was. The program must be linked with -rdynamic: backtrace(3)
// then shows the names of functions.
void exit_after_crash_of_library();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_LIBRARY_CRASH_H_
