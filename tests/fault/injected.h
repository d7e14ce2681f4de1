// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_INJECTED_H_
#define GSSLOOP_TESTS_FAULT_INJECTED_H_

namespace gssloop::testing {

// note_injected counts faults that a test injected, in this process or in a child that it forked.
// At its end the program prints the sum: "N faults injected". Allocates nothing; any thread.
void note_injected(unsigned long num_faults = 1) noexcept;

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_INJECTED_H_
