// SPDX-License-Identifier: BSD-2-Clause
#include "tests/live/pac_login.h"

#include <gtest/gtest.h>

#include <utility>

#include "gssloop/gss/names.h"
#include "gssloop/loop/initiator.h"

namespace gssloop::testing {

std::optional<loop::EstablishedContext> accept_login(const std::string& target,
                                                     gss::AcceptorInput accepted) {
  gss::InitiatorInput input;
  input.target = *gss::import_name(target, gss::NameForm::kHostbasedService);
  input.mech = gss::Oid::krb5();
  loop::Initiator initiator(std::move(input), {});
  const loop::Step first = initiator.start();
  loop::Acceptor acceptor(std::move(accepted), {});
  loop::Step step = acceptor.on_token(first.token_to_send().value_or(ByteView()));
  EXPECT_TRUE(step.is_established()) << first.failure().text() << step.failure().text();
  if (!step.is_established()) return std::nullopt;
  return step.take_context();
}

}  // namespace gssloop::testing
