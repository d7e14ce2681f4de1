// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_FAILING_MALLOC_H_
#define GSSLOOP_TESTS_FAULT_FAILING_MALLOC_H_

namespace gssloop::testing {

// Which allocations of a thread fail.
enum class Scarcity {
  kOne,       // one, and those after it succeed
  kFromHere,  // one, and all after it
};

// A program that links failing_malloc.cc has its own malloc, calloc, realloc, aligned allocation
// and free, for all code in the process: the C library's and libkrb5's, too. With a sanitizer
// (kHasSanitizer) no allocation fails, and none is counted.

// fail_allocation makes allocation `number` (from 1) of this thread fail, counted from this call.
void fail_allocation(unsigned long number, Scarcity scarcity) noexcept;
// end_scarcity lets all succeed again. It returns whether an allocation failed.
bool end_scarcity() noexcept;

// call_on_failure makes each allocation that fails call the function, which must not allocate.
void call_on_failure(void (*function)() noexcept) noexcept;

// num_blocks is how many allocated blocks of memory the process has.
long num_blocks() noexcept;

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_FAILING_MALLOC_H_
