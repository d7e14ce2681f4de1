// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_IO_FRAME_H_
#define GSSLOOP_IO_FRAME_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"

namespace gssloop::io {

// A frame is one message on a channel that has no framing of its own:
//
//   1 octet kind | 4 octets length of the body, network order | body
//
// Why a kind: the channel also carries application data, and "the application protocol must provide
// some means by which the GSS context tokens can be identified" (loop section 2.3). The kind is
// also "a means to indicate error conditions"; without it, the peer of a side that failed could
// only wait for its deadline. Why a length: a token may be empty and must still be sent (section
// 2.2), and mechanisms do not promise that their tokens delimit themselves.
enum class FrameKind : std::uint8_t {
  kToken = 'T',    // a context token, an error token among them
  kFailure = 'F',  // "this side failed": no body, because any client could read it
  kData = 'D',     // protected data: the output of wrap
};

// Frame is one message without its header.
struct Frame {
  FrameKind kind = FrameKind::kToken;  // the first octet
  Bytes body;                          // a token, data, or nothing

  friend bool operator==(const Frame&, const Frame&) = default;
};

// The reason why octets are not a frame, or cannot become one.
enum class FrameFault {
  kUnknownKind,
  kTooLong,  // the body exceeds the limit of the kind: max_len, or 0 for a failure notice
};

inline constexpr std::size_t kFrameHeaderLen = 5;            // octets before the body
inline constexpr std::size_t kMaxFrameBodyLen = 0xFFFFFFFF;  // octets; limit of the length field

// frame_body_limit is the largest body of a kind, in octets, if the reader allows `max_len`.
constexpr std::size_t frame_body_limit(FrameKind kind, std::size_t max_len) noexcept {
  if (kind == FrameKind::kFailure) return 0;
  return max_len < kMaxFrameBodyLen ? max_len : kMaxFrameBodyLen;
}

// encode_frame makes the octets of a frame. Fails with kTooLong, before it copies anything, if the
// body is too long; kUnknownKind does not occur.
Result<Bytes, FrameFault> encode_frame(FrameKind kind, ByteView body);

// FrameReader makes frames from octets, cut at any place. It is total: every input results in a
// frame, in a fault, or in a request for more octets. A length above the limit is refused when its
// last octet arrives; memory grows with the octets that arrived, never with an announced length.
//
//   FrameReader reader(max_len);
//   while (reader.num_wanted() > 0) octets = octets.subspan(reader.feed(octets));  // and read more
//   if (reader.is_complete()) use(reader.take());
class FrameReader {
 public:
  // `max_len` bounds the body, in octets.
  explicit FrameReader(std::size_t max_len) noexcept : max_len_(max_len) {}

  // num_wanted is how many more octets certainly belong to this frame; 0 if it is complete or
  // refused. A caller that reads no more than that never reads octets after the frame.
  std::size_t num_wanted() const noexcept;

  // feed takes octets up to the end of the frame and returns how many it took: none after the frame
  // is complete or refused.
  std::size_t feed(ByteView octets);

  // is_complete is true if take can return a frame.
  bool is_complete() const noexcept { return state_ == State::kComplete; }
  // is_refused stays true: after a fault the start of the next frame is unknown.
  bool is_refused() const noexcept { return state_ == State::kRefused; }
  // fault is the reason; only while is_refused().
  FrameFault fault() const noexcept { return fault_; }
  // is_between_frames is true before the first octet of a frame: the peer may close the channel
  // there.
  bool is_between_frames() const noexcept {
    return state_ == State::kHeader && num_header_octets_ == 0;
  }

  // take returns the frame and begins the next one; only while is_complete().
  Frame take() noexcept;

 private:
  enum class State { kHeader, kBody, kComplete, kRefused };
  void take_header_octet(std::uint8_t octet) noexcept;
  void refuse(FrameFault fault) noexcept;

  const std::size_t max_len_;
  State state_ = State::kHeader;
  std::array<std::uint8_t, kFrameHeaderLen> header_{};
  std::size_t num_header_octets_ = 0;
  std::size_t body_len_ = 0;
  Frame frame_;
  FrameFault fault_ = FrameFault::kUnknownKind;
};

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_FRAME_H_
