// SPDX-License-Identifier: BSD-2-Clause
// Security layers: which one two sides agree on, and what goes through it.

#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

using LayerTest = LiveTest;

constexpr const char* kWithLayers[] = {"GSSAPI", "GSS-SPNEGO"};

// Sends a message both ways, in one packet.
void expect_data_passes(SaslSide* a, SaslSide* b) {
  for (const std::string message : {"x", "A0001 SELECT INBOX\r\n"}) {
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      const Turn packet = from->encode(message);
      ASSERT_EQ(packet.code, SASL_OK) << from->error();
      const Turn received = to->decode(*packet.out);
      ASSERT_EQ(received.code, SASL_OK) << to->error();
      EXPECT_EQ(received.out, message);
    }
  }
}

TEST_F(LayerTest, EachLayerIsAgreedOnAndCarriesData) {
  SPEC("R2 R3 R9 R10");
  for (const char* mechanism : kWithLayers) {
    for (const unsigned max_ssf : {0U, 1U, 256U}) {
      SaslClient client({.strength = {.max_ssf = max_ssf}});
      SaslServer server;
      const Login login = log_in(&client, &server, mechanism);
      ASSERT_TRUE(login.ok()) << mechanism << max_ssf << client.error() << server.log().text();
      EXPECT_EQ(client.ssf(), max_ssf);
      EXPECT_EQ(server.ssf(), max_ssf);
      EXPECT_EQ(server.authid(), "alice");
      EXPECT_EQ(server.authzid(), "alice");
      expect_data_passes(&client, &server);
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
