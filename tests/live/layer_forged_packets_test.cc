// SPDX-License-Identifier: BSD-2-Clause
// One side with libsasl and our module, the other hand-made: what goes over the wire, and packets
// that no module would send.
#include "tests/live/layer_session.h"
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

class ForgedPacketsTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }
};

// Logs a hand-made client in to `server`, or a hand-made server with `client`.
void log_in_raw(const Case& c, SaslServer* server, RawContext* client) {
  if (c.mechanism == kSpnego) {
    const Turn turn = server->start(kSpnego, client->begin({.mech = spnego_oid()}));
    ASSERT_EQ(turn.code, SASL_OK) << server->log().text();
    client->step(turn.out.value());
    return;
  }
  client->unwrap(reach_offer(server, client).out.value());
  const std::string choice = layer_message(c.is_encrypted ? 4 : 2, 65536);
  ASSERT_EQ(server->step(client->wrap(choice)).code, SASL_OK);
}

void log_in_raw(const Case& c, SaslClient* client, RawContext* server) {
  if (c.mechanism == kSpnego) {
    const Turn turn = client->start(kSpnego);
    ASSERT_EQ(client->step(server->accept(turn.out.value())).code, SASL_OK) << client->error();
    return;
  }
  reach_choice(client, server);
  const std::string offer = layer_message(c.is_encrypted ? 4 : 2, 65536);
  const Turn turn = client->step(server->wrap(offer));
  ASSERT_EQ(turn.code, SASL_OK) << client->error();
  server->unwrap(turn.out.value());
}

// One side with libsasl, and packets of a peer that encrypts or does not.
template <class Side>
void expect_encryption_is_checked(const Case& c) {
  for (const bool is_good : {true, false}) {
    Side side;
    RawContext peer;
    log_in_raw(c, &side, &peer);
    if (::testing::Test::HasFatalFailure()) return;
    ASSERT_EQ(side.ssf(), 256U);
    const Turn turn = side.decode(peer.packet("a message", is_good));
    EXPECT_EQ(turn.code, is_good ? SASL_OK : SASL_BADMAC);
    EXPECT_EQ(turn.out.value_or("(refused)"), is_good ? "a message" : "(refused)");
    if (is_good) continue;
    const bool is_said = side.log().has("was not encrypted") ||
                         side.error().find("was not encrypted") != std::string::npos;
    EXPECT_TRUE(is_said) << side.error();
    EXPECT_LT(side.decode(peer.packet("encrypted again", true)).code, SASL_OK);
    EXPECT_LT(side.encode("an answer").code, SASL_OK);
  }
}

TEST_F(ForgedPacketsTest, UnencryptedPacketsUnderConfidentiality) {
  SPEC("R7");
  for (const Case& c : all_cases()) {
    if (!c.is_encrypted) continue;
    SCOPED_TRACE(::testing::Message() << c);
    if (c.is_client_sending) {
      expect_encryption_is_checked<SaslServer>(c);
    } else {
      expect_encryption_is_checked<SaslClient>(c);
    }
  }
}

// What we send is protected as agreed: seen from the other side.
template <class Side>
void expect_encrypts(const Case& c) {
  Side side;
  RawContext peer;
  log_in_raw(c, &side, &peer);
  if (::testing::Test::HasFatalFailure()) return;
  const std::string message = "A message that can be recognised";
  const std::string packet = side.encode(message).out.value();
  EXPECT_EQ(packet.substr(0, 4), framed_packet(packet.substr(4)).substr(0, 4));
  const Opened opened = peer.unwrap(packet.substr(4));
  EXPECT_EQ(opened.message, message);
  EXPECT_EQ(opened.is_encrypted, side.ssf() > 1);
  EXPECT_EQ(packet.find(message) == std::string::npos, side.ssf() > 1);
}

TEST_F(ForgedPacketsTest, WhatIsSentIsProtectedAsAgreed) {
  SPEC("R6 R7");
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(::testing::Message() << c);
    if (c.is_client_sending) {
      expect_encrypts<SaslClient>(c);
    } else {
      expect_encrypts<SaslServer>(c);
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
