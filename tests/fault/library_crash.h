// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_LIBRARY_CRASH_H_
#define GSSLOOP_TESTS_FAULT_LIBRARY_CRASH_H_

namespace gssloop::testing {

// EXCEPTION: libraries crash without memory, and no caller can prevent it. In MIT krb5 1.20.1,
// kg_accept_krb5 does not check krb5_auth_con_getauthenticator, and reads what that did not make;
// data_list_to_buffer_set, of gss_inquire_name, releases a set of N elements that it could not
// allocate; gss_acquire_cred (for SPNEGO) reads, and krb5_get_credentials and profile_get_values of
// gss_init_sec_context free or read, what was not made. libsasl 2.1.28 reads connections and lists
// that it could not allocate.
//
// Only that is accepted: this project's code called a library, an allocation of that library
// failed, and the library crashed before it returned from the same call. What comes later, when a
// call has said that it failed, is this project's fault.
inline constexpr int kCrashOfLibrary = 3;  // exit status
// EXCEPTION: without memory for the properties, libsasl 2.1.28 ends the process by exit(1). The
// status is this one if libsasl called exit.
inline constexpr int kEndByLibsasl = 6;

// note_failed_allocation notes which call of which library asked for memory in vain. malloc and its
// relatives (failing_malloc.h) do it; another allocator, a function with such a name, must do it.
// Allocates nothing.
void note_failed_allocation() noexcept;

// exit_after_crash_of_library makes this process end with kCrashOfLibrary after such a crash, or an
// alarm(2) in such a call. After another one it prints where that was, and where the allocation
// failed. The program must be linked with -rdynamic: backtrace(3) then shows the names of
// functions.
void exit_after_crash_of_library();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_LIBRARY_CRASH_H_
