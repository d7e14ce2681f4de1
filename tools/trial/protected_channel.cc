// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/protected_channel.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "gssloop/io/channel.h"

namespace gssloop::tools {
namespace {

constexpr std::size_t kHeaderLen = 9;
// The mechanism adds some octets to a message: Kerberos adds about 60.
constexpr std::size_t kMaxTokenLen = kHeaderLen + kMaxContentLen + 4096;
// How many context tokens may follow completion (loop section 3.2).
constexpr int kMaxLateTokens = 4;

std::array<std::uint8_t, kHeaderLen> header(MessageKind kind, std::uint64_t number) {
  std::array<std::uint8_t, kHeaderLen> octets{static_cast<std::uint8_t>(kind)};
  for (std::size_t i = 0; i < 8; ++i) {
    octets[i + 1] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  }
  return octets;
}

bool is_known(std::uint8_t kind) {
  switch (static_cast<MessageKind>(kind)) {
    case MessageKind::kData:
    case MessageKind::kEnd:
    case MessageKind::kSeen:
    case MessageKind::kStored:
      return true;
  }
  return false;
}

std::string why(const io::IoResult& result) {
  switch (result.kind) {
    case io::IoResult::Kind::kClosed:
      return "the peer closed the connection";
    case io::IoResult::Kind::kTimedOut:
      return "the peer does not read any more";
    case io::IoResult::Kind::kDone:
    case io::IoResult::Kind::kError:
      break;
  }
  return result.error;
}

}  // namespace

io::Deadline ProtectedChannel::deadline() const {
  return patience_.count() == 0 ? io::kNoDeadline : io::Clock::now() + patience_;
}

std::optional<Error> ProtectedChannel::send(MessageKind kind, ByteView content) {
  const auto head = header(kind, num_sent_);
  const ByteView parts[] = {head, content};
  const auto token_len = context_.wrap_into(protection_, parts, 0, &buffer_);
  if (!token_len) return Error{"cannot protect a message: " + token_len.error().text()};
  const ByteView token = ByteView(buffer_).first(*token_len);
  const auto sent = io::send_frame(transport_, io::FrameKind::kData, token, deadline());
  if (!sent.is_done()) return Error{"cannot send a message: " + why(sent)};
  ++num_sent_;
  return std::nullopt;
}

Result<Message, Error> ProtectedChannel::receive() {
  for (int num_late = 0; num_late <= kMaxLateTokens; ++num_late) {
    auto frame = io::receive_frame(transport_, kMaxTokenLen, deadline());
    if (!frame) return Error{std::move(frame.error().reason)};
    switch (frame->kind) {
      case io::FrameKind::kData:
        return open(std::move(frame->body));
      case io::FrameKind::kFailure:
        return Error{"the peer reported a failure"};
      case io::FrameKind::kToken: {
        // Without mutual authentication, the initiator's context is complete before the acceptor
        // has seen a token. This may be the acceptor's error token.
        const loop::Row& row = context_.on_token(frame->body);
        if (row.has(loop::Action::kFail)) {
          return Error{"the peer deleted the context (" + std::string(row.when) + ")"};
        }
        break;
      }
    }
  }
  return Error{"the peer sent context tokens instead of data"};
}

Result<Message, Error> ProtectedChannel::open(Bytes token) {
  const auto octets = context_.unwrap_in_place(protection_, token);
  if (!octets) return Error{"cannot verify a message from the peer: " + octets.error().text()};
  if (octets->size() < kHeaderLen || !is_known((*octets)[0])) {
    return Error{"a message has an unknown type"};
  }
  const auto kind = static_cast<MessageKind>((*octets)[0]);
  const auto expected = header(kind, num_received_);
  if (!std::equal(expected.begin(), expected.end(), octets->begin())) {
    return Error{"a message is missing, duplicated or out of order"};
  }
  if (octets->size() > kHeaderLen + kMaxContentLen) return Error{"a message is too long"};
  ++num_received_;
  const ByteView content = octets->subspan(kHeaderLen);
  return Message{kind, to_bytes(content)};
}

void ProtectedChannel::give_up() {
  (void)io::send_frame(transport_, io::FrameKind::kFailure, {}, deadline());
}

}  // namespace gssloop::tools
