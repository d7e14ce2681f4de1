// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_IO_FD_TRANSPORT_H_
#define GSSLOOP_IO_FD_TRANSPORT_H_

#include "gssloop/io/transport.h"

namespace gssloop::io {

// FdTransport carries octets over file descriptors: a stream socket, or two ends of pipes. It
// borrows them: the caller keeps them open as long as the transport lives, and closes them. They
// may be blocking or O_NONBLOCK. The transport does not change that, because other processes may
// share the open file.
//
// Deadlines: each call uses poll() with the remaining time, and again after each signal. Sockets
// are then read and written with MSG_DONTWAIT. Other descriptors get at most PIPE_BUF octets in one
// write, which a pipe that polls as writable accepts without blocking (if no other process writes
// to it).
//
// After the peer has closed, a write returns kClosed and never raises SIGPIPE. Writes to sockets
// use MSG_NOSIGNAL. During a write to any other descriptor SIGPIPE is blocked in this thread only,
// and a SIGPIPE from the write itself is removed from the pending signals. The process's handlers
// do not change.
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
