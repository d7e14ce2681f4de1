// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_PROTECTED_CHANNEL_H_
#define GSSLOOP_TOOLS_TRIAL_PROTECTED_CHANNEL_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"
#include "gssloop/io/transport.h"
#include "gssloop/loop/established_context.h"

namespace gssloop::tools {

// The protocol of `gssloop initiate` and `gssloop accept` after the context is established. Every
// message is the body of a data frame (gssloop/io/frame.h), protected by GSS_Wrap:
//
//   1 octet kind | 8 octets number, network order | content
//
// Each direction counts from 0. The receiver checks the number, so that replay and reordering are
// detected whatever flags the mechanism granted. Each direction has its own kinds, so that a
// message that an attacker returns to its sender is refused.
//
//   initiator: data, any number; then end, without content. Without end, the data is cut off.
//   acceptor:  seen, any number (with --reveal, one JSON text in all); then stored, without
//              content: all data arrived, and is stored
enum class MessageKind : std::uint8_t { kData = 'D', kEnd = 'E', kSeen = 'S', kStored = 'K' };

struct Message {
  MessageKind kind = MessageKind::kEnd;
  Bytes content;
};

// kMaxContentLen is the longest content, in octets; longer data is split.
inline constexpr std::size_t kMaxContentLen = std::size_t{64} * 1024;

// ProtectedChannel sends and receives such messages. It cannot be used after a failure. It borrows
// context and transport. One thread.
class ProtectedChannel {
 public:
  // `patience` is the time that the peer has for each message; 0 is without limit.
  ProtectedChannel(loop::EstablishedContext* context, io::Transport* transport,
                   gss::Protection protection, std::chrono::seconds patience)
      : context_(*context), transport_(*transport), protection_(protection), patience_(patience) {}

  // send takes at most kMaxContentLen octets.
  std::optional<Error> send(MessageKind kind, ByteView content);
  // receive fails for everything but the peer's next message with the expected protection.
  Result<Message, Error> receive();
  // give_up tells the peer that we failed, without a reason. It ignores errors.
  void give_up();

 private:
  io::Deadline deadline() const;
  Result<Message, Error> open(Bytes token);

  loop::EstablishedContext& context_;
  io::Transport& transport_;
  const gss::Protection protection_;
  const std::chrono::seconds patience_;
  std::uint64_t num_sent_ = 0;
  std::uint64_t num_received_ = 0;
  Bytes buffer_;  // for the token to send; kept, since it is large
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_PROTECTED_CHANNEL_H_
