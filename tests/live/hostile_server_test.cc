// SPDX-License-Identifier: BSD-2-Clause
// Our client against a server that is an attacker's: it owns a service of the realm, and answers as
// it likes. The client's login ends, takes little memory, gives away nothing that its application
// did not allow, and shows the server's texts as texts.
#include <krb5/krb5.h>
#include <malloc.h>

#include <algorithm>

#include "tests/kdc/krb5_handles.h"
#include "tests/live/attacker.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

class HostileServerTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
  }

  // The client's first message as a context token of the mechanism.
  static std::string token_of(const std::string& mechanism, const std::string& message) {
    if (mechanism != kGs2) return message;
    const std::string inner = message.substr(message.find(",,") + 2);
    return gss_header(inner) + inner;
  }

  // RFC 2743 section 3.1, for krb5.
  static std::string gss_header(const std::string& inner) {
    const std::string oid(static_cast<const char*>(gss_mech_krb5->elements), gss_mech_krb5->length);
    const std::string mech = "\x06"s + static_cast<char>(oid.size()) + oid;
    const std::size_t len = mech.size() + inner.size();
    return "\x60\x82"s + static_cast<char>(len >> 8) + static_cast<char>(len & 0xff) + mech;
  }
};

// What a server can answer again and again.
struct Answers {
  const char* what;
  std::function<std::string(const std::string& said, const std::string& first_answer)> make;
};
const Answers kAnswers[] = {
    {"nothing", [](auto&, auto&) { return ""s; }},
    {"what the client said", [](auto& said, auto&) { return said; }},
    {"its token again", [](auto&, auto& first) { return first; }},
    {"its token and more", [](auto&, auto& first) { return first + "x"; }},
    {"half of its token", [](auto&, auto& first) { return first.substr(0, first.size() / 2); }},
    {"one octet", [](auto&, auto&) { return "\x60"s; }},
    {"SPNEGO's request for more",
     [](auto&, auto&) { return "\xa1\x07\x30\x05\xa0\x03\x0a\x01\x01"s; }},
    {"SPNEGO's request for a checksum",
     [](auto&, auto&) { return "\xa1\x07\x30\x05\xa0\x03\x0a\x01\x03"s; }},
};

TEST_F(HostileServerTest, EveryLoginEnds) {
  SPEC("L31 L26");
  for (const char* mechanism : kMechanisms) {
    for (const Answers& answers : kAnswers) {
      for (const bool is_genuine_at_first : {false, true}) {
        SCOPED_TRACE(mechanism + " "s + answers.what);
        count_attack();
        SaslClient client;
        Turn turn = client.start(mechanism);
        RawContext server;
        const std::string first = server.accept(token_of(mechanism, turn.out.value_or("")));
        bool is_genuine = is_genuine_at_first;
        int num_steps = 0;
        for (; turn.code == SASL_CONTINUE && num_steps < 100; ++num_steps) {
          turn = client.step(is_genuine ? first : answers.make(turn.out.value_or(""), first));
          is_genuine = false;
        }
        EXPECT_LT(num_steps, 5);
        // Who answers as the service does has the service's key: GS2 and SPNEGO are then done.
        // MIT's SPNEGO does not look behind its own token, which nothing protects.
        const bool is_genuine_later =
            answers.what == "its token again"s ||
            (mechanism == kSpnego && answers.what == "its token and more"s);
        const bool is_done = mechanism != kGssapi && (is_genuine_at_first || is_genuine_later);
        EXPECT_EQ(turn.code == SASL_OK, is_done) << client.error();
      }
    }
  }
}

TEST_F(HostileServerTest, HugeAnswersTakeLittleMemory) {
  SPEC("L17 L26");
  const auto held = [] { return static_cast<long>(mallinfo2().uordblks + mallinfo2().hblkhd); };
  for (const char* mechanism : kMechanisms) {
    for (const std::size_t len : {262'145U, 1U << 20, 16U << 20}) {
      const std::string answer(len, '\x60');
      SaslClient client;
      ASSERT_EQ(client.start(mechanism).code, SASL_CONTINUE);
      count_attack();
      const long before = held();
      const Turn turn = client.step(answer);
      EXPECT_EQ(turn.code, SASL_BADPROT) << mechanism << client.error();
      EXPECT_FALSE(turn.out);
      EXPECT_LT(held() - before, 10'000) << mechanism;
      EXPECT_LT(client.error().size(), 1000U);
    }
  }
}

// Sizes that have a special place in arithmetic, and those about the overhead of a layer.
std::vector<std::uint32_t> special_sizes() {
  std::vector<std::uint32_t> sizes = {0};
  for (int bit = 0; bit < 24; ++bit) {
    for (const int more : {-1, 0, 1}) sizes.push_back((1U << bit) + static_cast<unsigned>(more));
  }
  for (std::uint32_t size = 20; size < 70; ++size) sizes.push_back(size);
  sizes.push_back(0xffffff);
  return sizes;
}

TEST_F(HostileServerTest, OffersOfEverySizeAreRefusedOrKept) {
  SPEC("R3 R8");
  for (const unsigned offer : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 0xfeU, 0xffU}) {
    for (const std::uint32_t size : special_sizes()) {
      SCOPED_TRACE(std::to_string(offer) + " " + std::to_string(size));
      count_attack();
      SaslClient client({.strength = {.min_ssf = 1}});
      RawContext server;
      reach_choice(&client, &server);
      const Turn turn = client.step(server.wrap(layer_message(offer, size)));
      const bool is_possible = ((offer & 4) != 0 && size > 60) || ((offer & 2) != 0 && size > 28);
      ASSERT_EQ(turn.code == SASL_OK, is_possible) << client.error();
      if (!is_possible) continue;
      server.unwrap(turn.out.value_or(""));
      // What the client then sends is never more than the server takes, nor weaker than agreed on.
      ASSERT_LE(client.max_out(), size);
      const std::string data(std::min(client.max_out(), 70'000U), 'd');
      const std::string packet = client.encode(data).out.value_or("");
      ASSERT_LE(packet.size(), size + 4);
      const Opened opened = server.unwrap(packet.substr(4));
      ASSERT_EQ(opened.message, data);
      ASSERT_EQ(opened.is_encrypted, client.ssf() > 1);
      ASSERT_EQ(client.ssf() > 1, (offer & 4) != 0 && size > 60);
    }
  }
}

// The KDC says of the service that tickets may be forwarded to it, and the ticket can be. The
// application decides.
TEST_F(HostileServerTest, NothingIsDelegatedThatWasNotAllowed) {
  SPEC("R2 G14");
  realm().modify("imap/localhost", {"+ok_as_delegate"});
  realm().kinit(
      {.user = "alice", .password = "secret", .ccache = ccache("ok"), .forwardable = true});
  for (const char* mechanism : kMechanisms) {
    for (const bool is_allowed : {false, true}) {
      use_ccache(ccache("ok"));
      SaslClient client({.security_flags = is_allowed ? unsigned{SASL_SEC_PASS_CREDENTIALS} : 0U});
      const std::string message = client.start(mechanism).out.value_or("");
      count_attack();
      RawContext server;
      server.accept(token_of(mechanism, message));
      ASSERT_TRUE(server.is_complete()) << mechanism;
      EXPECT_EQ((server.flags() & GSS_C_DELEG_FLAG) != 0, is_allowed) << mechanism;
      // An AP-REQ with a ticket-granting ticket in it is twice as long.
      EXPECT_EQ(message.size() > 1500, is_allowed) << mechanism << message.size();
    }
  }
  realm().modify("imap/localhost", {"-ok_as_delegate"});
}

// A KRB-ERROR with this text (RFC 4120 section 5.9.1), as an error token of krb5 (RFC 4121
// section 4.1): what a server without any key can say.
std::string error_token(const std::string& realm_conf, std::string text, krb5_ui_4 code) {
  const Krb5Context context(realm_conf);
  Krb5Principal server(context);
  context.check(krb5_parse_name(context, "imap/localhost@EXAMPLE.TEST", server.out()), "name");
  krb5_error error{};
  error.error = code;
  error.server = server.get();
  error.text = {0, static_cast<unsigned>(text.size()), text.data()};
  krb5_data octets{};
  context.check(krb5_mk_error(context, &error, &octets), "error");
  const std::string token = "\x03\x00"s + std::string(octets.data, octets.length);
  krb5_free_data_contents(context, &octets);
  return token;
}

TEST_F(HostileServerTest, TextsOfErrorTokensDoNotReachTheTerminal) {
  SPEC("G15");
  for (const std::string& text : {"\x1b]0;owned\x07\x1b[2J"s, "x\r\nlogin of root admitted"s,
                                  "\xc2\x9b"
                                  "31m"s,
                                  "\xe2\x80\xae"
                                  "evil"s,
                                  std::string(60'000, 'x')}) {
    // KRB_ERR_GENERIC, of which libraries show the text; another one; one that does not exist.
    for (const krb5_ui_4 code : {60U, 37U, 127U}) {
      for (const char* mechanism : kMechanisms) {
        SCOPED_TRACE(mechanism + std::to_string(code));
        SaslClient client;
        ASSERT_EQ(client.start(mechanism).code, SASL_CONTINUE);
        count_attack();
        const std::string inner = error_token(realm().krb5_conf(), text, code);
        const Turn turn = client.step(gss_header(inner) + inner);
        EXPECT_LT(turn.code, SASL_OK);
        EXPECT_FALSE(turn.out);
        expect_tame(client);

        EXPECT_LT(client.error().size(), 3000U);
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
