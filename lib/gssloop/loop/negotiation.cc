// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/loop/negotiation.h"

namespace gssloop::loop {
namespace {

// The reason why a call's result fails the negotiation. If the mechanism itself failed, its texts
// are the reason.
std::string describe(const Row& row, MajorClass major, Flags missing) {
  if (row.fault == Fault::kFlagsMissing) {
    return "the context does not have the required flags: " + to_string(missing);
  }
  return major == MajorClass::kError ? "" : row.when;
}

}  // namespace

Observation Negotiation::observe(Event event) const noexcept {
  Observation seen;
  seen.role = role_;
  seen.phase = phase_;
  seen.event = event;
  seen.is_first_call = is_first_call_;
  return seen;
}

Step Negotiation::start() {
  const Observation seen = observe(Event::kStart);
  const Row& row = decide(seen);
  if (row.actions.front() == Action::kCallMechanism) return call_mechanism(std::nullopt);
  return carry_out(row, {}, {row.fault, row.when, {}, {}});
}

Step Negotiation::on_token(ByteView token) {
  Observation seen = observe(Event::kTokenArrived);
  seen.is_input_empty = token.empty();
  seen.is_over_limit = token.size() > limits_.max_token_len || num_legs_ >= limits_.max_legs;
  const Row& row = decide(seen);
  if (row.actions.front() == Action::kCallMechanism) {
    ++num_legs_;
    return call_mechanism(token);
  }
  return carry_out(row, {}, {row.fault, row.when, {}, {}});
}

Step Negotiation::gave_up(Event event, std::string reason) {
  const Observation seen = observe(event);
  const Row& row = decide(seen);
  return carry_out(row, {}, {row.fault, std::move(reason), {}, {}});
}

Step Negotiation::call_mechanism(std::optional<ByteView> input) {
  phase_ = Phase::kNegotiating;
  gss::CallOutcome outcome = call(&context_, input);

  Observation seen = observe(Event::kCallReturned);
  is_first_call_ = false;
  seen.major = classify(outcome.major);
  seen.has_output = !outcome.output.empty();
  seen.is_anonymity_lost = !keeps_anonymity(outcome.flags);
  Flags missing;  // of a complete context; an incomplete one has no final flags
  gss::Status status;
  if (seen.major == MajorClass::kComplete) {
    missing = outcome.flags.missing(required_);
    seen.is_flag_missing = !missing.empty();
    // An IAKERB acceptor of MIT 1.20 returns COMPLETE although its context does not exist. Its use
    // crashes the process, so gss_inquire_context comes first.
    const auto info = gss::inquire_context(context_);
    seen.is_context_unknown = !info;
    if (!info) status = info.error();
  } else if (seen.major != MajorClass::kContinue) {
    status = gss::Status(call_name(), outcome.major, outcome.minor, outcome.mech);
  }
  const Row& row = decide(seen);
  return carry_out(row, std::move(outcome),
                   {row.fault, describe(row, seen.major, missing), std::move(status), missing});
}

Step Negotiation::carry_out(const Row& row, gss::CallOutcome outcome, Failure failure) {
  Step step;
  step.row_ = &row;
  if (row.fault != Fault::kNone) step.failure_ = std::move(failure);
  for (const Action action : row.actions) {
    switch (action) {
      case Action::kSendToken:
      case Action::kSendErrorToken:
        step.token_ = std::move(outcome.output);
        ++num_legs_;
        break;
      case Action::kAwaitToken:
        phase_ = Phase::kAwaiting;
        break;
      case Action::kEstablish:
        step.context_ =
            EstablishedContext(role_, std::move(context_), outcome.flags, required_,
                               std::move(outcome.mech), std::move(outcome.source),
                               std::move(outcome.delegated), pac_keytab(), limits_.max_token_len);
        phase_ = Phase::kOver;
        break;
      case Action::kDestroy:
        step.doomed_ = std::move(context_);
        break;
      case Action::kFail:
        phase_ = Phase::kOver;
        break;
      case Action::kCallMechanism:
      case Action::kProcessToken:
      case Action::kTellPeer:
      case Action::kKeep:
        break;
    }
  }
  return step;
}

}  // namespace gssloop::loop
