// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_SCARCE_MEMORY_H_
#define GSSLOOP_TESTS_SUPPORT_SCARCE_MEMORY_H_

namespace gssloop::testing {

// How many calls of operator new in this thread succeed from now on; the one after them throws
// std::bad_alloc, or returns nullptr with std::nothrow, once. Negative: none fails. A program that
// links scarce_memory.cc has this for all code in the process, the shared library's and libstdc++'s
// too.
extern thread_local long num_allocations_left;

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SCARCE_MEMORY_H_
