// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_SOCKET_H_
#define GSSLOOP_TESTS_SUPPORT_SOCKET_H_

#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>

namespace gssloop::testing {

// Sockets of test programs. All of them are on 127.0.0.1, where no other machine can take part.

inline constexpr int kTimeoutSeconds = 20;  // how long a program waits for a peer that says nothing

// Socket owns a file descriptor.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct Listener {
  Socket socket;
  unsigned port = 0;
};

// listen_on_loopback takes a free port. Throws std::runtime_error.
Listener listen_on_loopback();

// accept_from waits for the next peer; a closed socket, with errno, if there is none.
Socket accept_from(const Socket& listener);

// connect_to_loopback gives a closed socket, with errno, if the port cannot be reached.
Socket connect_to_loopback(unsigned port);

// write_port writes the number in one step: a program that waits for the file never reads half of
// it. Throws std::runtime_error.
void write_port(const std::string& path, unsigned port);

// send_all and receive_all say whether all octets went through.
bool send_all(int fd, const char* data, std::size_t len);
bool receive_all(int fd, char* data, std::size_t len);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SOCKET_H_
