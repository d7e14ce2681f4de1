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

// What `gssloop initiate` and `gssloop accept` say to each other once there is a context. Every
// message is the body of a data frame (gssloop/io/frame.h), protected by GSS_Wrap:
//
//   1 octet kind | 8 octets number, network order | content
//
// Each direction counts from 0. The number is looked at although most mechanisms detect replay and
// reordering themselves: here nothing depends on which flags they granted. The two directions have
// kinds of their own, so that a message which is sent back to its author means nothing.
//
//   initiator: data, any number; then end, without content: what does not end so was cut off
//   acceptor:  seen, any number (of --reveal, one JSON text in all); then stored, without content:
//              everything arrived, and lies where it shall
enum class MessageKind : std::uint8_t { kData = 'D', kEnd = 'E', kSeen = 'S', kStored = 'K' };

struct Message {
  MessageKind kind = MessageKind::kEnd;
  Bytes content;
};

// kMaxContentLen is the longest content, in octets; longer data is split.
inline constexpr std::size_t kMaxContentLen = std::size_t{64} * 1024;

// ProtectedChannel sends and receives such messages. After a failure it is good for nothing.
// Borrows context and transport. One thread.
class ProtectedChannel {
 public:
  // `patience` is how long the peer may take for each message; 0 is for ever.
  ProtectedChannel(loop::EstablishedContext* context, io::Transport* transport,
                   gss::Protection protection, std::chrono::seconds patience)
      : context_(*context), transport_(*transport), protection_(protection), patience_(patience) {}

  // send takes at most kMaxContentLen octets.
  std::optional<Error> send(MessageKind kind, ByteView content);
  // receive fails for everything that is not the peer's next message, of the expected protection.
  Result<Message, Error> receive();
  // give_up tells the peer that we failed, without a reason; best effort.
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
  Bytes buffer_;  // of the token to be sent; kept, since it is large
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_PROTECTED_CHANNEL_H_
