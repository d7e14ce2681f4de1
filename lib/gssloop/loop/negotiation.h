// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_NEGOTIATION_H_
#define GSSLOOP_LOOP_NEGOTIATION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "gssloop/base/bytes.h"
#include "gssloop/base/flags.h"
#include "gssloop/gss/context.h"
#include "gssloop/loop/decide.h"
#include "gssloop/loop/step.h"

namespace gssloop::loop {

// Limits bound the work that a peer can cause. A leg is one token, in either direction.
struct Limits {
  unsigned max_legs = 32;                               // tokens sent and received
  std::size_t max_token_len = std::size_t{256} * 1024;  // octets, of a token received
};

// Negotiation is the part that both roles share: it keeps the phase and the context handle, looks
// up the row of the table, and performs its actions. No input or output, no clock. One thread at a
// time.
class Negotiation {
 public:
  Negotiation(const Negotiation&) = delete;
  Negotiation& operator=(const Negotiation&) = delete;
  virtual ~Negotiation() = default;

  // on_token takes the peer's next token.
  Step on_token(ByteView token);
  // on_deadline, on_peer_defect, on_peer_failure and on_cancel report the other events that can end
  // a negotiation (sections 2.4 and 2.7). The caller has the clock, and may give the reason as a
  // clause.
  Step on_deadline(std::string reason = "no token arrived in time") {
    return gave_up(Event::kDeadline, std::move(reason));
  }
  Step on_peer_defect(std::string reason = "the peer sent something that is not a token") {
    return gave_up(Event::kPeerDefect, std::move(reason));
  }
  Step on_peer_failure(std::string reason = "the peer failed or closed the channel") {
    return gave_up(Event::kPeerFailed, std::move(reason));
  }
  Step on_cancel(std::string reason = "the application cancelled the negotiation") {
    return gave_up(Event::kCancelled, std::move(reason));
  }

  // phase is the current phase; limits are those of the constructor.
  Phase phase() const noexcept { return phase_; }
  const Limits& limits() const noexcept { return limits_; }
  // num_legs counts the tokens sent and received so far.
  unsigned num_legs() const noexcept { return num_legs_; }

 protected:
  // Only a role makes a Negotiation; `required` as in section 3.
  Negotiation(Role role, Phase first_phase, Flags required, Limits limits)
      : role_(role), phase_(first_phase), required_(required), limits_(limits) {}

  // call makes the role's context call. Without input it is the initiator's first call.
  virtual gss::CallOutcome call(gss::Context* context, std::optional<ByteView> input) = 0;
  // keeps_anonymity says whether the flags of a successful call grant the requested anonymity.
  virtual bool keeps_anonymity(Flags granted) const noexcept = 0;
  // pac_keytab is the keytab that verifies the PAC of the peer's ticket, if it is known.
  virtual std::optional<std::string> pac_keytab() const { return std::nullopt; }
  // call_name is the name of that call, a literal.
  virtual const char* call_name() const noexcept = 0;

  // start makes an initiator's first step.
  Step start();

 private:
  Step call_mechanism(std::optional<ByteView> input);
  Step carry_out(const Row& row, gss::CallOutcome outcome, Failure failure);
  Step gave_up(Event event, std::string reason);
  Observation observe(Event event) const noexcept;

  const Role role_;
  Phase phase_;
  const Flags required_;
  const Limits limits_;
  gss::Context context_;
  unsigned num_legs_ = 0;
  bool is_first_call_ = true;
};

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_NEGOTIATION_H_
