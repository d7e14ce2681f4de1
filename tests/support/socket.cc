// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/socket.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace gssloop::testing {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_timeout(const Socket& peer) {
  const timeval limit{kTimeoutSeconds, 0};
  setsockopt(peer.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(peer.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

Listener listen_on_loopback() {
  Listener listener{Socket(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  sockaddr_in address = loopback(0);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t len = sizeof address;
  const int fd = listener.socket.fd();
  if (fd < 0 || bind(fd, generic, len) != 0 || listen(fd, SOMAXCONN) != 0 ||
      getsockname(fd, generic, &len) != 0) {
    fail("cannot listen on 127.0.0.1");
  }
  listener.port = ntohs(address.sin_port);
  return listener;
}

Socket accept_from(const Socket& listener) {
  for (;;) {
    Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open() && errno == EINTR) continue;
    if (peer.is_open()) set_timeout(peer);
    return peer;
  }
}

Socket connect_to_loopback(unsigned port) {
  Socket peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (!peer.is_open() ||
      connect(peer.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Socket();
  }
  set_timeout(peer);
  return peer;
}

void write_port(const std::string& path, unsigned port) {
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished);
  file << port << '\n';
  file.close();
  if (!file || std::rename(unfinished.c_str(), path.c_str()) != 0) fail("cannot write " + path);
}

bool send_all(int fd, const char* data, std::size_t len) {
  while (len > 0) {
    const ssize_t num_sent = send(fd, data, len, MSG_NOSIGNAL);
    if (num_sent < 0 && errno == EINTR) continue;
    if (num_sent <= 0) return false;
    data += num_sent;
    len -= static_cast<std::size_t>(num_sent);
  }
  return true;
}

bool receive_all(int fd, char* data, std::size_t len) {
  while (len > 0) {
    const ssize_t num_received = recv(fd, data, len, 0);
    if (num_received < 0 && errno == EINTR) continue;
    if (num_received <= 0) return false;
    data += num_received;
    len -= static_cast<std::size_t>(num_received);
  }
  return true;
}

}  // namespace gssloop::testing
