// SPDX-License-Identifier: BSD-2-Clause
// An attacker who chooses names: identities that only look like another's, realms that only differ
// in case from the own one, and identities of any length.
#include <malloc.h>

#include "tests/live/attacker.h"
#include "tests/live/policy_session.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

// What people, or programs that fold letters, take for "alice".
const char* const kLookAlikes[] = {
    "Alice",
    "ALICE",
    "\xd0\xb0lice",  // Cyrillic
    "al\xc4\xb1"
    "ce",  // without a dot
    "al\xe2\x85\xb0"
    "ce",                                                            // a Roman numeral
    "\xef\xbd\x81\xef\xbd\x8c\xef\xbd\x89\xef\xbd\x83\xef\xbd\x85",  // full width
    "alice\xe2\x80\x8b",                                             // a space of no width
    "al\xc2\xadice",                                                 // a hyphen that is not shown
    "\xe2\x80\xae"
    "ecila",  // from right to left
    "alic\xcc\xb6"
    "e",              // with a combining letter
    "alice\xc2\xa0",  // a space that trimming may miss
    "\xef\xbb\xbf"
    "alice",  // a byte-order mark
    "alice.",
};

class AttackNamesTest : public PolicyTest {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
  }

  // What a peer who is alice says to be.
  static Login act_as(SaslServer* server, const std::string& mechanism, const std::string& name) {
    count_attack();
    if (mechanism == kGs2) {
      SaslClient client({.user = says(name)});
      return log_in(&client, server, mechanism);
    }
    RawContext client;
    client.unwrap(reach_offer(server, &client).out.value_or(""));
    Login login;
    login.server = server->step(client.wrap(layer_message(1, 0, name)));
    return login;
  }
};

TEST_F(AttackNamesTest, LookAlikesAreOtherUsers) {
  SPEC("L45");
  set_rules("require = [\"peer.realm=EXAMPLE.TEST\"]\nauthorize = [\"authid=alice\"]\n");
  for (const std::string name : kLookAlikes) {
    for (const char* mechanism : kMechanisms) {
      SCOPED_TRACE(mechanism + printable(as_bytes(name)));
      use_forged({.client = {{name}}});
      // Who may act as others is said of alice, and of no other user.
      for (const char* as : {"", "bob", "alice"}) {
        if (mechanism == kSpnego && *as != '\0') continue;
        count_attack();
        SaslClient client({.user = says(as)});
        SaslServer server(under_policy());
        const Login login = log_in(&client, &server, mechanism);
        EXPECT_EQ(login.ok(), *as == '\0') << server.log().text();
        EXPECT_EQ(server.authid(), *as == '\0' ? name : "");
        EXPECT_NE(server.authid(), "alice");
      }
    }
    use_ccache(realm().default_ccache());
    // And the other way round: alice is not that user.
    for (const char* mechanism : {kGs2, kGssapi}) {
      SaslServer server({.canon_user = [](CanonCall*) { return SASL_OK; }});
      EXPECT_LT(act_as(&server, mechanism, name).server.code, SASL_OK)
          << mechanism << printable(as_bytes(name)) << server.log().text();
    }
  }
}

TEST_F(AttackNamesTest, ARealmOfAnotherCaseIsForeign) {
  SPEC("L45");
  set_rules("require = [\"peer.realm=EXAMPLE.TEST\"]\n");
  for (const char* of : {"example.test", "Example.Test", "EXAMPLE.TESt", "EXAMPLE.TEST.",
                         "EXAMPLE.TES\xd0\xa2", "EXAMPLE.TEST\xe2\x80\x8b"}) {
    use_forged({.client = {{"alice"}, of}});
    for (const char* mechanism : kMechanisms) {
      SCOPED_TRACE(mechanism + " "s + of);
      count_attack();
      EXPECT_EQ(outcome({}, mechanism).code, SASL_NOAUTHZ);
      // Without a rule the realm stays with the name, in its own letters.
      SaslClient client;
      SaslServer server(watched());
      const Login login = log_in(&client, &server, mechanism);
      EXPECT_TRUE(login.ok()) << server.log().text();
      EXPECT_EQ(server.authid(), "alice@"s + of);
      // Nor is such a peer's principal the user's own name.
      SaslClient other({.user = says("alice")});
      SaslServer strict({.canon_user = [](CanonCall*) { return SASL_OK; }});
      if (mechanism == kSpnego) continue;  // has no place for it
      EXPECT_FALSE(log_in(&other, &strict, mechanism).ok());
    }
  }
}

// Longer than what libsasl has room for; longer than a message may be.
TEST_F(AttackNamesTest, LongIdentitiesAreRefusedAndTakeLittleMemory) {
  SPEC("G5 R5 L17");
  const auto held = [] { return static_cast<long>(mallinfo2().uordblks + mallinfo2().hblkhd); };
  for (const std::size_t len : {2000U, 70'000U, 1U << 20}) {
    const std::string name(len, 'a');
    for (const char* mechanism : {kGs2, kGssapi}) {
      SCOPED_TRACE(mechanism + (" " + std::to_string(len)));
      SaslServer server(watched());
      RawContext client;
      if (mechanism == kGssapi) client.unwrap(reach_offer(&server, &client).out.value_or(""));
      const std::string message = mechanism == kGs2 ? bound_message(gs2_header(name))
                                                    : client.wrap(layer_message(1, 0, name));
      const long before = held();
      const Turn turn = mechanism == kGs2 ? server.start(mechanism, message) : server.step(message);
      count_attack();
      EXPECT_LT(turn.code, SASL_OK) << "an identity that libsasl cuts is another user";
      EXPECT_LT(held() - before, 100'000) << "beyond the limit of a message nothing is kept";
      EXPECT_TRUE(server.proxy_calls().empty());
      EXPECT_EQ(server.authid() + server.authzid(), "");
      EXPECT_LT(server.log().text().size(), 5000U);
    }
  }
}

// Names whose octets libsasl, a log or an application could take for something else.
TEST_F(AttackNamesTest, IdentitiesArriveAsTheyAreOrNotAtAll) {
  SPEC("G5 R5 L45");
  const struct {
    std::string name;
    bool is_taken;
  } rows[] = {
      {"admin@EXAMPLE.TEST", true},  // another user: the application has to allow it
      {"admin\\", true},
      {"\\x61dmin", true},
      {"=2Cadmin", true},
      {"a,a=admin", true},
      {"%61dmin", true},
      {"../admin", true},
      {"admin\0"s, false},
      {"\0admin"s, false},
      {"admin\r\nA1 OK"s, false},
      {"\x1b[2Jadmin", false},
      {"admin\x9b"
       "2J",
       false},
      {"admin\xc2\x9b"
       "2J",
       false},
      {"\xc0\xaf"
       "admin",
       false},
      {"\xed\xa0\x80", false},
      {"\xf4\x90\x80\x80", false},
      {" admin", false},
      {"admin ", false},
      {"\vadmin", false},
  };
  for (const auto& row : rows) {
    for (const std::string mechanism : {kGs2, kGssapi}) {
      SCOPED_TRACE(mechanism + printable(as_bytes(row.name)));
      SaslServer server(watched());
      const Turn turn = mechanism == kGs2 ? server.start(kGs2, bound_message(gs2_header(row.name)))
                                          : act_as(&server, mechanism, row.name).server;
      if (!row.is_taken) {
        expect_silent_refusal(&server, turn, row.name);
        continue;
      }
      EXPECT_EQ(turn.code, SASL_OK) << server.log().text();
      EXPECT_EQ(server.authzid(), row.name);
      EXPECT_EQ(server.authid(), "alice");
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
