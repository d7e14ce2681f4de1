// SPDX-License-Identifier: BSD-2-Clause
// Texts of a peer that would make lines of a log, or control the terminal on which one is read:
// escape sequences, line breaks, letters that turn the direction of writing. In each place from
// which a text can come, what client and server say of it is printable ASCII, at every log level.
#include "tests/live/attacker.h"
#include "tests/live/policy_session.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

const std::string kTexts[] = {
    "\x1b[2Jadmin",
    "\x1b]0;title\x07",
    "x\nNov 30 imapd: login of root admitted",
    "x\r\nA1 OK",
    "\x9b"
    "31m",
    "\xc2\x9b"
    "31m",
    "\xc2\x85next line",
    "\xe2\x80\xa8line separator",
    "\xe2\x80\xaenimda",  // from right to left
    "\xe2\x81\xa6isolate",
    "\x7f\x08\x08\x08",
    "100%s%n%n",
    "\"quoted\" \\x41",
};

class HostileTextTest : public PolicyTest {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
  }

  // A login, whose both sides may say what they like about it, but tamely.
  static void try_login(const std::string& mechanism, ServerSetup setup = watched(),
                        ClientSetup client_setup = {}) {
    count_attack();
    SaslClient client(std::move(client_setup));
    SaslServer server(std::move(setup));
    const Login login = log_in(&client, &server, mechanism);
    if (!login.messages.empty() && login.server.code == SASL_CONTINUE) server.step("");
    expect_tame(client);
    expect_tame(server);
  }
};

TEST_F(HostileTextTest, OfPrincipalsAndRealms) {
  SPEC("L45");
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(printable(as_bytes(text)));
    const ForgedPrincipal clients[] = {
        {{text}}, {{"alice", text}}, {{"alice"}, text}, {{"alice"}, "EXAMPLE.TEST" + text}};
    for (const ForgedPrincipal& client : clients) {
      use_forged({.client = client});
      for (const char* mechanism : kMechanisms) {
        try_login(mechanism);
        set_rules("deny = [\"principal~*\"]\n");
        try_login(mechanism, under_policy());
        set_rules("authorize = []\n");
        try_login(mechanism, under_policy(), {.user = says("bob")});
        set_rules("identity = \"auth-to-local\"\n");
        try_login(mechanism, under_policy());
      }
    }
  }
}

TEST_F(HostileTextTest, OfHeadersAndMessages) {
  SPEC("G4 G5");
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(printable(as_bytes(text)));
    const std::string messages[] = {text,
                                    text + ",,token",
                                    "n,a=" + text + ",token",
                                    "p=" + text + ",,token",
                                    "p=tls-unique,a=" + text + ",token",
                                    "n,," + text,
                                    "n," + text + ",token",
                                    "F,n,," + text,
                                    bound_message("n,a=" + text + ","),
                                    bound_message(gs2_header(text))};
    for (const std::string& message : messages) {
      for (const char* mechanism : kMechanisms) {
        for (const bool is_bound : {false, true}) {
          count_attack();
          ServerSetup setup;
          if (is_bound) setup.binding = ChannelBinding{"tls-unique", "data", false};
          SaslServer server(setup);
          finished(&server, server.start(mechanism, message));
          expect_tame(server);
        }
      }
    }
    SaslServer server;
    RawContext client;
    client.unwrap(reach_offer(&server, &client).out.value_or(""));
    count_attack();
    server.step(client.wrap(layer_message(1, 0, text)));
    expect_tame(server);
  }
}

// Indicators are the realm's, of which a foreign one may be the attacker's.
TEST_F(HostileTextTest, OfAttributes) {
  SPEC("N31");
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(printable(as_bytes(text)));
    use_forged({.client = {{"alice"}}, .indicators = std::vector<std::string>{text, "spake"}});
    for (const char* rules : {"require = [\"assurance=otp\"]\n", "deny = [\"assurance~*\"]\n",
                              "identity = \"assurance\"\n", "publish = \"all\"\n",
                              "authorize = [\"assurance=otp\"]\n"}) {
      set_rules(rules);
      for (const char* mechanism : kMechanisms) {
        ServerSetup setup = under_policy({.requested = {"*assurance", "*auth-indicators"}});
        try_login(mechanism, setup, {.user = says("bob")});
      }
    }
    use_ccache(realm().default_ccache());
  }
}

// What the client's own application or its user says.
TEST_F(HostileTextTest, OfTheClientsApplication) {
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(printable(as_bytes(text)));
    for (const char* mechanism : kMechanisms) {
      try_login(mechanism, {}, {.user = says(text)});
      try_login(mechanism, {}, {.authname = says(text)});
      try_login(mechanism, {}, {.binding = ChannelBinding{text, "data", false}});
      use_ccache(ccache("none"));
      try_login(mechanism, {}, {.authname = says(text), .password = says("secret")});
      use_ccache(realm().default_ccache());
    }
  }
}

// A ticket that is forwarded is stored under the user's name.
TEST_F(HostileTextTest, OfNamesOfStoredTickets) {
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(printable(as_bytes(text)));
    // The application's names: a peer could have it, if a realm gave it to the peer.
    for (const char* store : {"FILE:/nowhere/%U", "DIR:/nowhere/%u", "MEMORY:%U"}) {
      ServerSetup setup = watched();
      setup.options["ccache_store"] = store;
      setup.canon_user = [&](CanonCall* call) {
        call->name = text;
        return SASL_OK;
      };
      try_login(kGs2, setup, {.security_flags = SASL_SEC_PASS_CREDENTIALS});
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
