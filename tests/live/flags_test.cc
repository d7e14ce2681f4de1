// SPDX-License-Identifier: BSD-2-Clause

// Flags of a context with real Kerberos: each one is true. Decisions rest on them
// (docs/architecture.md).

#include "gssloop/base/flags.h"

#include <memory>

#include "tests/live/gss_pair.h"

namespace gssloop::testing {
namespace {

using gss::Protection;
using loop::Role;

class FlagsLive : public ::testing::TestWithParam<bool> {
 protected:
  static void TearDownTestSuite() { realm().reset(); }
  void SetUp() override {
    if (const std::string reason = Realm::missing(); !reason.empty()) GTEST_SKIP() << reason;
    if (!realm()) {
      realm() = std::make_unique<Realm>(RealmOptions{.services = {"imap/localhost"}});
      realm()->add_user("alice", "secret", false);
      realm()->kinit("alice", "secret");
    }
    realm()->apply_to_this_process();
  }
  static gss::Oid mech() { return GetParam() ? spnego() : gss::Oid::krb5(); }

 private:
  static std::unique_ptr<Realm>& realm() {
    static std::unique_ptr<Realm> the_realm;
    return the_realm;
  }
};

// A context with the flag takes no message twice, and none out of order.
TEST_P(FlagsLive, SequenceDetectionIsWhatItsFlagSays) {
  SPEC("R6 R10");
  for (const Flags request :
       {Flags(), Flags(Flag::kReplay), Flags(Flag::kSequence), Flag::kReplay | Flag::kSequence}) {
    for (const Role sender : {Role::kInitiator, Role::kAcceptor}) {
      GssPair pair = establish(mech(), request | Flag::kMutual);
      ASSERT_TRUE(pair.ok()) << pair.failure;
      const Flags flags = pair.to(sender).flags();
      EXPECT_EQ(flags.has(Flag::kSequence), request.has(Flag::kSequence));
      EXPECT_EQ(flags.has(Flag::kReplay), request.has(Flag::kReplay));
      const auto first = pair.from(sender).wrap(Protection::kIntegrity, as_bytes("first"));
      const auto second = pair.from(sender).wrap(Protection::kIntegrity, as_bytes("second"));
      ASSERT_TRUE(first && second);
      const auto taken = [&](const gss::Buffer& token) {
        return static_cast<bool>(pair.to(sender).unwrap(Protection::kIntegrity, token.view()));
      };
      EXPECT_EQ(taken(*second), !flags.has(Flag::kSequence)) << "a message was skipped";
      EXPECT_EQ(taken(*first), !flags.has(Flag::kSequence)) << "an old message";
      const bool detects_replay = flags.has(Flag::kSequence) || flags.has(Flag::kReplay);
      EXPECT_EQ(taken(*first), !detects_replay) << "a message twice";
    }
  }
}

// An initiator with the flag heard from the acceptor before it used the context.
TEST_P(FlagsLive, MutualAuthenticationIsWhatItsFlagSays) {
  SPEC("G11");
  for (const Flags request : {Flags(), Flags(Flag::kMutual)}) {
    gss::InitiatorInput input;
    input.target = *gss::import_name("imap@localhost", gss::NameForm::kHostbasedService);
    input.mech = mech();
    input.request = request;
    loop::Initiator initiator(std::move(input), {});
    loop::Acceptor acceptor({}, {});
    loop::Step first = initiator.start();
    const bool is_mutual = request.has(Flag::kMutual);
    EXPECT_FALSE(is_mutual && first.is_established());
    loop::Step answer = acceptor.on_token(first.token_to_send().value_or(ByteView()));
    ASSERT_TRUE(answer.is_established()) << answer.failure().text();
    EXPECT_EQ(answer.take_context().flags().has(Flag::kMutual), is_mutual);
    if (!first.is_established()) {
      // SPNEGO answers in any case.
      first = initiator.on_token(answer.token_to_send().value_or(ByteView()));
    }
    ASSERT_TRUE(first.is_established()) << first.failure().text();
    EXPECT_EQ(first.take_context().flags().has(Flag::kMutual), is_mutual);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, FlagsLive, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& row) {
                           return row.param ? "Spnego" : "Krb5";
                         });

}  // namespace
}  // namespace gssloop::testing
