// SPDX-License-Identifier: BSD-2-Clause
// GSS-SPNEGO: the flags alone decide on the layer, and in HTTP there is none.
#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

class SpnegoTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }
};

constexpr OM_uint32 kMutual = GSS_C_MUTUAL_FLAG, kInteg = GSS_C_INTEG_FLAG, kConf = GSS_C_CONF_FLAG,
                    kSequence = GSS_C_SEQUENCE_FLAG;
const Strength kAny, kNone{.max_ssf = 0}, kSome{.min_ssf = 1}, kWeak{.max_ssf = 1};
const struct {
  OM_uint32 flags;
  Strength server;
  int code;
  unsigned ssf;
  const char* why = "";
} kByFlags[] = {
    {kMutual | kInteg | kConf | kSequence, kAny, SASL_OK, 256},
    {kMutual | kInteg | kSequence, kAny, SASL_OK, 1},
    {kMutual | kSequence, kAny, SASL_OK, 0},
    {kMutual, kAny, SASL_OK, 0},
    {0, kAny, SASL_OK, 0},
    {kInteg | kSequence, kAny, SASL_OK, 1},
    // Protection without order is none, and the peer would go on as if there were a layer.
    {kMutual | kInteg, kAny, SASL_TOOWEAK, 0, "sequence"},
    {kMutual | kInteg | kConf | GSS_C_REPLAY_FLAG, kAny, SASL_TOOWEAK, 0, "sequence"},
    {kMutual | kInteg | kConf | kSequence, kNone, SASL_TOOWEAK, 0, "max_ssf 0"},
    {kMutual | kInteg | kSequence, kNone, SASL_TOOWEAK, 0, "max_ssf 0"},
    {kMutual | kInteg | kConf | kSequence, kWeak, SASL_TOOWEAK, 0, "max_ssf 1"},
    {kMutual | kInteg | kSequence, kWeak, SASL_OK, 1},
    {kMutual | kInteg | kSequence, kSome, SASL_OK, 1},
    {kMutual, kSome, SASL_TOOWEAK, 0, "min_ssf 1"},
    {kMutual, kNone, SASL_OK, 0},
};

// Clients of all kinds, and a server that takes any layer, none, or insists on one.
TEST_F(SpnegoTest, TheFlagsDecideOnTheLayer) {
  SPEC("R10 R9");
  for (const auto& row : kByFlags) {
    SaslServer server({.canon_user = [](CanonCall*) { return SASL_OK; }, .strength = row.server});
    RawContext client;
    const Turn turn = server.start(
        kSpnego,
        client.begin({.flags = row.flags, .mech = spnego_oid(), .only_as_requested = true}));
    const std::string what = "row " + std::to_string(&row - kByFlags) + "\n" + server.log().text();
    ASSERT_EQ(turn.code, row.code) << what;
    EXPECT_EQ(server.was_silent(), row.code != SASL_OK) << what;
    if (row.code == SASL_OK) {
      EXPECT_EQ(server.ssf(), row.ssf) << what;
    } else {
      EXPECT_TRUE(server.log().has(row.why, SASL_LOG_ERR)) << what;
    }
  }
}

// A client that wants no layer must not be taken for one that has it: the default credential of
// MIT Kerberos would ask for integrity and confidentiality unasked.
TEST_F(SpnegoTest, NoLayerIsNotAskedForUnasked) {
  SPEC("R10");
  for (const unsigned max_ssf : {0U, 1U}) {
    for (const bool is_given : {false, true}) {
      const gss::Credential own = default_credential();
      const void* credential = is_given ? own.get() : nullptr;
      SaslClient client({.credential = credential, .strength = {.max_ssf = max_ssf}});
      RawContext server;
      const Turn turn = client.start(kSpnego);
      ASSERT_EQ(client.step(server.accept(turn.out.value())).code, SASL_OK) << client.error();
      EXPECT_EQ(client.ssf(), max_ssf);
      EXPECT_EQ((server.flags() & GSS_C_INTEG_FLAG) != 0, max_ssf > 0);
      EXPECT_EQ(server.flags() & GSS_C_CONF_FLAG, 0U);
      // The application's own credential is as it was.
      SaslClient next({.credential = credential});
      SaslServer other;
      ASSERT_TRUE(log_in(&next, &other, kSpnego).ok()) << next.error();
      EXPECT_EQ(other.ssf(), 256U);
    }
  }
}

// RFC 4559: HTTP has TLS for that, and a login there never makes a layer.
TEST_F(SpnegoTest, HttpHasNoLayer) {
  SPEC("R10");
  for (const unsigned max_ssf : {0U, 1U, 256U}) {
    for (const bool is_challenged : {false, true}) {
      SaslClient client({.service = "imap", .strength = {.max_ssf = max_ssf}, .is_http = true});
      SaslServer server({.service = "imap", .strength = {.max_ssf = max_ssf}, .is_http = true});
      EXPECT_EQ(server.offered(), " GSS-SPNEGO ");
      Turn turn;
      if (is_challenged) {
        const Turn challenge = server.start(kSpnego, std::nullopt);
        ASSERT_EQ(challenge.code, SASL_CONTINUE);
        EXPECT_EQ(challenge.out, "");
        turn = server.step(client.start(kSpnego).out.value());
      } else {
        turn = server.start(kSpnego, client.start(kSpnego).out.value());
      }
      ASSERT_EQ(turn.code, SASL_OK) << server.log().text();
      ASSERT_EQ(client.step(turn.out).code, SASL_OK) << client.error();
      EXPECT_EQ(client.ssf(), 0U);
      EXPECT_EQ(server.ssf(), 0U);
      EXPECT_EQ(server.authid(), "alice");
      // What is written goes out as it is.
      EXPECT_EQ(server.encode("HTTP/1.1 200 OK").out, "HTTP/1.1 200 OK");
      EXPECT_EQ(client.decode("HTTP/1.1 200 OK").out, "HTTP/1.1 200 OK");
    }
  }
}

// Only a layer outside could meet a minimum there.
TEST_F(SpnegoTest, HttpHoldsToTheMinimum) {
  SPEC("R10 R9");
  for (const unsigned external : {0U, 256U}) {
    SaslClient client({.strength = {.external_ssf = external}, .is_http = true});
    SaslServer server({.strength = {.min_ssf = 56, .external_ssf = external}, .is_http = true});
    const Login login = log_in(&client, &server, kSpnego);
    EXPECT_EQ(login.server.code, external > 0 ? SASL_OK : SASL_TOOWEAK) << server.log().text();
    EXPECT_EQ(server.proxy_calls().empty(), external == 0);
  }
}

TEST_F(SpnegoTest, OtherMechanismsAreNotForHttp) {
  SPEC("R10");
  for (const char* mechanism : {kGssapi, kGs2}) {
    SaslServer server({.is_http = true});
    EXPECT_FALSE(server.offers(mechanism));
    SaslClient client({.is_http = true});
    EXPECT_LT(client.start(mechanism).code, SASL_OK) << mechanism;
  }
}

TEST_F(SpnegoTest, WhatIsNoToken) {
  SPEC("R10");
  for (const std::string& token : {std::string("garbage"), std::string("\x60\x00", 2),
                                   std::string(40, '\xa1'), std::string("NTLMSSP\0\1\0\0\0", 12)}) {
    SaslServer server({.canon_user = [](CanonCall*) { return SASL_OK; }});
    Turn turn = server.start(kSpnego, token);
    for (int i = 0; i < 3 && turn.code == SASL_CONTINUE; ++i) turn = server.step("");
    EXPECT_LT(turn.code, SASL_OK) << printable(as_bytes(token));
    EXPECT_TRUE(server.was_silent());
  }
}

// Runs a hand-made client with the server to the end.
int run_to_the_end(SaslServer* server, RawContext* client, gss_OID mech) {
  Turn turn = server->start(kSpnego, client->begin({.mech = mech}));
  for (int i = 0; i < 8 && turn.code == SASL_CONTINUE; ++i) {
    turn = server->step(client->is_complete() ? "" : client->step(turn.out.value_or("")));
  }
  return turn.code;
}

// Tokens of other mechanisms, which an application's credential may accept: the same rules hold for
// them, even if a mechanism calls its context complete (MIT's IAKERB does without having one).
TEST_F(SpnegoTest, TokensOfOtherMechanisms) {
  SPEC("R10 L45");
  OM_uint32 minor = 0;
  gss::Credential all;
  ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
                             GSS_C_ACCEPT, all.out(), nullptr, nullptr),
            0U);
  for (gss_OID mech : {const_cast<gss_OID>(gss_mech_krb5), iakerb_oid(), spnego_oid()}) {
    for (const bool accepts_all : {false, true}) {
      for (const bool is_strict : {false, true}) {
        SaslServer server({.binding = ChannelBinding{"tls-unique", "data", is_strict},
                           .credential = accepts_all ? all.get() : nullptr,
                           .canon_user = [](CanonCall*) { return SASL_OK; }});
        RawContext client;
        const bool is_in = run_to_the_end(&server, &client, mech) == SASL_OK;
        EXPECT_EQ(server.authid(), is_in ? "alice" : "");
        EXPECT_EQ(server.was_silent(), !is_in);
        EXPECT_FALSE(is_in && is_strict) << "nothing was bound";
        EXPECT_FALSE(is_in && mech == iakerb_oid());
        EXPECT_TRUE(is_in || is_strict || mech != spnego_oid()) << server.log().text();
        if (is_in) {
          EXPECT_EQ(server.ssf(), 256U);
        }
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
