// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_ACCEPTOR_H_
#define GSSLOOP_LOOP_ACCEPTOR_H_

#include "gssloop/loop/negotiation.h"

namespace gssloop::loop {

// Acceptor is the side that answers (loop section 2.5). It awaits the first token from the start:
// the state before the first call counts as CONTINUE_NEEDED (section 2). Its input never changes.
class Acceptor final : public Negotiation {
 public:
  // `required` are the required flags: without one of them the loop destroys the context (section
  // 3).
  Acceptor(gss::AcceptorInput input, Flags required, Limits limits = {})
      : Negotiation(Role::kAcceptor, Phase::kAwaiting, required, limits),
        input_(std::move(input)) {}

 private:
  gss::CallOutcome call(gss::Context* context, std::optional<ByteView> token) override {
    return gss::accept_sec_context(context, input_, token.value_or(ByteView()));
  }
  bool keeps_anonymity(Flags) const noexcept override { return true; }
  std::optional<std::string> pac_keytab() const override { return input_.pac_keytab(); }
  const char* call_name() const noexcept override { return "gss_accept_sec_context"; }

  const gss::AcceptorInput input_;
};

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_ACCEPTOR_H_
