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

// Outcome of a negotiation: a context whose flags were checked, or the failure.
using Outcome = Result<loop::EstablishedContext, loop::Failure>;

// Observer gets the events and actions of a driver, for programs that explain a login to a person.
// The driver calls it on its own thread, and lends it the arguments. It cannot change the
// negotiation, and must not throw.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  // on_received: a complete frame arrived; the loop has not seen it yet. Not called for invalid
  // frames, or for frames that are too long.
  virtual void on_received(FrameKind kind, ByteView body) {
    static_cast<void>(kind);
    static_cast<void>(body);
  }
  // on_step: the loop made a decision; none of the step's actions has been done yet. The first call
  // of an initiator, and the end of a wait, are steps without a frame before them.
  virtual void on_step(const loop::Step& step) { static_cast<void>(step); }
};

// run carries a whole negotiation over a transport, in frames (frame.h), and blocks until there is
// a context or a failure. It makes no decisions: it performs the actions of each Step, waits for
// the peer, and gives the loop each event.
//
// - `deadline` applies to the whole negotiation, so a peer that sends single octets cannot extend
//   it. Only the application knows which time is "reasonable" (sections 2.4 and 2.7), so there is
//   no default. A call into the mechanism is not interrupted (an initiator may wait for a KDC), but
//   the driver does not wait after the deadline.
// - A frame longer than the negotiation's limit for a token is refused as soon as its length
//   arrives.
// - An empty token is sent if the table says so (section 2.2). An error token is sent before the
//   driver returns the failure (section 4). Without an error token, the peer gets a failure notice
//   without a reason.
// - A token counts as sent after the transport has taken it. If the transport does not take the
//   whole token, the negotiation fails, even if the token came with COMPLETE (section 2.2: it must
//   be sent).
// - The failure is the loop's, with the channel's reason if the channel failed: kPeerRejected if
//   the peer closed the channel or sent a failure notice, kPeerProtocol for an invalid frame or a
//   frame without a token.
// - Afterwards the transport is at the end of the negotiation's last frame. After a failure, only
//   close it.
//
// `observer` may be null; it must outlive the call. The negotiation cannot be used again. One
// thread.
Outcome run(loop::Initiator& initiator, Transport& transport, Deadline deadline,
            Observer* observer = nullptr);
Outcome run(loop::Acceptor& acceptor, Transport& transport, Deadline deadline,
            Observer* observer = nullptr);

// drive is the part that both share, for programs that begin elsewhere (with a first token in
// another message). It performs the actions of `step`, or waits for a token without one, and
// continues as run does.
Outcome drive(loop::Negotiation& negotiation, std::optional<loop::Step> step, Transport& transport,
              Deadline deadline, Observer* observer = nullptr);

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_DRIVER_H_
