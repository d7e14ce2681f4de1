// SPDX-License-Identifier: BSD-2-Clause
// The application's channel binding in GSSAPI and GSS-SPNEGO, which have no header for it.
#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

const ChannelBinding kData{"tls-unique", "the channel", false};
const ChannelBinding kCritical{"tls-unique", "the channel", true};
const ChannelBinding kOther{"tls-unique", "another channel", false};
const ChannelBinding kOtherName{"tls-exporter", "the channel", false};
using MaybeBinding = std::optional<ChannelBinding>;

class ApplicationBindingTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }

  static ServerSetup watched(const MaybeBinding& binding, const char* option = nullptr) {
    ServerSetup setup;
    setup.canon_user = [](CanonCall*) { return SASL_OK; };
    setup.proxy_policy = [](const ProxyCall&) { return SASL_OK; };
    setup.binding = binding;
    if (option != nullptr) setup.options["gssloop_channel_binding"] = option;
    return setup;
  }
};

const struct {
  MaybeBinding client, server;
  const char* client_option;  // gssloop_channel_binding
  const char* server_option;
  int code;              // the server's last; SASL_CONTINUE: the client never starts
  const char* why = "";  // in the server's log, or the client's error
} kBothSides[] = {
    {{}, {}, nullptr, nullptr, SASL_OK},
    {kData, kData, nullptr, nullptr, SASL_OK},
    {kCritical, kCritical, nullptr, nullptr, SASL_OK},
    {kData, kCritical, nullptr, nullptr, SASL_OK},
    // Only the octets are bound: RFC 4752 has no place for the name.
    {kOtherName, kCritical, nullptr, nullptr, SASL_OK},
    {kOther, kData, nullptr, nullptr, SASL_BADBINDING, "different channels"},
    {kOther, kCritical, nullptr, nullptr, SASL_BADBINDING, "different channels"},
    // A client without a binding is not bound; a server that insists refuses it.
    {{}, kData, nullptr, nullptr, SASL_OK},
    {{}, kCritical, nullptr, nullptr, SASL_BADBINDING, "the client did not use it"},
    // Kerberos' acceptor passes over bindings where it is given none.
    {kData, {}, nullptr, nullptr, SASL_OK},
    // The option turns it off, on either side.
    {kOther, kData, "no", nullptr, SASL_OK},
    // A server that listed -PLUS when the module was loaded cannot go back on it.
    {kData, kData, nullptr, "no", SASL_BADBINDING, "was set to no after"},
    {kOther, kData, "no", "no", SASL_BADBINDING, "was set to no after"},
    {{}, {}, nullptr, "no", SASL_OK},
    {kOther, kData, "yes", "yes", SASL_BADBINDING, "different channels"},
    {kData, kCritical, "no", nullptr, SASL_BADBINDING, "the client did not use it"},
    // And not where the application insists.
    {kData, kCritical, nullptr, "no", SASL_BADBINDING, "gssloop_channel_binding was set to no"},
    {kCritical, kData, "no", nullptr, SASL_CONTINUE, "gssloop_channel_binding is set to no"},
};

TEST_F(ApplicationBindingTest, BothSides) {
  SPEC("R2");
  for (const auto& row : kBothSides) {
    for (const char* mechanism : kWithLayers) {
      SCOPED_TRACE(::testing::Message() << mechanism << " row " << &row - kBothSides);
      ClientSetup setup{.binding = row.client};
      if (row.client_option != nullptr) {
        setup.options["gssloop_channel_binding"] = row.client_option;
      }
      SaslClient client(setup);
      SaslServer server(watched(row.server, row.server_option));
      const bool is_plus = row.client && row.client->is_critical;
      const Login login =
          log_in(&client, &server, std::string(mechanism) + (is_plus ? "-PLUS" : ""));
      const Turn last = login.server.code == SASL_CONTINUE && !login.messages.empty()
                            ? server.step("")
                            : login.server;
      EXPECT_EQ(last.code, row.code) << client.error() << "\n" << server.log().text();
      EXPECT_EQ(login.ok(), row.code == SASL_OK);
      EXPECT_EQ(server.was_silent(), row.code != SASL_OK) << "before any callback";
      if (row.code == SASL_OK) continue;
      EXPECT_TRUE(server.log().has(row.why, SASL_LOG_ERR) ||
                  client.error().find(row.why) != std::string::npos)
          << client.error() << "\n"
          << server.log().text();
    }
  }
}

// Where the option is there from the start, no client is promised a bound channel.
TEST_F(ApplicationBindingTest, SwitchedOffForTheWholeProcess) {
  SPEC("R2");
  restart_library({{"gssloop_channel_binding", "no"}}, {{"gssloop_channel_binding", "no"}});
  for (const char* mechanism : kWithLayers) {
    SaslClient client({.binding = kOther});
    SaslServer server(watched(kData));
    EXPECT_FALSE(server.offers(std::string(mechanism) + "-PLUS"));
    EXPECT_TRUE(server.offers("GS2-KRB5-PLUS"));
    EXPECT_TRUE(log_in(&client, &server, mechanism).ok()) << client.error();
    // A client that insists gets another mechanism.
    SaslServer strict(watched(kCritical));
    EXPECT_FALSE(strict.offers(mechanism)) << strict.offered();
  }
}

// What is bound are the application's octets and nothing else, as the stock modules do it.
TEST_F(ApplicationBindingTest, TheBoundOctets) {
  SPEC("R2");
  const std::string header = "p=tls-unique,,";
  for (const char* mechanism : kWithLayers) {
    const bool is_spnego = std::string(mechanism) == kSpnego;
    const struct {
      MaybeBinding server;
      std::optional<std::string> bound;
      bool is_accepted;
    } rows[] = {
        {kCritical, kData.data, true},
        {kData, kData.data, true},
        {kCritical, header + kData.data, false},
        {kData, header + kData.data, false},
        {kCritical, "tls-unique:" + kData.data, false},
        {kCritical, kData.data + std::string(1, '\0'), false},
        {kCritical, "", false},
        {kCritical, {}, false},
        {kData, {}, true},
        {{}, {}, true},
    };
    for (const auto& row : rows) {
      SaslServer server(watched(row.server));
      RawContext client;
      RawContext::Request request{.binding = row.bound};
      if (is_spnego) request.mech = spnego_oid();
      const Turn turn = server.start(mechanism, client.begin(request));
      // MIT gives an error token for bad bindings, so the first turn alone does not tell.
      const bool is_established = !server.log().has("failed", SASL_LOG_ERR);
      EXPECT_EQ(turn.code >= SASL_OK && is_established, row.is_accepted)
          << mechanism << " row " << &row - rows << server.log().text();
      EXPECT_EQ(server.was_silent(), !row.is_accepted || !is_spnego);
    }
  }
}

// In both mechanisms the name goes with -PLUS where a binding is there, and alone where it insists.
TEST_F(ApplicationBindingTest, WhatIsOffered) {
  SPEC("R2");
  const SaslServer none, bound({.binding = kData}), strict({.binding = kCritical});
  for (const std::string mechanism : kWithLayers) {
    EXPECT_TRUE(none.offers(mechanism));
    EXPECT_FALSE(none.offers(mechanism + "-PLUS"));
    EXPECT_TRUE(bound.offers(mechanism));
    EXPECT_TRUE(bound.offers(mechanism + "-PLUS"));
    EXPECT_FALSE(strict.offers(mechanism));
    EXPECT_TRUE(strict.offers(mechanism + "-PLUS"));
  }
}

// A client that is refused for its binding learns nothing of the account, nor does the application.
// An application may set a structure that it did not fill, and libsasl compares the names.
TEST_F(ApplicationBindingTest, WhatIsNoBinding) {
  SPEC("G7 R2");
  const unsigned char octets[] = {1, 2, 3};
  const sasl_channel_binding_t rows[] = {
      {nullptr, 0, sizeof octets, octets},
      {nullptr, 1, sizeof octets, octets},
      {"", 0, sizeof octets, octets},
      {"tls-unique", 0, 3, nullptr},
      {"tls-unique", 0, static_cast<unsigned long>(-1), octets},
  };
  for (const auto& row : rows) {
    for (const char* mechanism : {kGs2, "GS2-KRB5-PLUS", kGssapi, kSpnego}) {
      SaslClient client({.binding = kData});
      SaslServer server(watched(kData));
      ASSERT_EQ(sasl_setprop(server.get(), SASL_CHANNEL_BINDING, &row), SASL_OK);
      const Login login = log_in(&client, &server, mechanism);
      EXPECT_EQ(login.server.code, SASL_FAIL) << mechanism << server.log().text();
      EXPECT_TRUE(server.log().has("(SASL_CHANNEL_BINDING)", SASL_LOG_ERR)) << server.log().text();
      EXPECT_TRUE(server.was_silent());
      SaslClient other;
      ASSERT_EQ(sasl_setprop(other.get(), SASL_CHANNEL_BINDING, &row), SASL_OK);
      EXPECT_LT(other.start(mechanism).code, SASL_OK) << mechanism;
      EXPECT_NE(other.error().find("(SASL_CHANNEL_BINDING)"), std::string::npos) << other.error();
    }
  }
}

TEST_F(ApplicationBindingTest, TheNextLoginIsJudgedAnew) {
  SPEC("R2");
  for (const char* mechanism : kWithLayers) {
    SaslServer server(watched(kCritical));
    SaslClient wrong({.binding = kOther});
    Login login = log_in(&wrong, &server, mechanism);
    if (login.server.code == SASL_CONTINUE) login.server = server.step("");
    EXPECT_EQ(login.server.code, SASL_BADBINDING);
    SaslClient unbound;
    EXPECT_EQ(log_in(&unbound, &server, mechanism).server.code, SASL_BADBINDING);
    EXPECT_TRUE(server.was_silent());
    SaslClient right({.binding = kData});
    EXPECT_TRUE(log_in(&right, &server, mechanism).ok()) << server.log().text();
  }
}

}  // namespace
}  // namespace gssloop::testing
