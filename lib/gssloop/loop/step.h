// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_STEP_H_
#define GSSLOOP_LOOP_STEP_H_

#include <optional>
#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/status.h"
#include "gssloop/loop/decide.h"
#include "gssloop/loop/established_context.h"

namespace gssloop::loop {

// Failure is the reason why there is no context.
struct Failure {
  Fault fault = Fault::kNone;  // for the application's decision
  // One clause for a person, without token, key or attribute value; empty if the status' texts are
  // the whole reason.
  std::string reason;
  gss::Status status;  // of the call that failed; complete if no call failed
  Flags missing;       // of Fault::kFlagsMissing

  // text is the reason and the status' texts, if there are any.
  std::string text() const;
};

// Step is the next actions of the loop. The caller does them in this order, and destroys the step:
//
//   if (auto token = step.token_to_send()) send it to the peer;
//   if (step.tells_peer()) tell the peer that this side failed, if the channel can do so;
//   if (step.is_failed()) the negotiation ended with step.failure();
//   if (step.is_established()) it ended with step.take_context();
//   otherwise await the peer's next token.
//
// A context that must be destroyed is destroyed with the step, so that the caller sends an error
// token before it acts on the failure (loop section 4).
class Step {
 public:
  // row is the row of the table with the loop's decision.
  const Row& row() const noexcept { return *row_; }
  // text names the row's actions for a log or a person: "send the token of 832 bytes, await a
  // token". It never contains a token.
  std::string text() const;

  // token_to_send is the token for the peer: send an empty token, too (loop section 2.2); nullopt:
  // send nothing. With is_failed() it is an error token. Borrowed from the step.
  std::optional<ByteView> token_to_send() const noexcept;
  // tells_peer: this side failed without an error token, so the channel should tell the peer.
  bool tells_peer() const noexcept { return row_->has(Action::kTellPeer); }
  // is_failed: the negotiation failed; failure is the reason.
  bool is_failed() const noexcept { return row_->has(Action::kFail); }
  const Failure& failure() const noexcept { return failure_; }
  // is_established: the context is complete and its flags are checked; take_context hands it over,
  // once.
  bool is_established() const noexcept { return row_->has(Action::kEstablish); }
  EstablishedContext take_context() { return std::move(*context_); }

 private:
  friend class Negotiation;
  const Row* row_ = nullptr;
  gss::Buffer token_;
  std::optional<EstablishedContext> context_;
  Failure failure_;
  gss::Context doomed_;
};

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_STEP_H_
