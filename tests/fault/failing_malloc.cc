// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/failing_malloc.h"

#include <atomic>
#include <cerrno>
#include <cstddef>

#include "tests/support/sanitizer.h"

namespace gssloop::testing {
namespace {

struct State {
  unsigned long num_left = 0;  // 0: none fails
  bool is_from_here = false;
  bool has_failed = false;
};
// Not a class with a constructor: malloc is called before constructors run.
thread_local State state;
std::atomic<long> num_live = 0;
void (*on_failure)() noexcept = nullptr;

}  // namespace

void fail_allocation(unsigned long number, Scarcity scarcity) noexcept {
  state = {number, scarcity == Scarcity::kFromHere, false};
}

bool end_scarcity() noexcept {
  const bool has_failed = state.has_failed;
  state = {};
  return has_failed;
}

void call_on_failure(void (*function)() noexcept) noexcept { on_failure = function; }

long num_blocks() noexcept { return num_live.load(std::memory_order_relaxed); }

#if !GSSLOOP_HAS_SANITIZER
namespace {

void* count(void* made) noexcept {
  if (made != nullptr) num_live.fetch_add(1, std::memory_order_relaxed);
  return made;
}

// True if this allocation must fail.
bool strikes() noexcept {
  if (state.num_left == 0 || --state.num_left > 0) return false;
  if (state.is_from_here) state.num_left = 1;
  state.has_failed = true;
  if (on_failure != nullptr) on_failure();
  errno = ENOMEM;
  return true;
}

}  // namespace
#endif

}  // namespace gssloop::testing

#if !GSSLOOP_HAS_SANITIZER
using gssloop::testing::count;
using gssloop::testing::num_live;
using gssloop::testing::strikes;

// glibc's own names of its functions. NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void* __libc_malloc(std::size_t len);
void* __libc_calloc(std::size_t count, std::size_t len);
void* __libc_realloc(void* memory, std::size_t len);
void* __libc_memalign(std::size_t alignment, std::size_t len);
void __libc_free(void* memory);

void* malloc(std::size_t len) { return strikes() ? nullptr : count(__libc_malloc(len)); }
void* calloc(std::size_t num, std::size_t len) {
  return strikes() ? nullptr : count(__libc_calloc(num, len));
}
void* realloc(void* memory, std::size_t len) {
  if (strikes()) return nullptr;
  void* const made = __libc_realloc(memory, len);
  if (memory == nullptr) return count(made);
  if (made == nullptr && len == 0) num_live.fetch_sub(1, std::memory_order_relaxed);
  return made;
}
void* aligned_alloc(std::size_t alignment, std::size_t len) {
  return strikes() ? nullptr : count(__libc_memalign(alignment, len));
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t len) {
  if (strikes()) return ENOMEM;
  *memory = count(__libc_memalign(alignment, len));
  return *memory != nullptr ? 0 : ENOMEM;
}
void free(void* memory) {
  if (memory != nullptr) num_live.fetch_sub(1, std::memory_order_relaxed);
  __libc_free(memory);
}
}
// NOLINTEND(bugprone-reserved-identifier)
#endif
