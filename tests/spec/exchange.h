// SPDX-License-Identifier: BSD-2-Clause

// What the tests of the loop share: a fixture that demands after every test that nothing is left
// over, one side of a negotiation with a made-up peer, and two sides with each other.

#ifndef GSSLOOP_TESTS_SPEC_EXCHANGE_H_
#define GSSLOOP_TESTS_SPEC_EXCHANGE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"
#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/initiator.h"
#include "tests/mech/loader.h"
#include "tests/support/spec.h"

namespace gssloop::testing {

using loop::Action;
using loop::Fault;
using loop::Phase;
using loop::Role;
using loop::Step;

inline constexpr Role kRoles[] = {Role::kInitiator, Role::kAcceptor};
inline constexpr const char* kService = "imap@host.example.com";

inline gss::Oid scripted_mech() { return gss::Oid(oid(Mech::kScripted)); }

inline gss::Name service_name() {
  auto name = gss::import_name(kService, gss::NameForm::kHostbasedService);
  EXPECT_TRUE(name);
  return *std::move(name);
}

inline gss::InitiatorInput asks_for(Flags request) {
  gss::InitiatorInput input;
  input.target = service_name();
  input.mech = scripted_mech();
  input.request = request;
  return input;
}

inline std::vector<Action> actions_of(const Step& step) {
  return {step.row().actions.begin(), step.row().actions.end()};
}

inline std::string token_of(const Step& step) {
  return to_string(step.token_to_send().value_or(ByteView()));
}

inline bool sends(const Step& step) {
  return step.row().has(Action::kSendToken) || step.row().has(Action::kSendErrorToken);
}

// What one side asks for and needs.
struct Terms {
  Flags request = Flag::kMutual;  // of an initiator
  Flags required = {};
  loop::Limits limits = {};
};

// One side under test. Its peer exists in the tokens alone that next() makes up, so any leg can
// return anything.
class LoneSide {
 public:
  LoneSide(Role role, Terms terms = {}) : role_(role) {
    if (role == Role::kInitiator) {
      auto made =
          std::make_unique<loop::Initiator>(asks_for(terms.request), terms.required, terms.limits);
      initiator_ = made.get();
      side_ = std::move(made);
    } else {
      side_ = std::make_unique<loop::Acceptor>(gss::AcceptorInput{}, terms.required, terms.limits);
    }
  }

  // next makes the next call of the mechanism: "p1" arrives, then "p2", and so on; an initiator's
  // first call has no token.
  Step next() {
    if (initiator_ != nullptr && num_calls_ == 0) {
      ++num_calls_;
      return initiator_->start();
    }
    const std::string payload = "p" + std::to_string(++num_calls_);
    return arrive(role_ == Role::kAcceptor && num_calls_ == 1
                      ? framed(oid(Mech::kScripted), payload)
                      : payload);
  }

  Step arrive(std::string_view token) { return side_->on_token(as_bytes(token)); }

  loop::Negotiation& side() { return *side_; }
  loop::Initiator& initiator() { return *initiator_; }

 private:
  Role role_;
  std::unique_ptr<loop::Negotiation> side_;
  loop::Initiator* initiator_ = nullptr;
  int num_calls_ = 0;
};

// with_legs is a script that plays `legs` to the role under test.
inline Script with_legs(Role role, std::vector<Leg> legs) {
  Script script;
  (role == Role::kInitiator ? script.initiator : script.acceptor) = std::move(legs);
  return script;
}

// legs_before are `num` uneventful legs and then `last`.
inline std::vector<Leg> legs_before(int num, Leg last) {
  std::vector<Leg> legs;
  for (int i = 1; i <= num; ++i) legs.push_back(go_on("t" + std::to_string(i)));
  // So that a token means the same on every leg; the framing is a matter of other tests.
  last.raw = true;
  legs.push_back(std::move(last));
  return legs;
}

inline std::size_t num_calls(Role role) {
  const Record record = scripted().record();
  return role == Role::kInitiator ? record.inits.size() : record.accepts.size();
}

// Two sides that talk to each other, and how that ended.
struct Talk {
  std::optional<loop::EstablishedContext> initiator;
  std::optional<loop::EstablishedContext> acceptor;
  std::vector<std::string> from_initiator;
  std::vector<std::string> from_acceptor;
  std::optional<loop::Failure> failure;  // the first one
};

// Takes what `step` gives; false when there is nothing for the peer.
inline bool take_step(Step step, std::vector<std::string>* sent,
                      std::optional<loop::EstablishedContext>* context,
                      std::optional<loop::Failure>* failure) {
  if (sends(step)) sent->push_back(token_of(step));
  if (step.is_established()) *context = step.take_context();
  if (step.is_failed() && !*failure) *failure = step.failure();
  return sends(step);
}

inline Talk talk(loop::Initiator& initiator, loop::Acceptor& acceptor) {
  Talk result;
  bool goes_on =
      take_step(initiator.start(), &result.from_initiator, &result.initiator, &result.failure);
  while (goes_on) {
    goes_on = take_step(acceptor.on_token(as_bytes(result.from_initiator.back())),
                        &result.from_acceptor, &result.acceptor, &result.failure);
    if (!goes_on) break;
    goes_on = take_step(initiator.on_token(as_bytes(result.from_acceptor.back())),
                        &result.from_initiator, &result.initiator, &result.failure);
  }
  return result;
}

inline Talk talk(Flags request = Flag::kMutual) {
  loop::Initiator initiator(asks_for(request), {});
  loop::Acceptor acceptor({}, {});
  return talk(initiator, acceptor);
}

// establish plays `script` between two sides; both contexts are there, or the test has failed.
inline Talk establish(Script script = {}, Flags request = Flag::kMutual) {
  scripted().play(std::move(script));
  Talk result = talk(request);
  EXPECT_TRUE(result.initiator && result.acceptor);
  EXPECT_FALSE(result.failure);
  return result;
}

// L41: in each test, every context, name and credential is given back, by a handle that was
// alive, and (L38) no context with a deletion token.
class LoopSpec : public ::testing::Test {
 protected:
  void SetUp() override { scripted().reset(); }
  void TearDown() override {
    EXPECT_EQ(scripted().live(), Live{});
    const Record record = scripted().record();
    EXPECT_EQ(record.stale_handles, 0U);
    EXPECT_EQ(record.bad_cursors, 0U);
    EXPECT_EQ(record.overruns, 0U);
    for (const DeleteCall& call : record.deletes) EXPECT_FALSE(call.had_buffer);
  }
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SPEC_EXCHANGE_H_
