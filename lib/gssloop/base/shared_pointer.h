// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_SHARED_POINTER_H_
#define GSSLOOP_BASE_SHARED_POINTER_H_

#include <memory>
#include <mutex>
#include <utility>

namespace gssloop {

// SharedPointer is a shared_ptr that threads replace while others copy it. A mutex is held for the
// copy of the pointer, and for nothing else: what it points to is read, made and destroyed without
// it. (std::atomic<std::shared_ptr> spins on one bit, and ThreadSanitizer finds a data race in the
// one of libstdc++ 12.)
template <class T>
class SharedPointer {
 public:
  // The pointer is `first` until another one replaces it.
  explicit SharedPointer(std::shared_ptr<T> first = nullptr) : pointer_(std::move(first)) {}

  // load copies the pointer. Any thread may call it.
  std::shared_ptr<T> load() const {
    const std::lock_guard lock(mutex_);
    return pointer_;
  }

  // replace stores `next` if the pointer is still `*expected`, and returns true. Otherwise it sets
  // `*expected` to the pointer, and returns false. Any thread may call it.
  bool replace(std::shared_ptr<T>* expected, std::shared_ptr<T> next) {
    std::shared_ptr<T> before;  // destroyed after the mutex is free
    const std::lock_guard lock(mutex_);
    if (pointer_ != *expected) {
      before = std::exchange(*expected, pointer_);
      return false;
    }
    before = std::exchange(pointer_, std::move(next));
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<T> pointer_;
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_SHARED_POINTER_H_
