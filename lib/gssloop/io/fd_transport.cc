// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/io/fd_transport.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gssloop::io {
namespace {

using Kind = IoResult::Kind;

bool is_socket(int fd) noexcept {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

// ended turns an errno into a result. Several errors mean that the peer has closed the channel.
IoResult ended(const char* call, int error, std::size_t num_octets) {
  if (error == EPIPE || error == ECONNRESET) return {Kind::kClosed, num_octets, {}};
  return {Kind::kError, num_octets,
          std::string(call) + ": " + std::generic_category().message(error)};
}

bool must_wait(int error) noexcept {
  return error == EINTR || error == EAGAIN || error == EWOULDBLOCK;
}

// poll_timeout is the time left in poll()'s milliseconds, rounded up: a wait that ends too early
// would spin. A wait longer than poll()'s maximum is split.
int poll_timeout(Deadline deadline) noexcept {
  if (deadline == kNoDeadline) return -1;
  const Deadline now = Clock::now();
  if (deadline <= now) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<int>(std::min<long long>(left, INT_MAX));
}

// await waits until the descriptor is ready, closed or in error. The next read or write shows
// which.
IoResult await(int fd, short events, Deadline deadline) {
  if (fd < 0) return ended("poll", EBADF, 0);  // poll() would ignore it, and wait
  for (;;) {
    struct pollfd entry = {fd, events, 0};
    const int timeout = poll_timeout(deadline);
    const int num_ready = poll(&entry, 1, timeout);
    if (num_ready > 0) return {};
    if (num_ready < 0 && errno != EINTR && errno != EAGAIN) return ended("poll", errno, 0);
    // The part of the wait may end before the deadline; a signal never shortens the wait. After a
    // passed deadline poll() is called once more, again if a signal interrupts it.
    if (num_ready == 0 && timeout == 0) return {Kind::kTimedOut, 0, {}};
  }
}

// write_without_sigpipe writes to a pipe without the risk that SIGPIPE kills the process. The
// kernel sends that SIGPIPE to the writing thread, so it is enough to block it there and to remove
// it. A SIGPIPE that was pending before stays pending.
ssize_t write_without_sigpipe(int fd, ByteView octets) noexcept {
  sigset_t pipe_signal, old_mask, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &old_mask);
  sigemptyset(&pending);
  sigpending(&pending);
  const ssize_t result = write(fd, octets.data(), octets.size());
  const int saved_errno = errno;
  if (result < 0 && saved_errno == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
    // Without a wait: if SIGPIPE is ignored, there is none to remove.
    const struct timespec no_wait = {};
    while (sigtimedwait(&pipe_signal, nullptr, &no_wait) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &old_mask, nullptr);
  errno = saved_errno;
  return result;
}

ssize_t write_once(int fd, bool to_socket, ByteView octets) noexcept {
  if (to_socket) return send(fd, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return write_without_sigpipe(fd, octets.first(std::min<std::size_t>(octets.size(), PIPE_BUF)));
}

}  // namespace

FdTransport::FdTransport(int read_fd, int write_fd) noexcept
    : read_end_{read_fd, is_socket(read_fd)}, write_end_{write_fd, is_socket(write_fd)} {}

IoResult FdTransport::read_some(std::span<std::uint8_t> into, Deadline deadline) {
  if (into.empty()) return {};
  for (;;) {
    if (IoResult ready = await(read_end_.fd, POLLIN, deadline); !ready.is_done()) return ready;
    const ssize_t got = read_end_.is_socket
                            ? recv(read_end_.fd, into.data(), into.size(), MSG_DONTWAIT)
                            : read(read_end_.fd, into.data(), into.size());
    if (got > 0) return {Kind::kDone, static_cast<std::size_t>(got), {}};
    if (got == 0) return {Kind::kClosed, 0, {}};
    if (!must_wait(errno)) return ended(read_end_.is_socket ? "recv" : "read", errno, 0);
  }
}

IoResult FdTransport::write_all(ByteView octets, Deadline deadline) {
  std::size_t num_written = 0;
  while (num_written < octets.size()) {
    IoResult ready = await(write_end_.fd, POLLOUT, deadline);
    if (!ready.is_done()) {
      ready.num_octets = num_written;
      return ready;
    }
    const ssize_t put =
        write_once(write_end_.fd, write_end_.is_socket, octets.subspan(num_written));
    if (put >= 0) {
      num_written += static_cast<std::size_t>(put);
    } else if (!must_wait(errno)) {
      return ended(write_end_.is_socket ? "send" : "write", errno, num_written);
    }
  }
  return {Kind::kDone, num_written, {}};
}

}  // namespace gssloop::io
