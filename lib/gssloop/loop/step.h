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

// Step is what the loop wants done: the row it decided by, and the things that row's actions need.
// The caller obeys actions() in order, does the input and output they ask for, and drops the step.
// A context that is to be destroyed dies with the step, so that an error token always leaves before
// the failure is acted on (loop section 4).
class Step {
 public:
  // row is the line of the table that was decided by; actions are what it wants done, in their
  // order, and has looks for one of them.
  const Row& row() const noexcept { return *row_; }
  std::span<const Action> actions() const noexcept { return row_->actions; }
  bool has(Action action) const noexcept { return row_->has(action); }

  // token is what kSendToken and kSendErrorToken send; it may be empty. Borrowed from the step.
  ByteView token() const noexcept { return token_.view(); }
  // take_context hands over the context that kEstablish speaks of; once.
  EstablishedContext take_context() { return std::move(*context_); }
  // failure is what kFail speaks of.
  const Failure& failure() const noexcept { return failure_; }

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
