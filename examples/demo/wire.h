// SPDX-License-Identifier: BSD-2-Clause
//
// The demo's protocol, as small as one that carries SASL can be: every message is 4 bytes of
// length in network order, 1 byte of kind, and the body. It has the role of IMAP or LDAP.

#ifndef GSSLOOP_EXAMPLES_DEMO_WIRE_H_
#define GSSLOOP_EXAMPLES_DEMO_WIRE_H_

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace demo {

enum class Kind : char {
  kMechanisms = 'M',  // server, once: the names it offers, with spaces between
  kStart = 'S',       // client, once: mechanism NUL, then '0', or '1' and an initial response
  kChallenge = 'C',   // server
  kResponse = 'R',    // client
  kSuccess = 'Y',     // server: '0', or '1' and the last token of the mechanism
  kFailure = 'N',     // server: a text for the peer
};

struct Frame {
  Kind kind;
  std::string body;
};

inline constexpr std::uint32_t kMaxBodyLen = 1 << 20;  // how much a stranger makes us allocate
inline constexpr int kTimeoutSeconds = 20;             // how long we wait for a silent peer

// Socket owns a file descriptor.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

inline void set_timeout(int fd) {
  const timeval limit{kTimeoutSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

inline bool send_all(int fd, const char* data, std::size_t len) {
  while (len > 0) {
    const ssize_t num_sent = send(fd, data, len, MSG_NOSIGNAL);
    if (num_sent < 0 && errno == EINTR) continue;
    if (num_sent <= 0) return false;
    data += num_sent;
    len -= static_cast<std::size_t>(num_sent);
  }
  return true;
}

inline bool receive_all(int fd, char* data, std::size_t len) {
  while (len > 0) {
    const ssize_t num_received = recv(fd, data, len, 0);
    if (num_received < 0 && errno == EINTR) continue;
    if (num_received <= 0) return false;
    data += num_received;
    len -= static_cast<std::size_t>(num_received);
  }
  return true;
}

inline bool send_frame(int fd, Kind kind, std::string_view body) {
  if (body.size() > kMaxBodyLen) return false;
  const std::uint32_t len = htonl(static_cast<std::uint32_t>(body.size()));
  std::string message(reinterpret_cast<const char*>(&len), sizeof len);
  message += static_cast<char>(kind);
  message += body;
  return send_all(fd, message.data(), message.size());
}

// receive_frame gives nothing if the peer is gone, silent for too long, or sends nonsense.
inline std::optional<Frame> receive_frame(int fd) {
  std::uint32_t len = 0;
  char kind = 0;
  if (!receive_all(fd, reinterpret_cast<char*>(&len), sizeof len)) return std::nullopt;
  if (!receive_all(fd, &kind, 1)) return std::nullopt;
  len = ntohl(len);
  if (len > kMaxBodyLen) return std::nullopt;
  std::string body(len, '\0');
  if (!receive_all(fd, body.data(), body.size())) return std::nullopt;
  return Frame{static_cast<Kind>(kind), std::move(body)};
}

// An optional token is '0', or '1' and the token: an empty one is not the same as none.
inline std::string encode_optional(const char* token, unsigned len) {
  return token == nullptr ? std::string("0") : "1" + std::string(token, len);
}

inline std::optional<std::string> decode_optional(std::string_view text) {
  if (text.empty() || text.front() != '1') return std::nullopt;
  return std::string(text.substr(1));
}

// write_port writes under another name first: the script that waits for the file must not read half
// a number.
inline bool write_port(const std::string& path, unsigned port) {
  const std::string unfinished = path + ".new";
  std::FILE* file = std::fopen(unfinished.c_str(), "we");
  if (file == nullptr) return false;
  const bool is_written = std::fprintf(file, "%u\n", port) > 0;
  return std::fclose(file) == 0 && is_written && std::rename(unfinished.c_str(), path.c_str()) == 0;
}

// listen_on_loopback takes a free port, which other machines cannot reach, and writes its number to
// `port_file` (empty: nowhere). Says on stderr why it failed.
inline Socket listen_on_loopback(const std::string& port_file, unsigned* port) {
  Socket listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t len = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!listener.is_open() || bind(listener.fd(), generic, len) != 0 ||
      listen(listener.fd(), SOMAXCONN) != 0 || getsockname(listener.fd(), generic, &len) != 0) {
    std::perror("cannot listen on 127.0.0.1");
    return Socket(-1);
  }
  *port = ntohs(address.sin_port);
  if (!port_file.empty() && !write_port(port_file, *port)) {
    std::perror(("cannot write " + port_file).c_str());
    return Socket(-1);
  }
  return listener;
}

// connect_to says on stderr why it failed.
inline Socket connect_to(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    std::fprintf(stderr, "%s port %s: %s\n", host.c_str(), port.c_str(), gai_strerror(error));
    return Socket(-1);
  }
  int fd = -1;
  int last_error = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) == 0) break;
    last_error = errno;
    if (fd >= 0) close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  if (fd < 0) {
    std::fprintf(stderr, "%s port %s: %s\n", host.c_str(), port.c_str(), std::strerror(last_error));
  } else {
    set_timeout(fd);
  }
  return Socket(fd);
}

}  // namespace demo

#endif  // GSSLOOP_EXAMPLES_DEMO_WIRE_H_
