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
// some means by which the GSS context tokens can be identified" (loop section 2.3). It is the
// channel with "a means to indicate error conditions" as well, without which the peer of a party
// that failed could only wait for its own deadline. Why a length: a token may be empty and is sent
// all the same (section 2.2), and no mechanism promises that its tokens delimit themselves.
enum class FrameKind : std::uint8_t {
  kToken = 'T',    // a context token, an error token among them
  kFailure = 'F',  // "I failed": no body, because it would be written for strangers to read
  kData = 'D',     // protected data: the output of wrap
};

// Frame is one message without its header.
struct Frame {
  FrameKind kind = FrameKind::kToken;  // the first octet
  Bytes body;                          // a token, data, or nothing

  friend bool operator==(const Frame&, const Frame&) = default;
};

// Why octets are no frame, or cannot be made one.
enum class FrameFault {
  kUnknownKind,
  kTooLong,  // the body exceeds what the kind may hold: max_len, or 0 for a failure notice
};

inline constexpr std::size_t kFrameHeaderLen = 5;            // octets before the body
inline constexpr std::size_t kMaxFrameBodyLen = 0xFFFFFFFF;  // octets, what the header can say

// frame_body_limit is the largest body of a kind, in octets, where the reader allows `max_len`.
constexpr std::size_t frame_body_limit(FrameKind kind, std::size_t max_len) noexcept {
  if (kind == FrameKind::kFailure) return 0;
  return max_len < kMaxFrameBodyLen ? max_len : kMaxFrameBodyLen;
}

// encode_frame makes the octets of a frame. Fails with kTooLong, before anything is copied, when
// the body does not fit; kUnknownKind does not occur.
Result<Bytes, FrameFault> encode_frame(FrameKind kind, ByteView body);

// FrameReader makes frames of octets, however they are cut. It is total: every input leads to a
// frame, to a fault, or to a wish for more. A length over the limit is refused when its last octet
// is seen; memory grows with the octets that arrived, never with a length that was announced.
//
//   FrameReader reader(max_len);
//   while (reader.num_wanted() > 0) octets = octets.subspan(reader.feed(octets));  // and read more
//   if (reader.is_complete()) use(reader.take());
class FrameReader {
 public:
  // `max_len` bounds the body, in octets.
  explicit FrameReader(std::size_t max_len) noexcept : max_len_(max_len) {}

  // num_wanted is how many more octets certainly belong to this frame; 0 when it is complete or
  // refused. Whoever reads no more than that never takes octets of what follows.
  std::size_t num_wanted() const noexcept;

  // feed takes octets up to the end of the frame and returns how many it took: none once the frame
  // is complete or refused.
  std::size_t feed(ByteView octets);

  // is_complete holds when take has a frame to hand over.
  bool is_complete() const noexcept { return state_ == State::kComplete; }
  // is_refused is for good: after a fault nobody knows where the next frame begins.
  bool is_refused() const noexcept { return state_ == State::kRefused; }
  // fault says why; only while is_refused().
  FrameFault fault() const noexcept { return fault_; }
  // is_between_frames holds before the first octet of a frame: where a peer may close in good
  // order.
  bool is_between_frames() const noexcept {
    return state_ == State::kHeader && num_header_octets_ == 0;
  }

  // take hands over the frame and begins the next one; only while is_complete().
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
