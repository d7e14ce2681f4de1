// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/io/channel.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gssloop::io {
namespace {

NoFrame describe(IoResult ended, const FrameReader& reader) {
  switch (ended.kind) {
    case IoResult::Kind::kClosed:
      return {NoFrame::Kind::kClosed,
              reader.is_between_frames()
                  ? "the peer closed the channel"
                  : "the peer closed the channel in the middle of a message"};
    case IoResult::Kind::kTimedOut:
      return {NoFrame::Kind::kTimedOut, "no message arrived in time"};
    case IoResult::Kind::kDone:
    case IoResult::Kind::kError:
      break;
  }
  return {NoFrame::Kind::kError, "the channel failed: " + std::move(ended.error)};
}

}  // namespace

IoResult send_frame(Transport& transport, FrameKind kind, ByteView body, Deadline deadline) {
  const auto octets = encode_frame(kind, body);
  if (!octets) return {IoResult::Kind::kError, 0, "the message is too long for a frame"};
  return transport.write_all(*octets, deadline);
}

Result<Frame, NoFrame> receive_frame(Transport& transport, std::size_t max_len, Deadline deadline) {
  FrameReader reader(max_len);
  std::array<std::uint8_t, 4096> part;
  while (reader.num_wanted() > 0) {
    const auto wanted = std::span(part).first(std::min(reader.num_wanted(), part.size()));
    // read_some alone would let a peer that sends single octets continue after the deadline.
    IoResult got = Clock::now() < deadline ? transport.read_some(wanted, deadline)
                                           : IoResult{IoResult::Kind::kTimedOut, 0, {}};
    if (!got.is_done()) return describe(std::move(got), reader);
    reader.feed(wanted.first(got.num_octets));
  }
  if (reader.is_complete()) return reader.take();
  return NoFrame{NoFrame::Kind::kDefective, reader.fault() == FrameFault::kTooLong
                                                ? "the peer's message is too long"
                                                : "the peer's message has an unknown type"};
}

}  // namespace gssloop::io
