// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_DESCRIPTOR_H_
#define GSSLOOP_BASE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace gssloop {

// Descriptor owns a file descriptor; movable. -1 means none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const noexcept { return fd_; }
  // release gives the descriptor away: the caller closes it.
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_DESCRIPTOR_H_
