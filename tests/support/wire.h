// SPDX-License-Identifier: BSD-2-Clause
//
// The protocol of the test programs, that of examples/demo: every message is 4 octets of length in
// network order, 1 octet of kind, and the body. It has the part of IMAP or LDAP.

#ifndef GSSLOOP_TESTS_SUPPORT_WIRE_H_
#define GSSLOOP_TESTS_SUPPORT_WIRE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gssloop::testing::wire {

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

inline constexpr std::uint32_t kMaxBodyLen = 1 << 20;

bool send_frame(int fd, Kind kind, std::string_view body);

// receive_frame gives nothing if the peer is gone, silent for too long, or sends nonsense.
std::optional<Frame> receive_frame(int fd);

// An optional token is '0', or '1' and the token: an empty one is not the same as none.
std::string encode_optional(const std::optional<std::string>& token);
std::optional<std::string> decode_optional(std::string_view text);

// The body of kStart. parse_start gives nothing if it names no mechanism.
struct Start {
  std::string mechanism;
  std::optional<std::string> initial;
};
std::string encode_start(const Start& start);
std::optional<Start> parse_start(const std::string& body);

// A message after the login, beneath the security layer if there is one: 4 octets of length in
// network order and the body.
std::string with_length(std::string_view body);
// length_of reads the first 4 octets.
std::uint32_t length_of(std::string_view message);
inline constexpr std::size_t kLengthLen = 4;

}  // namespace gssloop::testing::wire

#endif  // GSSLOOP_TESTS_SUPPORT_WIRE_H_
