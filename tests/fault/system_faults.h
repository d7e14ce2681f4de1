// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_SYSTEM_FAULTS_H_
#define GSSLOOP_TESTS_FAULT_SYSTEM_FAULTS_H_

namespace gssloop::testing {

// A program that links system_faults.cc has its own read, recv, write, send, poll, open, mkostemp,
// fchmod, fsync, rename, close, socket, connect and accept4. Each can fail in a few ways, which are
// numbered: interrupted, not ready, in part (one octet), full, broken. One thread.
inline constexpr unsigned kNumSystemWays = 4;

// fail_system_call makes call `number` (from 1) of these functions fail in way `way`, counted from
// this call. 0: none.
void fail_system_call(unsigned number, unsigned way) noexcept;
// The call that failed, "write, ENOSPC" for example; "" as long as none did.
const char* failed_system_call() noexcept;
// Whether a caller has to go on after that fault, as if there had been none.
bool was_passing_fault() noexcept;

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_SYSTEM_FAULTS_H_
