// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/tcp.h"

#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "tools/output.h"

namespace gssloop::tools {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string message(int error) { return std::generic_category().message(error); }

Result<Addresses, Error> look_up(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (error == 0) return Addresses(list);
  return Error{shown(host) + " port " + shown(port) + ": " +
               (error == EAI_SYSTEM ? message(errno) : gai_strerror(error))};
}

std::string describe(const sockaddr* address, socklen_t len) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  const int error = getnameinfo(address, len, host, sizeof host, port, sizeof port,
                                NI_NUMERICHOST | NI_NUMERICSERV);
  return error == 0 ? std::string(host) + " port " + port : "an unknown address";
}

// Waits for the end of a pending connect() and returns its errno, or 0.
int await_connection(int fd, io::Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - io::Clock::now()).count();
    const bool is_endless = deadline == io::kNoDeadline;
    pollfd entry = {fd, POLLOUT, 0};
    const int num_ready = poll(
        &entry, 1, is_endless ? -1 : static_cast<int>(std::clamp<long long>(left, 0, INT_MAX)));
    if (num_ready < 0 && errno == EINTR) continue;
    if (num_ready < 0) return errno;
    if (num_ready == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t len = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
  }
}

int connect_one(const addrinfo& address, io::Deadline deadline, Descriptor* connection) {
  Descriptor made(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.get() < 0) return errno;
  int error = connect(made.get(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = await_connection(made.get(), deadline);
  if (error == 0) *connection = std::move(made);
  return error;
}

}  // namespace

Result<Descriptor, Error> connect_to(const std::string& host, const std::string& port,
                                     io::Deadline deadline) {
  const auto addresses = look_up(host, port, 0);
  if (!addresses) return addresses.error();
  std::string reasons;
  for (const addrinfo* next = addresses->get(); next != nullptr; next = next->ai_next) {
    Descriptor connection;
    const int error = connect_one(*next, deadline, &connection);
    if (error == 0) return connection;
    reasons += (reasons.empty() ? "" : "; ") + describe(next->ai_addr, next->ai_addrlen) + ": " +
               message(error);
  }
  return Error{"cannot connect to " + shown(host) + ": " + reasons};
}

Result<Listener, Error> Listener::open(const std::string& address, const std::string& port) {
  const auto addresses = look_up(address, port, AI_PASSIVE | AI_NUMERICHOST);
  if (!addresses) return addresses.error();
  const addrinfo& first = **addresses;
  Descriptor made(socket(first.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  sockaddr_storage bound{};
  socklen_t bound_len = sizeof bound;
  if (made.get() < 0 || setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(made.get(), first.ai_addr, first.ai_addrlen) != 0 || listen(made.get(), 16) != 0 ||
      getsockname(made.get(), reinterpret_cast<sockaddr*>(&bound), &bound_len) != 0) {
    return Error{"cannot listen on " + describe(first.ai_addr, first.ai_addrlen) + ": " +
                 message(errno)};
  }
  return Listener(std::move(made), describe(reinterpret_cast<sockaddr*>(&bound), bound_len));
}

Result<Descriptor, Error> Listener::next(std::string* peer) {
  for (;;) {
    sockaddr_storage from{};
    socklen_t from_len = sizeof from;
    const int fd =
        accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from), &from_len, SOCK_CLOEXEC);
    // The peer closed the connection before accept(): wait for the next one.
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0) return Error{"cannot accept a connection: " + message(errno)};
    *peer = describe(reinterpret_cast<sockaddr*>(&from), from_len);
    return Descriptor(fd);
  }
}

}  // namespace gssloop::tools
