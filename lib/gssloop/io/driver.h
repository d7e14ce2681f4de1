// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_IO_DRIVER_H_
#define GSSLOOP_IO_DRIVER_H_

#include <optional>

#include "gssloop/base/result.h"
#include "gssloop/io/frame.h"
#include "gssloop/io/transport.h"
#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/established_context.h"
#include "gssloop/loop/initiator.h"
#include "gssloop/loop/negotiation.h"
#include "gssloop/loop/step.h"

namespace gssloop::io {

// Outcome of a negotiation: a context whose flags were checked, or why there is none.
using Outcome = Result<loop::EstablishedContext, loop::Failure>;

// Observer is told what a driver sees and does, for those who explain a login to a person. It is
// called on the driver's thread and changes nothing; what it is given is the driver's, and only
// lent. Must not throw.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  // on_received: a frame came whole; the loop has not seen it yet. Not called for what is no frame,
  // or one that is too long.
  virtual void on_received(FrameKind kind, ByteView body) {
    static_cast<void>(kind);
    static_cast<void>(body);
  }
  // on_step: the loop decided; nothing of what the step wants is done yet. The first call of an
  // initiator, and the end of a wait, are steps that no frame preceded.
  virtual void on_step(const loop::Step& step) { static_cast<void>(step); }
};

// run carries a whole negotiation over a transport, in frames (frame.h), and blocks until there is
// a context or none. It decides nothing: it does what each Step wants, waits where
// they say so, and tells the loop what came.
//
// - `deadline` is that of the whole negotiation, so a peer that trickles does not prolong it. What
//   time is "reasonable" (sections 2.4 and 2.7) only the application knows: there is no default. A
//   call into the mechanism is not interrupted (a KDC may let an initiator wait), but nothing is
//   awaited after the deadline.
// - A frame longer than the negotiation's limit for a token is refused by its length.
// - An empty token is sent where the table says so (section 2.2). An error token leaves before the
//   failure it announces is acted on (section 4). Where there is none, the peer gets a failure
//   notice, without a reason.
// - Sent, to the peer, means handed to the transport. A token that could not be handed over whole
//   fails the negotiation, even the one that came with COMPLETE (section 2.2: it must be sent).
// - The failure is the loop's, with the channel's reason where the channel is at fault: a peer that
//   closed or notified gives kPeerRejected, what is no frame or no token kPeerProtocol.
// - Afterwards the transport stands behind the last frame of the negotiation. After a failure it is
//   good for nothing but closing.
//
// `observer` may be null; it must outlive the call. The negotiation is used up. One thread.
Outcome run(loop::Initiator& initiator, Transport& transport, Deadline deadline,
            Observer* observer = nullptr);
Outcome run(loop::Acceptor& acceptor, Transport& transport, Deadline deadline,
            Observer* observer = nullptr);

// drive is what both share, for whoever has the beginning elsewhere (a first token in another
// message): it does what `step` wants, or awaits a token where there is none, and goes on as run does.
Outcome drive(loop::Negotiation& negotiation, std::optional<loop::Step> step, Transport& transport,
              Deadline deadline, Observer* observer = nullptr);

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_DRIVER_H_
