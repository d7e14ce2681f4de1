// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_INITIATOR_H_
#define GSSLOOP_LOOP_INITIATOR_H_

#include "gssloop/loop/negotiation.h"

namespace gssloop::loop {

// Initiator is the side that begins (loop section 2.2). Its input never changes between calls.
//
//   Initiator initiator({.target = ..., .mech = ..., .request = Flag::kMutual}, Flag::kMutual);
//   Step step = initiator.start();
//   // do the step's actions (step.h); for each token that arrives: step =
//   initiator.on_token(token)
class Initiator final : public Negotiation {
 public:
  // `required` are the required flags: without one of them the loop destroys the context (section
  // 3). If `input` requests anonymity, nothing is ever sent unless the mechanism grants it (section
  // 2.1).
  Initiator(gss::InitiatorInput input, Flags required, Limits limits = {})
      : Negotiation(Role::kInitiator, Phase::kNegotiating, required, limits),
        input_(std::move(input)) {}

  // start makes the first call, without an input token. Call it once.
  Step start() { return Negotiation::start(); }

 private:
  gss::CallOutcome call(gss::Context* context, std::optional<ByteView> token) override {
    return gss::init_sec_context(context, input_, token);
  }
  bool keeps_anonymity(Flags granted) const noexcept override {
    return !input_.request.has(Flag::kAnon) || granted.has(Flag::kAnon);
  }
  const char* call_name() const noexcept override { return "gss_init_sec_context"; }

  const gss::InitiatorInput input_;
};

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_INITIATOR_H_
