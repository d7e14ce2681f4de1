// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/self_login.h"

#include <optional>
#include <utility>

#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/initiator.h"

namespace gssloop::tools {
namespace {

using loop::Action;
using loop::Role;
using loop::Step;

// One side and its context, once it is established.
struct Side {
  Role role;
  loop::Negotiation& negotiation;
  std::optional<loop::EstablishedContext> context = std::nullopt;

  // Takes the failure or the context of a step. The caller takes the token.
  std::optional<SelfLoginFailure> perform(Step* step) {
    if (step->is_failed()) return SelfLoginFailure{role, step->failure()};
    if (step->is_established()) context = step->take_context();
    return std::nullopt;
  }
};

}  // namespace

Result<SelfLogin, SelfLoginFailure> log_in_to_self(gss::InitiatorInput initiator_input,
                                                   gss::AcceptorInput acceptor_input,
                                                   Flags required) {
  loop::Initiator initiator(std::move(initiator_input), required);
  loop::Acceptor acceptor(std::move(acceptor_input), required);
  Side sides[] = {{Role::kInitiator, initiator}, {Role::kAcceptor, acceptor}};
  Step step = initiator.start();
  // This ends: the negotiation's limits bound the number of legs.
  for (std::size_t speaker = 0;; speaker = 1 - speaker) {
    if (auto failed = sides[speaker].perform(&step)) return *std::move(failed);
    if (!step.row().has(Action::kSendToken)) break;
    step = sides[1 - speaker].negotiation.on_token(step.token_to_send().value_or(ByteView()));
  }
  for (Side& side : sides) {
    if (side.context) continue;
    Step gave_up = side.negotiation.on_peer_failure("the other side sent no further token");
    return SelfLoginFailure{side.role, gave_up.failure()};
  }
  return SelfLogin{*std::move(sides[0].context), *std::move(sides[1].context)};
}

}  // namespace gssloop::tools
