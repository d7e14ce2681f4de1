// SPDX-License-Identifier: BSD-2-Clause
// "GSSAPI" on our client against hand-made servers: every offer of layers, and our choice to the
// octet.
#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"
#include "tests/support/attack_count.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

class GssapiClientTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }

  static void expect_refused(const SaslClient& client, const Turn& turn, int code,
                             const std::string& why, const std::string& what) {
    count_attack();
    EXPECT_EQ(turn.code, code) << what << "\n" << client.error();
    EXPECT_FALSE(turn.out) << what;
    expect_sentence(client.error(), {"GSSAPI login to imap@localhost", why});
  }
};

TEST_F(GssapiClientTest, TheFirstTokenAsksForWhatTheLayersNeed) {
  SPEC("R2");
  constexpr OM_uint32 kBoth = GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG;
  constexpr OM_uint32 kOrder = GSS_C_SEQUENCE_FLAG | GSS_C_REPLAY_FLAG;
  const struct {
    Strength strength;
    OM_uint32 gssapi, spnego;  // beside mutual authentication
  } rows[] = {
      {{}, kBoth | kOrder, kBoth | kOrder},
      // GSS-SPNEGO asks for confidentiality only where it fits with every cipher,
      // or where nothing less will do.
      {{.max_ssf = 2}, kBoth | kOrder, GSS_C_INTEG_FLAG | kOrder},
      {{.max_ssf = 255}, kBoth | kOrder, GSS_C_INTEG_FLAG | kOrder},
      {{.min_ssf = 2, .max_ssf = 255}, kBoth | kOrder, kBoth | kOrder},
      {{.max_ssf = 1}, GSS_C_INTEG_FLAG | kOrder, GSS_C_INTEG_FLAG | kOrder},
      // RFC 4752 section 3.1: integrity always, since the messages about layers are wrapped.
      {{.max_ssf = 0}, GSS_C_INTEG_FLAG, 0},
      {{.maxbufsize = 0}, GSS_C_INTEG_FLAG, 0},
      {{.max_ssf = 128, .external_ssf = 128}, GSS_C_INTEG_FLAG, 0},
      {{.max_ssf = 129, .external_ssf = 128}, GSS_C_INTEG_FLAG | kOrder, GSS_C_INTEG_FLAG | kOrder},
  };
  constexpr OM_uint32 kOfInterest =
      kBoth | kOrder | GSS_C_MUTUAL_FLAG | GSS_C_DELEG_FLAG | GSS_C_ANON_FLAG | GSS_C_DCE_STYLE;
  for (const auto& row : rows) {
    for (const char* mechanism : kWithLayers) {
      SaslClient client({.strength = row.strength});
      const Turn turn = client.start(mechanism);
      ASSERT_EQ(turn.code, SASL_CONTINUE) << client.error();
      RawContext server;
      server.accept(turn.out.value());
      ASSERT_TRUE(server.is_complete());
      const OM_uint32 asked = mechanism == kGssapi ? row.gssapi : row.spnego;
      EXPECT_EQ(server.flags() & kOfInterest, asked | GSS_C_MUTUAL_FLAG)
          << mechanism << " " << row.strength.max_ssf;
    }
  }
}

const struct {
  Strength strength;
  const char* authzid;
  bool ad_compat;
  std::string offer, choice;
} kChoices[] = {
    {{}, "", false, "\x07\x01\x00\x00"s, "\x04\x01\x00\x00"s},
    {{}, "", false, "\x03\x01\x00\x00"s, "\x02\x01\x00\x00"s},
    // "... which MUST be 0 if the client does not support any security layer"
    {{}, "", false, "\x01\x00\x00\x00"s, "\x01\x00\x00\x00"s},
    {{}, "", false, "\x01\xff\xff\xff"s, "\x01\x00\x00\x00"s},
    {{.max_ssf = 0}, "", false, "\x07\x01\x00\x00"s, "\x01\x00\x00\x00"s},
    {{.maxbufsize = 0}, "", false, "\x07\x01\x00\x00"s, "\x01\x00\x00\x00"s},
    {{.max_ssf = 1}, "", false, "\x07\x01\x00\x00"s, "\x02\x01\x00\x00"s},
    {{.min_ssf = 1}, "", false, "\x07\x01\x00\x00"s, "\x04\x01\x00\x00"s},
    {{.min_ssf = 1}, "", false, "\x03\x01\x00\x00"s, "\x02\x01\x00\x00"s},
    {{.external_ssf = 256}, "", false, "\x07\x01\x00\x00"s, "\x01\x00\x00\x00"s},
    {{.maxbufsize = 0x2000000}, "", false, "\x04\x00\x10\x00"s, "\x04\xff\xff\xff"s},
    {{.maxbufsize = 29}, "", false, "\x07\x01\x00\x00"s, "\x02\x00\x00\x1d"s},
    {{.maxbufsize = 28}, "", false, "\x07\x01\x00\x00"s, "\x01\x00\x00\x00"s},
    {{.maxbufsize = 60}, "", false, "\x07\x01\x00\x00"s, "\x02\x00\x00\x3c"s},
    {{.maxbufsize = 61}, "", false, "\x07\x01\x00\x00"s, "\x04\x00\x00\x3d"s},
    {{}, "bob", false, "\x07\x01\x00\x00"s, "\x04\x01\x00\x00"s + "bob"},
    {{.max_ssf = 0},
     "b\xc3\xb6rn",
     false,
     "\x01\x00\x00\x00"s,
     "\x01\x00\x00\x00"s + "b\xc3\xb6rn"},
    // Active Directory takes confidentiality together with integrity, and only what it offered.
    {{}, "", true, "\x07\x01\x00\x00"s, "\x06\x01\x00\x00"s},
    {{}, "", true, "\x04\x01\x00\x00"s, "\x04\x01\x00\x00"s},
    {{}, "", true, "\x03\x01\x00\x00"s, "\x02\x01\x00\x00"s},
    {{}, "", true, "\x01\x00\x00\x00"s, "\x01\x00\x00\x00"s},
};

TEST_F(GssapiClientTest, TheChoiceToTheOctet) {
  SPEC("R3 R4 R5 R9");
  for (const auto& row : kChoices) {
    SaslClient client({.options = {{"ad_compat", row.ad_compat ? "yes" : "no"}},
                       .user = says(row.authzid),
                       .strength = row.strength});
    RawContext server;
    reach_choice(&client, &server);
    const Turn turn = client.step(server.wrap(row.offer));
    ASSERT_EQ(turn.code, SASL_OK) << client.error();
    const Opened choice = server.unwrap(turn.out.value_or(""));
    EXPECT_EQ(choice.major, 0U);
    EXPECT_FALSE(choice.is_encrypted);
    EXPECT_EQ(printable(as_bytes(choice.message)), printable(as_bytes(row.choice)));
    const unsigned layers = static_cast<unsigned char>(row.choice[0]);
    EXPECT_EQ(client.ssf(), (layers & 4) != 0 ? 256U : layers / 2);
  }
}

// Bits that are not understood are negotiated off: the choice never has them, and alone they are
// no offer.
TEST_F(GssapiClientTest, EveryOfferedOctet) {
  SPEC("R3 R4");
  const struct {
    Strength strength;
    unsigned admitted;
  } clients[] = {{{}, 7}, {{.max_ssf = 0}, 1}, {{.min_ssf = 1}, 6}, {{.min_ssf = 2}, 4}};
  for (const auto& [strength, admitted] : clients) {
    for (unsigned offer = 0; offer <= 0xff; ++offer) {
      SaslClient client({.strength = strength});
      RawContext server;
      reach_choice(&client, &server);
      const Turn turn = client.step(server.wrap(layer_message(offer, 65536)));
      const unsigned possible = offer & admitted;
      const std::string what = std::to_string(offer) + " to " + std::to_string(admitted);
      if (possible == 0) {
        expect_refused(client, turn, SASL_TOOWEAK,
                       (offer & 7) == 0 ? "the server offers neither" : "the server offers ", what);
        continue;
      }
      ASSERT_EQ(turn.code, SASL_OK) << what << client.error();
      const unsigned expected = (possible & 4) != 0 ? 4 : (possible & 2) != 0 ? 2 : 1;
      EXPECT_EQ(server.unwrap(turn.out.value()).message,
                layer_message(expected, expected == 1 ? 0 : 65536))
          << what;
    }
  }
}

TEST_F(GssapiClientTest, OffersOfAnotherLengthAreRefused) {
  SPEC("R3");
  const std::string whole = layer_message(7, 65536, "some more octets");
  for (std::size_t len = 0; len <= whole.size(); ++len) {
    if (len == 4) continue;
    SaslClient client;
    RawContext server;
    reach_choice(&client, &server);
    expect_refused(client, client.step(server.wrap(whole.substr(0, len))), SASL_BADPROT,
                   "instead of 4", std::to_string(len));
  }
}

const struct {
  unsigned offer;
  std::uint32_t max_len;
  unsigned max_out;  // 0: refused
} kServerMaxima[] = {
    {4, 0, 0},
    {4, 1, 0},
    {4, 60, 0},
    {4, 61, 1},
    {2, 0, 0},
    {2, 28, 0},
    {2, 29, 1},
    {6, 0, 0},
    // The strongest that fits.
    {6, 60, 32},
    {6, 61, 1},
    {4, 62, 2},
    {2, 30, 2},
    {4, 4096, 4096 - 60},
    {2, 4096, 4096 - 28},
    {6, 65536, 65536 - 60},
    {4, 0xffffff, 0xffffff - 60},
};

TEST_F(GssapiClientTest, TheServersMaximum) {
  SPEC("R3 R8");
  for (const auto& row : kServerMaxima) {
    SaslClient client;
    RawContext server;
    reach_choice(&client, &server);
    const Turn turn = client.step(server.wrap(layer_message(row.offer, row.max_len)));
    const std::string what = std::to_string(row.offer) + " " + std::to_string(row.max_len);
    if (row.max_out == 0) {
      expect_refused(client, turn, SASL_TOOWEAK, "or the peer's limit, is too small", what);
      continue;
    }
    ASSERT_EQ(turn.code, SASL_OK) << what << client.error();
    server.unwrap(turn.out.value());
    EXPECT_EQ(client.max_out(), row.max_out) << what;
    const std::string message(client.max_out(), 'm');
    const std::string packet = client.encode(message).out.value();
    EXPECT_LE(packet.size() - 4, row.max_len) << what;
    EXPECT_EQ(server.unwrap(packet.substr(4)).message, message);
  }
}

// Where the server's maximum leaves no room for the strongest layer, there are weaker ones.
TEST_F(GssapiClientTest, ASmallMaximumLeavesTheWeakerLayers) {
  SPEC("R8 R9");
  const struct {
    unsigned offer;
    std::uint32_t max_len;
    unsigned chosen;
  } rows[] = {{7, 0, 1}, {7, 28, 1}, {7, 29, 2}, {7, 60, 2}, {7, 61, 4}, {5, 60, 1}, {6, 60, 2}};
  for (const auto& row : rows) {
    SaslClient client;
    RawContext server;
    reach_choice(&client, &server);
    const Turn turn = client.step(server.wrap(layer_message(row.offer, row.max_len)));
    ASSERT_EQ(turn.code, SASL_OK) << client.error();
    EXPECT_EQ(server.unwrap(turn.out.value()).message,
              layer_message(row.chosen, row.chosen == 1 ? 0 : 65536));
  }
}

TEST_F(GssapiClientTest, OtherOffersThanTheContextsOwnAreRefused) {
  SPEC("R3");
  const std::string cleartext = layer_message(7, 65536);
  for (const char* kind :
       {"cleartext", "empty", "garbage", "another context's", "cut", "with garbage behind",
        "the second", "as long as may be", "much too long"}) {
    SaslClient client, other_client;
    RawContext server, other;
    reach_choice(&client, &server);
    reach_choice(&other_client, &other);
    const std::string name = kind;
    std::string message = server.wrap(cleartext);
    if (name == "cleartext") message = cleartext;
    if (name == "empty") message = "";
    if (name == "garbage") message = std::string(32, '\x05');
    if (name == "another context's") message = other.wrap(cleartext);
    if (name == "cut") message.pop_back();
    if (name == "with garbage behind") message += 'x';
    if (name == "the second") message = server.wrap(cleartext);
    if (name == "as long as may be") message = std::string(262144, '\x05');
    if (name == "much too long") message = server.wrap(cleartext + std::string(300000, 'a'));
    const bool is_long = name == "much too long";
    expect_refused(client, client.step(message), is_long ? SASL_BADPROT : SASL_BADSERV,
                   is_long ? "too long" : "gss_unwrap", kind);
  }
}

// Nor does an application that goes on calling make a login of it: what failed has failed.
TEST_F(GssapiClientTest, AFailureIsFinal) {
  SPEC("R3 R6");
  for (const std::string& bad : {""s, "garbage"s, std::string(300000, 'x')}) {
    SaslClient client;
    RawContext server;
    reach_choice(&client, &server);
    EXPECT_LT(client.step(bad).code, SASL_OK);
    const Turn turn = client.step(server.wrap(layer_message(7, 65536)));
    EXPECT_LT(turn.code, SASL_OK) << "logged in after a failure";
    EXPECT_FALSE(turn.out);
  }
}

// The server must prove itself before anything is said about layers.
TEST_F(GssapiClientTest, AnOfferBeforeTheServersTokenIsRefused) {
  SPEC("R3 R2");
  for (const bool is_wrapped : {false, true}) {
    SaslClient client;
    RawContext server;
    server.accept(client.start(kGssapi).out.value());
    const std::string offer = layer_message(7, 65536);
    const Turn turn = client.step(is_wrapped ? server.wrap(offer) : offer);
    EXPECT_EQ(turn.code, SASL_BADSERV) << client.error();
    EXPECT_FALSE(turn.out);
  }
}

TEST_F(GssapiClientTest, NothingMayComeAfterTheChoice) {
  SPEC("R3");
  SaslClient client;
  RawContext server;
  reach_choice(&client, &server);
  ASSERT_EQ(client.step(server.wrap(layer_message(7, 65536))).code, SASL_OK);
  EXPECT_LT(client.step(server.wrap(layer_message(1, 0))).code, SASL_OK);
  EXPECT_EQ(client.ssf(), 256U);
}

// A name that cannot be sent, or would arrive as another user's, is not sent.
TEST_F(GssapiClientTest, AuthorizationIdentitiesThatMustNotTravel) {
  SPEC("R5");
  for (const char* authzid : {"\xff", "a\nb", " admin", "admin ", "\x7f"}) {
    SaslClient client({.user = says(authzid)});
    const Turn turn = client.start(kGssapi);
    EXPECT_LT(turn.code, SASL_OK);
    EXPECT_FALSE(turn.out);
    EXPECT_NE(client.error().find("authorization identity"), std::string::npos) << client.error();
  }
}

// Limits that nothing could meet are known before anything is sent.
TEST_F(GssapiClientTest, ImpossibleLimitsSendNothing) {
  SPEC("R9");
  const struct {
    Strength strength;
    const char* why;
  } rows[] = {{{.min_ssf = 2, .max_ssf = 1}, "min_ssf 2 is above max_ssf 1"},
              {{.min_ssf = 1, .max_ssf = 0}, "min_ssf 1 is above max_ssf 0"},
              {{.min_ssf = 200, .max_ssf = 100, .external_ssf = 56}, "max_ssf 100"}};
  for (const auto& row : rows) {
    for (const char* mechanism : kWithLayers) {
      SaslClient client({.strength = row.strength});
      const Turn turn = client.start(mechanism);
      EXPECT_EQ(turn.code, SASL_TOOWEAK);
      EXPECT_FALSE(turn.out);
      EXPECT_NE(client.error().find(row.why), std::string::npos) << client.error();
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
