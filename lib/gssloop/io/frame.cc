// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/io/frame.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace gssloop::io {
namespace {

bool is_known(FrameKind kind) noexcept {
  switch (kind) {
    case FrameKind::kToken:
    case FrameKind::kFailure:
    case FrameKind::kData:
      return true;
  }
  return false;
}

}  // namespace

Result<Bytes, FrameFault> encode_frame(FrameKind kind, ByteView body) {
  if (body.size() > frame_body_limit(kind, kMaxFrameBodyLen)) return FrameFault::kTooLong;
  Bytes octets(kFrameHeaderLen + body.size());
  octets[0] = static_cast<std::uint8_t>(kind);
  to_network_order(static_cast<std::uint32_t>(body.size()),
                   std::span(octets).subspan(1, kFrameHeaderLen - 1));
  std::ranges::copy(body, octets.begin() + kFrameHeaderLen);
  return octets;
}

std::size_t FrameReader::num_wanted() const noexcept {
  switch (state_) {
    case State::kHeader:
      return kFrameHeaderLen - num_header_octets_;
    case State::kBody:
      return body_len_ - frame_.body.size();
    case State::kComplete:
    case State::kRefused:
      break;
  }
  return 0;
}

std::size_t FrameReader::feed(ByteView octets) {
  std::size_t num_taken = 0;
  while (state_ == State::kHeader && num_taken < octets.size()) {
    take_header_octet(octets[num_taken++]);
  }
  if (state_ == State::kBody) {
    const ByteView part =
        octets.subspan(num_taken, std::min(num_wanted(), octets.size() - num_taken));
    frame_.body.insert(frame_.body.end(), part.begin(), part.end());
    num_taken += part.size();
    if (num_wanted() == 0) state_ = State::kComplete;
  }
  return num_taken;
}

void FrameReader::take_header_octet(std::uint8_t octet) noexcept {
  header_[num_header_octets_++] = octet;
  if (num_header_octets_ == 1) {
    frame_.kind = static_cast<FrameKind>(octet);
    if (!is_known(frame_.kind)) refuse(FrameFault::kUnknownKind);
    return;
  }
  if (num_header_octets_ < kFrameHeaderLen) return;
  body_len_ = from_network_order(ByteView(header_).subspan(1));
  if (body_len_ > frame_body_limit(frame_.kind, max_len_)) return refuse(FrameFault::kTooLong);
  state_ = body_len_ == 0 ? State::kComplete : State::kBody;
}

void FrameReader::refuse(FrameFault fault) noexcept {
  state_ = State::kRefused;
  fault_ = fault;
}

Frame FrameReader::take() noexcept {
  assert(is_complete());
  state_ = State::kHeader;
  num_header_octets_ = 0;
  return std::exchange(frame_, {});
}

}  // namespace gssloop::io
