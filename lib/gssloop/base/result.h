// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_RESULT_H_
#define GSSLOOP_BASE_RESULT_H_

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace gssloop {

// Error says why something failed, and where.
struct Error {
  std::string message;  // for a person; without the input's secrets
};

// Result is a value or the reason why there is none. The caller must check it: it converts to true
// only if it has a value. value() without a value, and error() with one, are programming errors.
template <class T, class E>
class [[nodiscard]] Result {
 public:
  // Result takes a value, or an error: both convert, so functions can return either one directly.
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : held_(std::in_place_index<1>, std::move(error)) {}

  // operator bool is true if there is a value.
  explicit operator bool() const noexcept { return held_.index() == 0; }

  // value borrows the value; on an rvalue it moves the value out. operator* and operator-> are the
  // same.
  T& value() & noexcept { return *checked<0>(&held_); }
  const T& value() const& noexcept { return *checked<0>(&held_); }
  T&& value() && noexcept { return std::move(*checked<0>(&held_)); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  // error is the same for the error.
  E& error() & noexcept { return *checked<1>(&held_); }
  const E& error() const& noexcept { return *checked<1>(&held_); }
  E&& error() && noexcept { return std::move(*checked<1>(&held_)); }

 private:
  template <std::size_t I, class V>
  static auto checked(V* held) noexcept {
    auto* part = std::get_if<I>(held);
    assert(part != nullptr);
    return part;
  }

  std::variant<T, E> held_;
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_RESULT_H_
