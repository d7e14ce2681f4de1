// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_IO_FD_TRANSPORT_H_
#define GSSLOOP_IO_FD_TRANSPORT_H_

#include "gssloop/io/transport.h"

namespace gssloop::io {

// FdTransport carries octets over file descriptors: a stream socket, or two ends of
// pipes. It borrows them: the caller keeps them open as long as the transport lives, and closes
// them. They may be blocking or O_NONBLOCK, and are left as they are, since other processes may
// share the open file.
//
// What keeps a call within its deadline: poll() with the time that is left, again after each
// signal. Sockets are then read and written with MSG_DONTWAIT. Other descriptors get at most
// PIPE_BUF octets a write, which a pipe that polls as writable takes without blocking (as long as
// nobody else writes into it).
//
// A peer that closed gives kClosed and never SIGPIPE: sockets are written with MSG_NOSIGNAL; around
// a write to anything else SIGPIPE is blocked in this thread alone, and one that the write itself
// raised is taken from the pending ones. The process's handlers are not touched.
class FdTransport final : public Transport {
 public:
  // One descriptor for both directions.
  explicit FdTransport(int fd) noexcept : FdTransport(fd, fd) {}
  // One for each.
  FdTransport(int read_fd, int write_fd) noexcept;

  IoResult read_some(std::span<std::uint8_t> into, Deadline deadline) override;
  IoResult write_all(ByteView octets, Deadline deadline) override;

 private:
  struct End {
    int fd;
    bool is_socket;
  };
  const End read_end_;
  const End write_end_;
};

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_FD_TRANSPORT_H_
