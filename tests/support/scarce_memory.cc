// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/scarce_memory.h"

#include <cstdlib>
#include <new>

namespace gssloop::testing {

thread_local long num_allocations_left = -1;

}  // namespace gssloop::testing

void* operator new(std::size_t len) {
  long& left = gssloop::testing::num_allocations_left;
  if (left >= 0 && left-- == 0) throw std::bad_alloc();
  void* memory = std::malloc(len > 0 ? len : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t len, const std::nothrow_t&) noexcept {
  long& left = gssloop::testing::num_allocations_left;
  return left >= 0 && left-- == 0 ? nullptr : std::malloc(len > 0 ? len : 1);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
