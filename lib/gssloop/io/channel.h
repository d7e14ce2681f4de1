// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_IO_CHANNEL_H_
#define GSSLOOP_IO_CHANNEL_H_

#include <cstddef>
#include <string>

#include "gssloop/base/result.h"
#include "gssloop/io/frame.h"
#include "gssloop/io/transport.h"

namespace gssloop::io {

// Frames over a transport. The driver negotiates with these two calls, and an application can
// continue with them afterwards: they never read an octet beyond a frame's end from the transport.

// send_frame writes one frame. Fails as write_all does, and with kError if the body is too long.
// After a failure a part of the frame may have been sent: send nothing more.
IoResult send_frame(Transport& transport, FrameKind kind, ByteView body, Deadline deadline);

// NoFrame is the reason why no frame was received.
struct NoFrame {
  // Kind is the state of the channel.
  enum class Kind {
    kClosed,     // the peer closed the channel
    kTimedOut,   // the deadline passed before the frame was complete
    kError,      // the channel failed
    kDefective,  // the peer sent an invalid frame, or one that is too long
  };
  Kind kind;           // for the caller's decision
  std::string reason;  // one clause for a person
};

// receive_frame reads one frame, of at most `max_len` octets of body. The deadline applies to the
// whole frame: a peer that sends single octets cannot extend it. After a failure the place in the
// stream is unknown: receive nothing more.
Result<Frame, NoFrame> receive_frame(Transport& transport, std::size_t max_len, Deadline deadline);

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_CHANNEL_H_
