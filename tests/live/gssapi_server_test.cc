// SPDX-License-Identifier: BSD-2-Clause
// "GSSAPI" on our server against hand-made clients: its offer of layers to the octet, and every
// choice that a client could answer it with.
#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"
#include "tests/support/attack_count.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

constexpr OM_uint32 kNotMutual = kLayerFlags & ~OM_uint32{GSS_C_MUTUAL_FLAG};

// Clients that ask for these flags, and get no others where MIT would grant some unasked.
RawContext::Request with(OM_uint32 flags) { return {.flags = flags}; }
RawContext::Request plain(OM_uint32 flags) { return {.flags = flags, .only_as_requested = true}; }

class GssapiServerTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }

  static ServerSetup watched(Strength strength = {}, SaslOptions options = {}) {
    return {.options = std::move(options),
            .proxy_policy = [](const ProxyCall&) { return SASL_OK; },
            .canon_user = [](CanonCall*) { return SASL_OK; },
            .strength = strength};
  }

  static void expect_refused(const SaslServer& server, const Turn& turn, int code,
                             const std::string& why, const std::string& what) {
    count_attack();
    EXPECT_EQ(turn.code, code) << what << "\n" << server.log().text();
    EXPECT_FALSE(turn.out) << what;
    EXPECT_TRUE(server.was_silent()) << what << ": an identity was handed to the application";
    EXPECT_EQ(server.authid(), "") << what;
    EXPECT_TRUE(server.log().has(why, SASL_LOG_ERR)) << what << "\n" << server.log().text();
    EXPECT_EQ(server.error().find("imap"), std::string::npos) << server.error();
  }
};

const struct {
  Strength strength;
  RawContext::Request client;
  std::string offer;
} kOffers[] = {
    {{}, {}, "\x07\x01\x00\x00"s},
    {{.maxbufsize = 0xffffff}, {}, "\x07\xff\xff\xff"s},
    {{.maxbufsize = 0x2000000}, {}, "\x07\xff\xff\xff"s},
    {{.maxbufsize = 4096}, {}, "\x07\x00\x10\x00"s},
    {{.max_ssf = 1}, {}, "\x03\x01\x00\x00"s},
    {{.max_ssf = 255}, {}, "\x03\x01\x00\x00"s},
    {{.min_ssf = 1}, {}, "\x06\x01\x00\x00"s},
    {{.min_ssf = 2}, {}, "\x04\x01\x00\x00"s},
    {{.min_ssf = 1, .max_ssf = 1}, {}, "\x02\x01\x00\x00"s},
    // "... which MUST be 0 if the server does not support any security layer"
    {{.max_ssf = 0}, {}, "\x01\x00\x00\x00"s},
    {{.maxbufsize = 0}, {}, "\x01\x00\x00\x00"s},
    {{.max_ssf = 128, .external_ssf = 128}, {}, "\x01\x00\x00\x00"s},
    {{.min_ssf = 56, .external_ssf = 256}, {}, "\x01\x00\x00\x00"s},
    // A maximum that cannot hold one octet of data is no layer (R8): 28 and 60 octets go.
    {{.maxbufsize = 28}, {}, "\x01\x00\x00\x00"s},
    {{.maxbufsize = 29}, {}, "\x03\x00\x00\x1d"s},
    {{.maxbufsize = 60}, {}, "\x03\x00\x00\x3c"s},
    {{.maxbufsize = 61}, {}, "\x07\x00\x00\x3d"s},
    // What the client did not ask for is not offered, sequence above all.
    {{}, with(GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG), "\x01\x00\x00\x00"s},
    {{}, with(GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG), "\x01\x00\x00\x00"s},
    {{}, plain(GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG), "\x01\x00\x00\x00"s},
    {{}, plain(kLayerFlags & ~OM_uint32{GSS_C_CONF_FLAG}), "\x03\x01\x00\x00"s},
    {{}, plain(kLayerFlags), "\x07\x01\x00\x00"s},
    // Without mutual authentication the server speaks of layers at once.
    {{}, with(kNotMutual), "\x07\x01\x00\x00"s},
    {{}, with(0), "\x01\x00\x00\x00"s},
};

// What the server offers, as octets, and that it is not encrypted.
TEST_F(GssapiServerTest, TheOfferToTheOctet) {
  SPEC("R3 R2 R9");
  for (const auto& row : kOffers) {
    SaslServer server(watched(row.strength));
    RawContext client;
    const Turn turn = reach_offer(&server, &client, row.client);
    ASSERT_EQ(turn.code, SASL_CONTINUE) << server.log().text();
    const Opened offer = client.unwrap(turn.out.value_or(""));
    EXPECT_EQ(offer.major, 0U);
    EXPECT_FALSE(offer.is_encrypted);
    EXPECT_EQ(printable(as_bytes(offer.message)), printable(as_bytes(row.offer)));
    EXPECT_TRUE(server.was_silent());
    const unsigned weakest = static_cast<unsigned char>(row.offer[0]) & -row.offer[0];
    const std::string choice = layer_message(weakest, 0xffffff);
    EXPECT_EQ(server.step(client.wrap(choice)).code, SASL_OK) << server.log().text();
  }
}

TEST_F(GssapiServerTest, WithoutAnAdmissibleLayerThereIsNoOffer) {
  SPEC("R9 R2");
  const struct {
    Strength strength;
    OM_uint32 flags;
    const char* why;
  } rows[] = {
      // (maxbufsize 0 with a min_ssf does not get this far: libsasl does not take it.)
      {{.min_ssf = 56, .max_ssf = 128}, kLayerFlags, "max_ssf 128"},
      {{.min_ssf = 1}, GSS_C_MUTUAL_FLAG, "min_ssf 1"},
      {{.min_ssf = 1, .maxbufsize = 28}, kLayerFlags, "maxbufsize 28"},
      {{.min_ssf = 2, .maxbufsize = 60}, kLayerFlags, "maxbufsize 60"},
      {{.min_ssf = 2, .max_ssf = 1}, kLayerFlags, "max_ssf 1"},
  };
  for (const auto& row : rows) {
    SaslServer server(watched(row.strength));
    RawContext client;
    const Turn turn = reach_offer(&server, &client, {.flags = row.flags});
    expect_refused(server, turn, SASL_TOOWEAK, row.why, row.why);
  }
}

// Every octet, after offers of all and of some layers.
TEST_F(GssapiServerTest, TheChoiceIsExactlyOneOfferedLayer) {
  SPEC("R4");
  const struct {
    Strength strength;
    unsigned offered;
  } servers[] = {{{}, 7}, {{.max_ssf = 1}, 3}, {{.min_ssf = 2}, 4}};
  for (const auto& [strength, offered] : servers) {
    for (const bool ad_compat : {false, true}) {
      for (unsigned choice = 0; choice <= 0xff; ++choice) {
        SaslServer server(watched(strength, {{"ad_compat", ad_compat ? "yes" : "no"}}));
        RawContext client;
        client.unwrap(reach_offer(&server, &client).out.value());
        const Turn turn = server.step(client.wrap(layer_message(choice, 65536)));
        const std::string what = std::to_string(choice) + " of " + std::to_string(offered);
        const unsigned layer = choice == 6 && ad_compat ? 4 : choice;
        if ((layer != 1 && layer != 2 && layer != 4) || (layer & offered) == 0) {
          expect_refused(server, turn, SASL_BADPROT, "GSSAPI login to imap@localhost", what);
          continue;
        }
        ASSERT_EQ(turn.code, SASL_OK) << what << server.log().text();
        EXPECT_FALSE(turn.out) << "nothing follows the choice (section 3.2)";
        EXPECT_EQ(server.ssf(), layer == 4 ? 256U : layer / 2) << what;
        EXPECT_EQ(server.authid(), "alice");
      }
    }
  }
}

const std::string kNoLayer = layer_message(1, 0);

const struct {
  std::string choice;
  const char* authzid;  // null: refused
} kAuthzids[] = {
    {"", nullptr},
    {kNoLayer.substr(0, 1), nullptr},
    {kNoLayer.substr(0, 3), nullptr},
    {kNoLayer, "alice"},
    {kNoLayer + "alice", "alice"},
    {kNoLayer + "alice@EXAMPLE.TEST", "alice"},  // its own principal
    {kNoLayer + "b", "b"},
    {kNoLayer + "b\xc3\xb6rn", "b\xc3\xb6rn"},
    {kNoLayer + "two words", "two words"},
    {kNoLayer + "\0"s, nullptr},
    {kNoLayer + "alice\0"s, nullptr},
    {kNoLayer + "admin\0junk"s, nullptr},
    {kNoLayer + "\0admin"s, nullptr},
    {kNoLayer + "\xff\xfe", nullptr},
    {kNoLayer + "\xc0\xaf", nullptr},
    {kNoLayer + "\xed\xa0\x80", nullptr},
    {kNoLayer + " admin", nullptr},
    {kNoLayer + "admin ", nullptr},
    {kNoLayer + "\tadmin", nullptr},
    {kNoLayer + "ad\nmin", nullptr},
    {kNoLayer + " ", nullptr},
    // libsasl has no room for it.
    {kNoLayer + std::string(65536, 'a'), nullptr},
};

TEST_F(GssapiServerTest, TheChoicesLengthAndIdentity) {
  SPEC("R5 R3");
  for (const auto& row : kAuthzids) {
    SaslServer server(watched());
    RawContext client;
    client.unwrap(reach_offer(&server, &client).out.value());
    const Turn turn = server.step(client.wrap(row.choice));
    const std::string what = printable(as_bytes(row.choice), 20);
    EXPECT_EQ(turn.code == SASL_OK, row.authzid != nullptr) << what << server.log().text();
    EXPECT_TRUE(server.proxy_calls().empty() || row.authzid != nullptr) << what;
    if (row.authzid == nullptr) continue;
    EXPECT_EQ(server.authzid(), row.authzid);
    EXPECT_EQ(server.authid(), "alice");
    ASSERT_EQ(server.proxy_calls().size(), 1U);
    EXPECT_EQ(server.proxy_calls()[0].authzid, row.authzid);
  }
}

// The application's policy decides; without one, no user acts as another one.
TEST_F(GssapiServerTest, TheProxyPolicyDecides) {
  SPEC("R5");
  for (const auto& [authzid, code] :
       {std::pair("", SASL_OK), {"alice", SASL_OK}, {"bob", SASL_BADAUTH}}) {
    SaslServer server;
    RawContext client;
    client.unwrap(reach_offer(&server, &client).out.value());
    EXPECT_EQ(server.step(client.wrap(layer_message(1, 0, authzid))).code, code) << authzid;
  }
}

const struct {
  unsigned layer;
  std::uint32_t max_len;
  int code;
  unsigned max_out;  // of a success with a layer
} kClientMaxima[] = {
    {1, 0, SASL_OK, 0},
    {1, 65536, SASL_OK, 0},
    {1, 0xffffff, SASL_OK, 0},
    {2, 0, SASL_BADPROT, 0},
    {2, 1, SASL_BADPROT, 0},
    {2, 28, SASL_BADPROT, 0},
    {2, 29, SASL_OK, 1},
    {2, 4096, SASL_OK, 4096 - 28},
    {2, 0xffffff, SASL_OK, 0xffffff - 28},
    {4, 0, SASL_BADPROT, 0},
    {4, 60, SASL_BADPROT, 0},
    {4, 61, SASL_OK, 1},
    {4, 65536, SASL_OK, 65536 - 60},
};

// R3 EXCEPTION: JDKs say how much they take although they chose no layer.
TEST_F(GssapiServerTest, TheClientsMaximum) {
  SPEC("R3 R8");
  for (const auto& row : kClientMaxima) {
    SaslServer server(watched());
    RawContext client;
    client.unwrap(reach_offer(&server, &client).out.value());
    const Turn turn = server.step(client.wrap(layer_message(row.layer, row.max_len)));
    const std::string what = std::to_string(row.layer) + " " + std::to_string(row.max_len);
    if (row.code != SASL_OK) {
      expect_refused(server, turn, row.code, "too small for any protected data", what);
      continue;
    }
    ASSERT_EQ(turn.code, SASL_OK) << what << server.log().text();
    if (row.layer == 1) {
      EXPECT_EQ(server.ssf(), 0U);
      EXPECT_EQ(server.encode("as it is").out, "as it is");
      EXPECT_EQ(server.decode("as it is").out, "as it is");
      continue;
    }
    EXPECT_EQ(server.max_out(), row.max_out) << what;
    const std::string message(server.max_out(), 'm');
    const std::string packet = server.encode(message).out.value();
    EXPECT_LE(packet.size() - 4, row.max_len);
    EXPECT_EQ(client.unwrap(packet.substr(4)).message, message);
  }
}

TEST_F(GssapiServerTest, AfterTheLastTokenNothingIsDue) {
  SPEC("R3");
  for (const std::string& answer : {"x"s, "\0"s, std::string(300, 'y')}) {
    SaslServer server(watched());
    RawContext client;
    const Turn reply = server.start(kGssapi, client.begin({}));
    client.step(reply.out.value());
    expect_refused(server, server.step(answer), SASL_BADPROT, "must send an empty message", answer);
  }
  // Among them a choice that comes too early.
  SaslServer server(watched());
  RawContext client;
  client.step(server.start(kGssapi, client.begin({})).out.value());
  const Turn turn = server.step(client.wrap(layer_message(1, 0)));
  expect_refused(server, turn, SASL_BADPROT, "must send an empty message", "early choice");
}

// What is not the client's own next message to this server.
TEST_F(GssapiServerTest, OtherChoicesThanTheContextsOwnAreRefused) {
  SPEC("R3 R4");
  const std::string cleartext = layer_message(1, 0);
  for (const char* kind : {"cleartext", "empty", "garbage", "another context's", "our own offer",
                           "cut", "with garbage behind", "the second", "much too long"}) {
    SaslServer server(watched()), other_server;
    RawContext client, other;
    const std::string offer = reach_offer(&server, &client).out.value();
    client.unwrap(offer);
    other.unwrap(reach_offer(&other_server, &other).out.value());
    const std::string name = kind;
    std::string message = client.wrap(cleartext);
    if (name == "cleartext") message = cleartext;
    if (name == "empty") message = "";
    if (name == "garbage") message = std::string(32, '\x05');
    if (name == "another context's") message = other.wrap(cleartext);
    if (name == "our own offer") message = offer;
    if (name == "cut") message.pop_back();
    if (name == "with garbage behind") message += 'x';
    if (name == "the second") message = client.wrap(cleartext);
    if (name == "much too long") message = client.wrap(cleartext + std::string(300000, 'a'));
    const bool is_long = name == "much too long";
    expect_refused(server, server.step(message), is_long ? SASL_BADPROT : SASL_BADAUTH,
                   is_long ? "too long" : "gss_unwrap", kind);
    EXPECT_LT(server.step(client.wrap(cleartext)).code, SASL_OK) << "a second try";
  }
}

// RFC 4752 section 3: Kerberos V5 alone, even if this machine or a credential has more.
TEST_F(GssapiServerTest, OtherMechanismsAreRefused) {
  SPEC("R1");
  OM_uint32 minor = 0;
  gss::Credential all;
  ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
                             GSS_C_ACCEPT, all.out(), nullptr, nullptr),
            0U);
  const auto token_of = [](gss_OID mech) {
    RawContext client;
    return client.begin({.mech = mech});
  };
  const std::string krb5 = token_of(const_cast<gss_OID>(gss_mech_krb5));
  for (const void* credential :
       {static_cast<const void*>(nullptr), static_cast<const void*>(all.get())}) {
    const std::string rows[] = {token_of(spnego_oid()),
                                token_of(iakerb_oid()),
                                bare_token(krb5),
                                "n,," + bare_token(krb5),
                                "garbage",
                                std::string(64, '\0')};
    for (const std::string& token : rows) {
      ASSERT_FALSE(token.empty());
      ServerSetup setup = watched();
      setup.credential = credential;
      SaslServer server(setup);
      expect_refused(server, server.start(kGssapi, token), SASL_BADPROT, "not a Kerberos token",
                     printable(as_bytes(token), 16));
    }
    ServerSetup setup = watched();
    setup.credential = credential;
    SaslServer server(setup);
    EXPECT_EQ(server.start(kGssapi, token_of(const_cast<gss_OID>(gss_mech_krb5))).code,
              SASL_CONTINUE);
  }
}

// An absent first message is asked for; an empty one never reaches the mechanism.
TEST_F(GssapiServerTest, EmptyFirstMessages) {
  SPEC("R3");
  for (const char* mechanism : kWithLayers) {
    SaslServer asking;
    const Turn challenge = asking.start(mechanism, std::nullopt);
    EXPECT_EQ(challenge.code, SASL_CONTINUE);
    EXPECT_EQ(challenge.out, "");
    EXPECT_LT(asking.step("").code, SASL_OK);
    SaslServer empty(watched());
    expect_refused(empty, empty.start(mechanism, ""), SASL_BADPROT, "imap@localhost", mechanism);
  }
}

// A client that the application's properties oblige to mutual authentication.
TEST_F(GssapiServerTest, MutualAuthenticationWhereTheApplicationDemandsIt) {
  SPEC("R2");
  for (const char* mechanism : kWithLayers) {
    for (const unsigned flags : {0U, unsigned{SASL_SEC_MUTUAL_AUTH}}) {
      ServerSetup setup = watched();
      setup.security_flags = flags;
      SaslServer server(setup);
      RawContext client;
      const bool is_spnego = std::string(mechanism) == kSpnego;
      const gss_OID mech = is_spnego ? spnego_oid() : const_cast<gss_OID>(gss_mech_krb5);
      const Turn turn = server.start(mechanism, client.begin({.flags = kNotMutual, .mech = mech}));
      EXPECT_EQ(turn.code >= SASL_OK, flags == 0) << mechanism << server.log().text();
      EXPECT_EQ(server.was_silent(), flags != 0 || !is_spnego);
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
