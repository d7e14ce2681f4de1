// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_SHARED_MEMORY_H_
#define GSSLOOP_TESTS_SUPPORT_SHARED_MEMORY_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace gssloop::testing {

// new_shared gives `num` zeroed objects that processes forked later share. Never freed: they live
// as long as the program, which says so and ends if there is no memory. T must be usable when all
// its octets are zero.
template <typename T>
T* new_shared(std::size_t num = 1) {
  void* const memory =
      mmap(nullptr, num * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap of shared memory");
    std::abort();
  }
  return static_cast<T*>(memory);
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SHARED_MEMORY_H_
