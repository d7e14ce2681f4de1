// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_SELF_LOGIN_H_
#define GSSLOOP_TOOLS_TRIAL_SELF_LOGIN_H_

#include "gssloop/gss/context.h"
#include "gssloop/loop/established_context.h"
#include "gssloop/loop/negotiation.h"
#include "gssloop/loop/step.h"

namespace gssloop::tools {

// SelfLogin holds both ends of a context in one process.
struct SelfLogin {
  loop::EstablishedContext initiator;
  loop::EstablishedContext acceptor;
};

// SelfLoginFailure says which side failed first. The other side failed because of it.
struct SelfLoginFailure {
  loop::Role side;
  loop::Failure failure;
};

// log_in_to_self runs initiator and acceptor against each other in memory. Both require the flags
// `required`. It blocks as long as the mechanism does, which asks a KDC.
Result<SelfLogin, SelfLoginFailure> log_in_to_self(gss::InitiatorInput initiator,
                                                   gss::AcceptorInput acceptor, Flags required);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_SELF_LOGIN_H_
