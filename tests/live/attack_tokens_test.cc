// SPDX-License-Identifier: BSD-2-Clause
// An attacker with the messages of others: sent again to another process and after their time, sent
// back to where they come from, made with a key that is no longer the service's, and tokens that
// are no context tokens. Each attack is also seen to succeed without what keeps it out.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/live/attacker.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;
using std::chrono::seconds;

class AttackTokensTest : public LiveTest {
 protected:
  // Whether a server takes the first message of a client for genuine. The answer may be an error
  // token; what follows tells it from the server's own.
  static bool is_taken(const std::string& mechanism, const std::string& message,
                       ServerSetup setup = watched()) {
    SaslServer server(std::move(setup));
    const Turn first = server.start(mechanism, message);
    const Turn last = first.code == SASL_CONTINUE ? server.step("") : first;
    log_ = server.log().text();
    if (last.code < SASL_OK) expect_silent_refusal(&server, last, mechanism);
    return last.code >= SASL_OK;
  }

  // The same in another process, which ends with the answer.
  static bool is_taken_elsewhere(const std::string& mechanism, const std::string& message) {
    const pid_t child = fork();
    if (child == 0) _exit(is_taken(mechanism, message) ? 1 : 2);
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && (WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 2));
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
  }

  static std::string first_message(const std::string& mechanism, const ClientSetup& setup = {}) {
    SaslClient client(setup);
    return client.start(mechanism).out.value_or("");
  }

  inline static std::string log_;
};

// The replay cache is a file, so that all processes of a service share it.
TEST_F(AttackTokensTest, AReplayInAnotherProcessIsRefused) {
  SPEC("L10");
  for (const char* mechanism : kMechanisms) {
    SCOPED_TRACE(mechanism);
    const std::string message = first_message(mechanism);
    EXPECT_TRUE(is_taken_elsewhere(mechanism, message));
    EXPECT_FALSE(is_taken(mechanism, message)) << log_;
    EXPECT_NE(log_.find("this token was used before"), log_.npos) << log_;
    EXPECT_FALSE(is_taken_elsewhere(mechanism, message));
    // What keeps it out.
    disable_replay_cache();
    EXPECT_TRUE(is_taken(mechanism, message)) << log_;
    EXPECT_TRUE(is_taken_elsewhere(mechanism, message));
    realm().apply_to_this_process();
  }
}

// A replay cache forgets; what it forgot is too old.
TEST_F(AttackTokensTest, AReplayAfterTheSkewIsRefused) {
  disable_replay_cache();
  use_forged({.client = {{"alice"}}, .start = -std::chrono::hours(10)});
  const auto message = [&](seconds offset) {
    return forged_ap_req(realm(), {.ccache = ccache("forged"), .clock_offset = offset});
  };
  const std::string tolerant = realm().path("tolerant.conf");
  std::ofstream(tolerant) << "include " << realm().krb5_conf()
                          << "\n[libdefaults]\nclockskew = 36000\n";
  for (const int offset : {0, -200, 200}) {
    EXPECT_TRUE(is_taken(kGssapi, message(seconds(offset)))) << log_;
  }
  for (const int offset : {-400, -3600, -20000, 400, 3600}) {
    EXPECT_FALSE(is_taken(kGssapi, message(seconds(offset)))) << offset << log_;
    EXPECT_NE(log_.find("the clocks of client"), log_.npos) << log_;
  }
  // What keeps it out.
  setenv("KRB5_CONFIG", tolerant.c_str(), 1);
  EXPECT_TRUE(is_taken(kGssapi, message(seconds(-3600)))) << log_;
}

// An attacker has the key that the service had before its keytab was replaced.
TEST_F(AttackTokensTest, AFormerKeyMakesNoTickets) {
  SPEC("R11");
  disable_replay_cache();
  const std::string service = "former/localhost";
  realm().kadmin(realm().name(), {"addprinc", "-randkey", service + "@EXAMPLE.TEST"});
  const std::string former = own_keytab("former.keytab", service);
  realm().rekey(service);
  const std::string current = own_keytab("current.keytab", service);
  const std::string both = realm().path("both.keytab");
  std::filesystem::copy_file(former, both);
  own_keytab("both.keytab", service);
  use_ccache(ccache("former"));
  forge_ticket(realm(), {.client = {{"admin"}}, .service = service, .keytab = former},
               ccache("former"));
  for (const char* mechanism : kMechanisms) {
    SCOPED_TRACE(mechanism);
    const std::string message = first_message(mechanism, {.service = "former"});
    const auto is_taken_with = [&](const std::string& keytab) {
      ServerSetup setup = watched();
      setup.service = "former";
      setup.options["keytab"] = keytab;
      return is_taken(mechanism, message, setup);
    };
    EXPECT_FALSE(is_taken_with(current)) << log_;
    EXPECT_NE(log_.find("the keytab does not contain the version of the key"), log_.npos) << log_;
    // What keeps it out: that the old key is gone.
    EXPECT_TRUE(is_taken_with(both)) << log_;
  }
}

// Each message is sent back to its sender, in each place of a login.
TEST_F(AttackTokensTest, ReflectedMessagesAreRefused) {
  SPEC("L26 R3");
  disable_replay_cache();
  for (const char* mechanism : kMechanisms) {
    SaslClient whole_client;
    SaslServer whole_server(watched());
    const Login whole = log_in(&whole_client, &whole_server, mechanism);
    ASSERT_TRUE(whole.ok());
    for (std::size_t number = 0; number < whole.messages.size(); ++number) {
      SCOPED_TRACE(std::string(mechanism) + " message " + std::to_string(number));
      SaslClient client;
      SaslServer server(watched());
      std::string before;
      // In the place of what the other side says, a side gets what it said last.
      const Login login = log_in(&client, &server, mechanism, [&](Message* message) {
        if (message->number == number && number > 0) {
          count_attack();
          message->octets = before;
        }
        before = message->octets.value_or("");
      });
      EXPECT_EQ(login.ok(), number == 0);
      if (number == 0) continue;
      const bool is_to_client = !whole.messages[number].is_from_client;
      EXPECT_LT(is_to_client ? login.client.code : finished(&server, login.server).code, SASL_OK);
    }
  }
}

// The choice of a layer that a server made itself: its offer, with and without what it said.
TEST_F(AttackTokensTest, AnOfferIsNoChoice) {
  SPEC("R3");
  disable_replay_cache();
  for (const unsigned max_ssf : {0U, 256U}) {
    ServerSetup setup = watched();
    setup.strength.max_ssf = max_ssf;
    SaslServer server(setup);
    RawContext client;
    const std::string offer = reach_offer(&server, &client).out.value_or("");
    EXPECT_EQ(client.unwrap(offer).message.substr(0, 1), max_ssf == 0 ? "\x01" : "\x07");
    expect_silent_refusal(&server, server.step(offer), "reflected offer");
  }
}

// A token of a name (RFC 2743 section 3.2, RFC 6680 section 7.8), with or without attributes.
// Whoever imports one believes what stands in it.
std::vector<std::string> name_tokens() {
  RawContext client;
  gss::Context context;
  gss::Name peer;
  gss::Buffer output, plain, composite;
  OM_uint32 minor = 0;
  const std::string token = client.begin({});
  gss_buffer_desc input = {token.size(), const_cast<char*>(token.data())};
  EXPECT_EQ(gss_accept_sec_context(&minor, context.in_out(), GSS_C_NO_CREDENTIAL, &input,
                                   GSS_C_NO_CHANNEL_BINDINGS, peer.out(), nullptr, output.out(),
                                   nullptr, nullptr, nullptr),
            0U);
  EXPECT_EQ(gss_export_name(&minor, peer.get(), plain.out()), 0U);
  EXPECT_EQ(gss_export_name_composite(&minor, peer.get(), composite.out()), 0U);
  EXPECT_EQ(to_string(plain.view()).substr(0, 2), "\x04\x01");
  EXPECT_EQ(to_string(composite.view()).substr(0, 2), "\x04\x02");
  return {to_string(plain.view()), to_string(composite.view())};
}

TEST_F(AttackTokensTest, NamesAreNotTakenInTheirExportedForm) {
  SPEC("N31");
  disable_replay_cache();
  for (const std::string& name : name_tokens()) {
    SCOPED_TRACE(printable(as_bytes(name), 20));
    for (const char* mechanism : kMechanisms) {
      for (const std::string& message : {name, "n,," + name}) {
        SaslServer server(watched());
        expect_silent_refusal(&server, server.start(mechanism, message), mechanism);
      }
    }
    // As the identity to act as.
    SaslServer gs2(watched());
    expect_silent_refusal(&gs2, gs2.start(kGs2, bound_message(gs2_header(name))), "header");
    SaslServer gssapi(watched());
    RawContext client;
    client.unwrap(reach_offer(&gssapi, &client).out.value_or(""));
    expect_silent_refusal(&gssapi, gssapi.step(client.wrap(layer_message(1, 0, name))), "choice");
  }
  // As the user: the ticket's name is octets, and none of them makes an attribute.
  for (const std::string& name : name_tokens()) {
    use_forged({.client = {{name}}});
    for (const char* mechanism : kMechanisms) {
      SaslClient client;
      SaslServer server(watched());
      const Login login = log_in(&client, &server, mechanism);
      expect_silent_refusal(&server, login.server, "principal");
    }
    use_ccache(realm().default_ccache());
  }
}

}  // namespace
}  // namespace gssloop::testing
