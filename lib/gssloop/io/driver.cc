// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/io/driver.h"

#include <string>
#include <utility>

#include "gssloop/io/channel.h"

namespace gssloop::io {
namespace {

using loop::Failure;
using loop::Fault;
using loop::Step;

Failure failure(Fault fault, std::string reason) {
  Failure made;
  made.fault = fault;
  made.reason = std::move(reason);
  return made;
}

class Driver {
 public:
  Driver(loop::Negotiation* negotiation, Transport* transport, Deadline deadline,
         Observer* observer)
      : negotiation_(*negotiation),
        transport_(*transport),
        deadline_(deadline),
        observer_(observer),
        max_token_len_(negotiation->limits().max_token_len) {}

  Outcome run(std::optional<Step> first) {
    Step step = first ? std::move(*first) : next_step();
    for (;;) {
      if (std::optional<Outcome> outcome = perform(step)) return std::move(*outcome);
      step = next_step();
    }
  }

 private:
  // perform does the step's actions. It returns nothing while the loop waits for a token.
  std::optional<Outcome> perform(Step& step) {
    if (observer_ != nullptr) observer_->on_step(step);
    if (const auto token = step.token_to_send()) {
      if (std::optional<Failure> lost = send_token(*token, step)) return std::move(*lost);
    }
    if (step.tells_peer()) (void)send_frame(transport_, FrameKind::kFailure, {}, deadline_);
    if (step.is_failed()) return step.failure();
    if (step.is_established()) return step.take_context();
    return std::nullopt;
  }

  // send_token fails if the whole token was not sent, unless the step itself failed: an error token
  // that could not be sent changes nothing (sections 2.3 and 2.6).
  std::optional<Failure> send_token(ByteView token, const Step& step) {
    const IoResult sent = send_frame(transport_, FrameKind::kToken, token, deadline_);
    if (sent.is_done() || step.is_failed()) return std::nullopt;
    if (sent.kind == IoResult::Kind::kTimedOut) {
      (void)negotiation_.on_deadline();
      return failure(Fault::kTimedOut, "the peer did not read the token in time");
    }
    // The returned step is ignored: a notice in the middle of a token would become part of the
    // token.
    (void)negotiation_.on_peer_failure();
    return failure(Fault::kPeerRejected,
                   sent.kind == IoResult::Kind::kClosed
                       ? "the peer closed the channel before it received the token"
                       : "cannot send the token: " + sent.error);
  }

  // next_step waits for the peer and gives the loop the event.
  Step next_step() {
    auto frame = receive_frame(transport_, max_token_len_, deadline_);
    if (!frame) return step_without_frame(std::move(frame.error()));
    if (observer_ != nullptr) observer_->on_received(frame->kind, frame->body);
    switch (frame->kind) {
      case FrameKind::kToken:
        return negotiation_.on_token(frame->body);
      case FrameKind::kFailure:
        return negotiation_.on_peer_failure("the peer reported a failure");
      case FrameKind::kData:
        break;
    }
    // section 3.1: this protocol does not allow per-message tokens before completion.
    return negotiation_.on_peer_defect("the peer sent data before the context was established");
  }

  Step step_without_frame(NoFrame none) {
    switch (none.kind) {
      case NoFrame::Kind::kTimedOut:  // sections 2.4 and 2.7
        return negotiation_.on_deadline();
      case NoFrame::Kind::kDefective:
        return negotiation_.on_peer_defect(std::move(none.reason));
      case NoFrame::Kind::kClosed:
      case NoFrame::Kind::kError:
        break;
    }
    return negotiation_.on_peer_failure(std::move(none.reason));
  }

  loop::Negotiation& negotiation_;
  Transport& transport_;
  const Deadline deadline_;
  Observer* const observer_;
  const std::size_t max_token_len_;
};

}  // namespace

Outcome drive(loop::Negotiation& negotiation, std::optional<Step> step, Transport& transport,
              Deadline deadline, Observer* observer) {
  return Driver(&negotiation, &transport, deadline, observer).run(std::move(step));
}

Outcome run(loop::Initiator& initiator, Transport& transport, Deadline deadline,
            Observer* observer) {
  return drive(initiator, initiator.start(), transport, deadline, observer);
}

Outcome run(loop::Acceptor& acceptor, Transport& transport, Deadline deadline, Observer* observer) {
  return drive(acceptor, std::nullopt, transport, deadline, observer);
}

}  // namespace gssloop::io
