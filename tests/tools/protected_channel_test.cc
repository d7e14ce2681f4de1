// SPDX-License-Identifier: BSD-2-Clause
//
// tools/trial: protected_channel and self_login, over real Kerberos and a channel in memory.
#include "tools/trial/protected_channel.h"

#include <gtest/gtest.h>

#include "gssloop/gss/names.h"
#include "gssloop/io/channel.h"
#include "tests/kdc/realm.h"
#include "tests/support/memory_transport.h"
#include "tools/trial/self_login.h"

namespace gssloop::tools {
namespace {

using gssloop::testing::Realm;
using gssloop::testing::RealmOptions;

constexpr Flags kFlags = Flag::kMutual | Flag::kConf | Flag::kInteg;
constexpr auto kConf = gss::Protection::kConfidentiality;
constexpr auto kInteg = gss::Protection::kIntegrity;

class ProtectedChannelLive : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!Realm::missing().empty()) return;
    RealmOptions options;
    options.services = {"host/localhost"};
    realm_ = new Realm(options);
    realm_->add_user("alice", "password");
    realm_->kinit("alice", "password");
    realm_->apply_to_this_process();
  }
  static void TearDownTestSuite() { delete realm_; }
  void SetUp() override {
    if (realm_ == nullptr) GTEST_SKIP() << Realm::missing();
    auto login = log_in("host@localhost", Flags(kFlags));
    ASSERT_TRUE(login) << login.error().failure.text();
    login_.emplace(*std::move(login));
    std::tie(near_, far_) = test::memory_pair();
  }

  static Result<SelfLogin, SelfLoginFailure> log_in(const char* service, Flags required) {
    auto target = gss::import_name(service, gss::NameForm::kHostbasedService);
    gss::InitiatorInput input;
    input.target = *std::move(target);
    input.mech = gss::Oid::krb5();
    input.request = kFlags;
    return log_in_to_self(std::move(input), {}, required);
  }

  ProtectedChannel initiator(gss::Protection protection = kConf) {
    return {&login_->initiator, near_.get(), protection, std::chrono::seconds(10)};
  }
  ProtectedChannel acceptor(gss::Protection protection = kConf) {
    return {&login_->acceptor, far_.get(), protection, std::chrono::seconds(10)};
  }
  // Protects and sends octets that ProtectedChannel would not send.
  void send_raw(std::string_view octets) {
    const auto token = login_->initiator.wrap(kConf, as_bytes(octets));
    ASSERT_TRUE(token);
    send_frame(io::FrameKind::kData, token->view());
  }
  void send_frame(io::FrameKind kind, ByteView body) {
    ASSERT_TRUE(io::send_frame(*near_, kind, body, io::kNoDeadline).is_done());
  }

  static Realm* realm_;
  std::optional<SelfLogin> login_;
  std::unique_ptr<io::Transport> near_, far_;
};

Realm* ProtectedChannelLive::realm_ = nullptr;

TEST_F(ProtectedChannelLive, CarriesMessagesBothWays) {
  for (const gss::Protection protection : {kConf, kInteg}) {
    ProtectedChannel left = initiator(protection), right = acceptor(protection);
    for (const std::size_t len : {std::size_t{0}, std::size_t{1}, kMaxContentLen}) {
      const Bytes content(len, 'x');
      EXPECT_FALSE(left.send(MessageKind::kData, content));
      const auto got = right.receive();
      ASSERT_TRUE(got) << got.error().message;
      EXPECT_EQ(got->kind, MessageKind::kData);
      EXPECT_EQ(got->content, content);
    }
    EXPECT_FALSE(right.send(MessageKind::kStored, {}));
    const auto answer = left.receive();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->kind, MessageKind::kStored);
  }
}

TEST_F(ProtectedChannelLive, RefusesWhatIsNotTheNextMessage) {
  using namespace std::string_literals;
  using namespace std::string_view_literals;
  const std::string too_long = "D\0\0\0\0\0\0\0\0"s + std::string(kMaxContentLen + 1, 'x');
  for (const std::string_view octets :
       {""sv, "D"sv, "D\0\0\0\0\0\0\0"sv, "X\0\0\0\0\0\0\0\0"sv, "D\0\0\0\0\0\0\0\1"sv,
        "D\1\0\0\0\0\0\0\0"sv, std::string_view(too_long)}) {
    send_raw(octets);
    EXPECT_FALSE(acceptor().receive());
  }
  send_raw("D\0\0\0\0\0\0\0\0"sv);
  EXPECT_TRUE(acceptor().receive());
}

TEST_F(ProtectedChannelLive, RefusesWhatWasNotEncrypted) {
  EXPECT_FALSE(initiator(kInteg).send(MessageKind::kData, as_bytes("plain")));
  EXPECT_FALSE(acceptor(kConf).receive());
}

TEST_F(ProtectedChannelLive, RefusesEveryFlippedBit) {
  const auto token = login_->initiator.wrap(kConf, as_bytes(std::string(9, '\0')));
  ASSERT_TRUE(token);
  for (std::size_t bit = 0; bit < token->view().size() * 8; ++bit) {
    Bytes changed = to_bytes(token->view());
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << bit % 8));
    send_frame(io::FrameKind::kData, changed);
    EXPECT_FALSE(acceptor().receive()) << bit;
  }
}

TEST_F(ProtectedChannelLive, HearsThatThePeerFailedOrIsGone) {
  initiator().give_up();
  const auto failed = acceptor().receive();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "the peer reported a failure");
  near_.reset();
  const auto gone = acceptor().receive();
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().message.find("closed"), std::string::npos);
  const auto unsent = acceptor().send(MessageKind::kStored, {});
  ASSERT_TRUE(unsent);
  EXPECT_NE(unsent->message.find("closed"), std::string::npos);
}

// loop section 3.2: such a token goes to the mechanism, and changes nothing here. A few are
// allowed.
TEST_F(ProtectedChannelLive, ContextTokensAfterCompletionAreNoData) {
  send_frame(io::FrameKind::kToken, as_bytes("token"));
  EXPECT_FALSE(initiator().send(MessageKind::kEnd, {}));
  const auto message = acceptor().receive();
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->kind, MessageKind::kEnd);
  for (int i = 0; i < 10; ++i) send_frame(io::FrameKind::kToken, as_bytes("token"));
  const auto refused = acceptor().receive();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("instead of data"), std::string::npos);
}

TEST_F(ProtectedChannelLive, GivesUpOnAPeerThatIsSilent) {
  ProtectedChannel channel(&login_->acceptor, far_.get(), kConf, std::chrono::seconds(1));
  const auto nothing = channel.receive();
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("in time"), std::string::npos);
}

TEST_F(ProtectedChannelLive, SelfLoginSaysWhichSideFailed) {
  const auto unknown = log_in("nosuch@localhost", kFlags);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().side, loop::Role::kInitiator);
  EXPECT_EQ(unknown.error().failure.fault, loop::Fault::kLocalCredential);
  const auto undelegated = log_in("host@localhost", Flag::kDeleg);
  ASSERT_FALSE(undelegated);
  EXPECT_EQ(undelegated.error().side, loop::Role::kAcceptor);
  EXPECT_EQ(undelegated.error().failure.fault, loop::Fault::kFlagsMissing);
}

}  // namespace
}  // namespace gssloop::tools
