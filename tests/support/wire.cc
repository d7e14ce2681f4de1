// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/wire.h"

#include <arpa/inet.h>

#include <cstring>

#include "tests/support/socket.h"

namespace gssloop::testing::wire {

std::string with_length(std::string_view body) {
  const std::uint32_t len = htonl(static_cast<std::uint32_t>(body.size()));
  std::string message(reinterpret_cast<const char*>(&len), sizeof len);
  return message.append(body);
}

std::uint32_t length_of(std::string_view message) {
  std::uint32_t len = 0;
  std::memcpy(&len, message.data(), sizeof len);
  return ntohl(len);
}

bool send_frame(int fd, Kind kind, std::string_view body) {
  if (body.size() > kMaxBodyLen) return false;
  std::string message = with_length(body);
  message.insert(kLengthLen, 1, static_cast<char>(kind));
  return send_all(fd, message.data(), message.size());
}

std::optional<Frame> receive_frame(int fd) {
  char head[kLengthLen + 1];
  if (!receive_all(fd, head, sizeof head)) return std::nullopt;
  const std::uint32_t len = length_of({head, kLengthLen});
  if (len > kMaxBodyLen) return std::nullopt;
  Frame frame{static_cast<Kind>(head[kLengthLen]), std::string(len, '\0')};
  if (!receive_all(fd, frame.body.data(), len)) return std::nullopt;
  return frame;
}

std::string encode_optional(const std::optional<std::string>& token) {
  return token ? "1" + *token : "0";
}

std::optional<std::string> decode_optional(std::string_view text) {
  if (text.empty() || text.front() != '1') return std::nullopt;
  return std::string(text.substr(1));
}

std::string encode_start(const Start& start) {
  return start.mechanism + '\0' + encode_optional(start.initial);
}

std::optional<Start> parse_start(const std::string& body) {
  const std::size_t nul = body.find('\0');
  if (nul == std::string::npos) return std::nullopt;
  return Start{body.substr(0, nul), decode_optional(std::string_view(body).substr(nul + 1))};
}

}  // namespace gssloop::testing::wire
