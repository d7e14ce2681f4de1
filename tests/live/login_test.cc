// SPDX-License-Identifier: BSD-2-Clause
// Logins that succeed, with and without channel binding, and what both sides know afterwards.
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

class LoginTest : public LiveTest {};

TEST_F(LoginTest, PlainLogin) {
  SPEC("G3 G6 G7");
  SaslClient client;
  SaslServer server;
  const Login login = log_in(&client, &server, kGs2);
  ASSERT_TRUE(login.ok()) << client.error() << "\n" << server.log().text();
  EXPECT_EQ(server.authid(), "alice");
  EXPECT_EQ(server.authzid(), "alice");
  EXPECT_EQ(login.messages.at(0).octets->substr(0, 3), "n,,");
}

}  // namespace
}  // namespace gssloop::testing
