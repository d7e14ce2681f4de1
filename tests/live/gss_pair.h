// SPDX-License-Identifier: BSD-2-Clause

// What the tests of the library over real Kerberos share: two sides, each with its context.

#ifndef GSSLOOP_TESTS_LIVE_GSS_PAIR_H_
#define GSSLOOP_TESTS_LIVE_GSS_PAIR_H_

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "gssloop/gss/names.h"
#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/initiator.h"
#include "tests/kdc/realm.h"
#include "tests/support/spec.h"

namespace gssloop::testing {

inline gss::Oid spnego() { return *gss::Oid::from_dotted("1.3.6.1.5.5.2"); }

// Two contexts that belong together.
struct GssPair {
  std::optional<loop::EstablishedContext> initiator;
  std::optional<loop::EstablishedContext> acceptor;
  std::string failure;  // of the side that failed first

  bool ok() const { return initiator && acceptor; }
  loop::EstablishedContext& from(loop::Role role) {
    return role == loop::Role::kInitiator ? *initiator : *acceptor;
  }
  loop::EstablishedContext& to(loop::Role role) {
    return role == loop::Role::kInitiator ? *acceptor : *initiator;
  }
};

// establish logs in to imap@localhost with the process' default keytab.
inline GssPair establish(const gss::Oid& mech, Flags request,
                         gss_cred_id_t credential = GSS_C_NO_CREDENTIAL) {
  auto target = gss::import_name("imap@localhost", gss::NameForm::kHostbasedService);
  EXPECT_TRUE(target);
  gss::InitiatorInput input;
  input.credential = credential;
  if (target) input.target = *std::move(target);
  input.mech = mech;
  input.request = request;
  loop::Initiator initiator(std::move(input), {});
  loop::Acceptor acceptor({}, {});
  GssPair pair;
  Bytes token;
  const auto goes_on = [&](loop::Step step, std::optional<loop::EstablishedContext>* context) {
    token = to_bytes(step.token_to_send().value_or(ByteView()));
    if (step.is_established()) *context = step.take_context();
    if (step.is_failed()) pair.failure = step.failure().text();
    return pair.failure.empty() && step.row().has(loop::Action::kSendToken);
  };
  bool has_token = goes_on(initiator.start(), &pair.initiator);
  while (has_token) {
    has_token = goes_on(acceptor.on_token(token), &pair.acceptor) &&
                goes_on(initiator.on_token(token), &pair.initiator);
  }
  return pair;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_GSS_PAIR_H_
