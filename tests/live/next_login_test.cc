// SPDX-License-Identifier: BSD-2-Clause
// What a refused login leaves to the next one on its connection, which may be of another mechanism.
#include <cstdlib>
#include <filesystem>

#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;

using namespace std::string_literals;

// libsasl's own PLAIN, beside the module of the build tree. libsasl reads the path of its modules
// once in a process.
class NextLoginTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped() || is_inside()) return;
    const char* const stock = std::getenv("GSSLOOP_STOCK_PLUGIN_DIR");
    plain_ = fs::path(stock != nullptr ? stock : "") / "libplain.so";
    if (!fs::exists(plain_)) GTEST_SKIP() << "libsasl's module of PLAIN is not installed";
  }

  // Runs the current test in a process that has both modules.
  void run_with_plain() {
    const fs::path ours = std::getenv("GSSLOOP_PLUGIN_DIR");
    const fs::path both = realm().path("both");
    fs::create_directories(both);
    for (const fs::path& module : {plain_, ours / "libgssloop_sasl.so"}) {
      if (!fs::exists(both / module.filename())) {
        fs::create_symlink(module, both / module.filename());
      }
    }
    setenv("GSSLOOP_PLUGIN_DIR", both.c_str(), 1);
    run_inside();
    setenv("GSSLOOP_PLUGIN_DIR", ours.c_str(), 1);
  }

 private:
  fs::path plain_;
};

int check_password(sasl_conn_t*, void*, const char* user, const char* password, unsigned len,
                   propctx*) {
  return user == "dave"s && std::string(password, len) == "word" ? SASL_OK : SASL_BADAUTH;
}

// The policy lets in dave alone.
ServerSetup server_for_dave(bool is_critical) {
  ServerSetup setup;
  setup.binding = ChannelBinding{"tls-unique", "channel", is_critical};
  setup.needs_proxy = true;
  setup.proxy_policy = [](const ProxyCall& call) {
    return call.authid == "dave" ? SASL_OK : SASL_NOAUTHZ;
  };
  setup.callbacks = {{SASL_CB_SERVER_USERDB_CHECKPASS, as_callback(&check_password), nullptr}};
  return setup;
}

// The refused login was bound to the channel and mutual; PLAIN is neither.
TEST_F(NextLoginTest, PlainInheritsNothingOfARefusedLogin) {
  SPEC("G8 G10 L41");
  if (!is_inside()) return run_with_plain();
  for (const bool is_critical : {false, true}) {
    SaslServer server(server_for_dave(is_critical));
    // A critical binding takes PLAIN out of the list; a client may try it all the same.
    ASSERT_EQ(server.offers("PLAIN"), !is_critical) << server.offered();
    SaslClient client({.binding = ChannelBinding{"tls-unique", "channel", is_critical},
                       .security_flags = SASL_SEC_PASS_CREDENTIALS});
    const Login refused = log_in(&client, &server, kGs2Plus);
    ASSERT_EQ(refused.server.code, SASL_NOAUTHZ) << server.log().text();
    EXPECT_EQ(server.pointer(SASL_GSS_PEER_NAME), nullptr);
    EXPECT_EQ(server.pointer(SASL_GSS_LOCAL_NAME), nullptr);

    const Turn turn = server.start("PLAIN", "\0dave\0word"s);
    EXPECT_EQ(turn.code, is_critical ? SASL_BADBINDING : SASL_OK) << server.error();
    EXPECT_EQ(server.pointer(SASL_GSS_PEER_NAME), nullptr);
    EXPECT_EQ(server.pointer(SASL_DELEGATEDCREDS), nullptr);
    if (!is_critical) {
      EXPECT_EQ(server.authid(), "dave");
    }
  }
}

// The policy's refusal does not keep a good login from following.
TEST_F(NextLoginTest, TheSameMechanismMayFollow) {
  SPEC("L41 G8");
  if (!is_inside()) return run_with_plain();
  disable_replay_cache();
  int num_calls = 0;
  ServerSetup setup = server_for_dave(true);
  setup.proxy_policy = [&](const ProxyCall&) { return num_calls++ == 0 ? SASL_NOAUTHZ : SASL_OK; };
  SaslServer server(setup);
  for (const int code : {SASL_NOAUTHZ, SASL_OK}) {
    SaslClient client({.binding = setup.binding});
    EXPECT_EQ(log_in(&client, &server, kGs2Plus).server.code, code) << server.error();
  }
  EXPECT_EQ(server.authid(), "alice");
}

}  // namespace
}  // namespace gssloop::testing
