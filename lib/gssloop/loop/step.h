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

// Failure says why there will be no context.
struct Failure {
  Fault fault = Fault::kNone;  // what the application acts on
  // One clause for a person, without token, key or attribute value; empty where the status' texts
  // say it all.
  std::string reason;
  gss::Status status;  // of the call that failed; complete where no call did
  Flags missing;       // of Fault::kFlagsMissing

  // text is the reason with the status' texts, where there are any.
  std::string text() const;
};

// Step is what the loop wants done. The caller does it in this order, and drops the step:
//
//   if (auto token = step.token_to_send()) send it to the peer;
//   if (step.tells_peer()) tell the peer that this side failed, where the channel has a way to;
//   if (step.is_failed()) the negotiation ended with step.failure();
//   if (step.is_established()) it ended with step.take_context();
//   otherwise await the peer's next token.
//
// A context that is to be destroyed is destroyed with the step, so that an error token always
// leaves before the caller acts on the failure (loop section 4).
class Step {
 public:
  // row is the line of the table that the loop decided by.
  const Row& row() const noexcept { return *row_; }
  // text names the row's actions for a log or a person: "send the token of 832 bytes, await a
  // token". It never holds a token.
  std::string text() const;

  // token_to_send is what to send to the peer: an empty token is sent, too (loop section 2.2);
  // nullopt: send nothing. With is_failed() it is an error token. Borrowed from the step.
  std::optional<ByteView> token_to_send() const noexcept;
  // tells_peer: no token says that this side failed, so the channel should.
  bool tells_peer() const noexcept { return row_->has(Action::kTellPeer); }
  // is_failed: there will be no context; failure says why.
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
