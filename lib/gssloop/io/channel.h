// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_IO_CHANNEL_H_
#define GSSLOOP_IO_CHANNEL_H_

#include <cstddef>
#include <string>

#include "gssloop/base/result.h"
#include "gssloop/io/frame.h"
#include "gssloop/io/transport.h"

namespace gssloop::io {

// Frames over a transport. The driver negotiates with these two calls, and an application goes on
// with them afterwards: no octet beyond a frame's end is ever taken from the transport.

// send_frame writes one frame. Fails as write_all does, and with kError when the body does not fit.
// After a failure a part of a frame may have left: send nothing more.
IoResult send_frame(Transport& transport, FrameKind kind, ByteView body, Deadline deadline);

// NoFrame is why no frame was received.
struct NoFrame {
  // Kind is how the channel looked.
  enum class Kind {
    kClosed,     // the peer closed the channel
    kTimedOut,   // the deadline passed before the frame was whole
    kError,      // the channel failed
    kDefective,  // the peer sent what is no frame, or one that is too long
  };
  Kind kind;           // what the caller may act on
  std::string reason;  // one clause for a person
};

// receive_frame reads one frame, of at most `max_len` octets of body. The deadline is that of the
// whole frame: a peer that has an octet ready each time it is asked gains nothing. After a failure
// the place in the stream is lost: receive nothing more.
Result<Frame, NoFrame> receive_frame(Transport& transport, std::size_t max_len, Deadline deadline);

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_CHANNEL_H_
