// SPDX-License-Identifier: BSD-2-Clause
//
// What other servers were seen to let in, sent to ours: each first message carries a genuine token,
// bound to the very header that it travels behind, so that nothing but the header is wrong.

#include <gtest/gtest.h>

#include "gssloop/gss/initial_token.h"
#include "gssloop/gss/oid.h"
#include "tests/interop/login.h"
#include "tests/interop/matrix.h"
#include "tests/kdc/forge.h"
#include "tests/support/attack_count.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

constexpr char kMechanism[] = "GS2-KRB5";

std::string first_message(std::string header, OM_uint32 flags = GSS_C_MUTUAL_FLAG) {
  Lab::get();  // the ticket
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {header.size(), header.data()};
  const std::string token = initial_token("imap@localhost", flags, &bindings);
  const auto inner = gss::strip_initial_header(as_bytes(token), gss::Oid::krb5());
  if (!inner) throw RealmError("the initial token does not have the form of RFC 2743");
  return header + to_string(*inner);
}

Verdict attack(const std::string& message, const std::string& what, Peer peer = Peer::kOurs) {
  count_attack();
  Lab::Server server = Lab::get().start_server({peer, {"--allow-any-authzid"}}, 1);
  const Verdict verdict = send_raw(server.port, kMechanism, message);
  server.process->wait(Child::Clock::now() + std::chrono::seconds(30));
  add_to_matrix({"hand-made", name_of(peer), kMechanism, what,
                 verdict.is_let_in ? "let in" : (verdict.is_refused ? "refused" : "no verdict")});
  return verdict;
}

class Attack : public ::testing::Test {
 protected:
  explicit Attack(Peer peer = Peer::kOurs) : peer_(peer) {}
  void SetUp() override {
    const std::string reason = Lab::missing(peer_);
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

 private:
  const Peer peer_;
};

class AttackOnCyrus : public Attack {
 protected:
  AttackOnCyrus() : Attack(Peer::kStock) {}
};

// The attacks below differ from this one only in the header.
TEST_F(Attack, GenuineMessageIsLetIn) {
  SPEC("G3 G11");
  EXPECT_TRUE(attack(first_message("n,,"), "header n,,").is_let_in);
}

TEST_F(Attack, GenuineMessageWithAuthzidIsLetIn) {
  SPEC("G3 G5");
  EXPECT_TRUE(attack(first_message("n,a=admin,"), "header n,a=admin,").is_let_in);
}

TEST_F(Attack, UnknownFlagIsRefused) {
  SPEC("G4");
  EXPECT_TRUE(attack(first_message("x,,"), "header x,,").is_refused);
}

TEST_F(Attack, AuthzidWithNulIsRefused) {
  SPEC("G5");
  EXPECT_TRUE(attack(first_message("n,a=admin\0junk,"s), "header n,a=admin\\0junk,").is_refused);
}

TEST_F(Attack, ContextWithoutMutualAuthenticationIsRefused) {
  SPEC("G11");
  EXPECT_TRUE(attack(first_message("n,,", 0), "no mutual authentication").is_refused);
}

TEST_F(Attack, HeaderThatTheTokenDoesNotCoverIsRefused) {
  SPEC("G9 G10");
  const std::string genuine = first_message("n,,");
  EXPECT_TRUE(attack("n,a=admin," + genuine.substr(3), "token of n,, after n,a=admin,").is_refused);
}

// Why our client asks for a flag that GS2 has no use for (RFC 5801 section 8 says SHOULD NOT):
// Cyrus SASL's server refuses a client that does not.
TEST_F(AttackOnCyrus, DemandsTheSequenceFlag) {
  const auto is_let_in = [](OM_uint32 flags, const char* what) {
    return attack(first_message("n,,", flags), what, Peer::kStock).is_let_in;
  };
  EXPECT_FALSE(is_let_in(GSS_C_MUTUAL_FLAG, "flags MUTUAL"));
  EXPECT_TRUE(is_let_in(GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG, "flags MUTUAL, SEQUENCE"));
}

// A token without any bindings, which Kerberos accepts with any binding of the server.
TEST_F(Attack, HeaderBeforeAnUnboundTokenIsRefused) {
  SPEC("G10");
  const char* const kHeaders[] = {"n,a=admin,", "p=tls-unique,a=admin,"};
  for (const char* header : kHeaders) {
    const Outcome outcome =
        Lab::get().log_in({Peer::kOurs, {"--allow-any-authzid", "--cbinding", "tls-unique=data"}},
                          {Peer::kForger, {header}});
    const bool is_refused = outcome.client_status == 0 && outcome.server_status == 1;
    EXPECT_TRUE(is_refused) << header << "\n" << outcome.text();
    EXPECT_EQ(outcome.authid(), "") << outcome.text();
    add_to_matrix({name_of(Peer::kForger), name_of(Peer::kOurs), kMechanism,
                   "unbound token after "s + header, is_refused ? "refused" : "LET IN"});
  }
}

}  // namespace
}  // namespace gssloop::testing
