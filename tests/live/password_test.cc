// SPDX-License-Identifier: BSD-2-Clause
// Where a client uses the application's password, and how often the KDC gets it.
#include <unistd.h>

#include <regex>

#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

constexpr char kGssapi[] = "GSSAPI";
constexpr char kSpnego[] = "GSS-SPNEGO";
constexpr const char* kMechanisms[] = {kGssapi, kSpnego, kGs2};
const SaslOptions kEverywhere = {{"gssloop_password", "GSSAPI, GSS-SPNEGO, GS2-KRB5"}};

// By a procedure, or when SASL_INTERACT asks.
using Answering = Reply (*)(std::string);
constexpr Answering kWays[] = {says, types};

class PasswordTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    logged_len_ = realm().kdc_log().size();
    use_ccache(ccache("none"));
  }

  // Makes an expired ticket of alice's the only one.
  static void use_expired() {
    realm().kinit({.user = "alice",
                   .password = "secret",
                   .ccache = ccache("short"),
                   .lifetime = std::chrono::seconds(1)});
    use_ccache(ccache("short"));
    sleep(2);
  }

  // How many requests for an initial ticket proved a password to the KDC, or failed to, since the
  // last call. Those without proof are not among them: libkrb5 sends them to learn what to prove,
  // and also if a ticket has expired and the client keytab does not exist.
  int num_proofs() {
    const std::string log = realm().kdc_log().substr(logged_len_);
    logged_len_ += log.size();
    static const std::regex kProof(
        R"(AS_REQ [^\n]*: (ISSUE: |PREAUTH_FAILED: [^\n]*, Preauthentication failed))");
    const std::sregex_iterator first(log.begin(), log.end(), kProof);
    return static_cast<int>(std::distance(first, std::sregex_iterator()));
  }

  // The login fails for the ticket. The application was not prompted, and not asked for a password.
  void expect_no_ticket(const ClientSetup& setup, const char* mechanism, const char* reason) {
    num_proofs();
    SaslClient client(setup);
    EXPECT_EQ(client.start(mechanism).code, SASL_FAIL) << mechanism;
    expect_sentence(client.error(), {"failed: gss_", reason, "run kinit"});
    const bool is_named = setup.authname.how == Reply::How::kProcedure;
    EXPECT_EQ(client.asked(), is_named ? std::vector<unsigned long>{SASL_CB_AUTHNAME}
                                       : std::vector<unsigned long>{})
        << mechanism;
    EXPECT_EQ(num_proofs(), 0) << mechanism;
  }

  void expect_login(const ClientSetup& setup, const char* mechanism, const char* user) {
    num_proofs();
    SaslClient client(setup);
    SaslServer server;
    EXPECT_TRUE(log_in(&client, &server, mechanism).ok()) << mechanism << client.error();
    EXPECT_EQ(server.authid(), user);
    EXPECT_EQ(num_proofs(), 1) << mechanism;
  }

 private:
  std::size_t logged_len_ = 0;
};

TEST_F(PasswordTest, WithoutATicketNothingIsAsked) {
  SPEC("H4");
  for (const char* mechanism : {kGssapi, kSpnego}) {
    for (const Answering answers : kWays) {
      // By interaction the authorization name is not asked for either, as it would be in vain.
      const Reply user = answers == types ? types("") : Reply{};
      expect_no_ticket({.user = user, .authname = answers("alice"), .password = answers("secret")},
                       mechanism, "finding a credential");
    }
    expect_no_ticket({.password = says("secret")}, mechanism, "finding a credential");
  }
}

TEST_F(PasswordTest, WithAnExpiredTicketNothingIsAsked) {
  SPEC("H4");
  use_expired();
  for (const char* mechanism : {kGssapi, kSpnego}) {
    for (const Answering answers : kWays) {
      expect_no_ticket({.authname = answers("alice"), .password = answers("secret")}, mechanism,
                       "the ticket has expired");
    }
  }
}

// The name chooses the ticket, and not a user for the password. A name that the application would
// ask its user for chooses nothing.
TEST_F(PasswordTest, WithAnotherUsersTicketNothingIsAsked) {
  SPEC("H4");
  use_ccache(realm().default_ccache());
  for (const char* mechanism : {kGssapi, kSpnego}) {
    expect_no_ticket({.authname = says("bob"), .password = says("secret")}, mechanism,
                     "finding a credential for bob");
    SaslClient client({.authname = types("bob"), .password = types("secret")});
    SaslServer server;
    EXPECT_TRUE(log_in(&client, &server, mechanism).ok()) << client.error();
    EXPECT_EQ(server.authid(), "alice");
    EXPECT_TRUE(client.asked().empty());
    EXPECT_EQ(num_proofs(), 0);
  }
}

TEST_F(PasswordTest, ByDefaultGs2UsesIt) {
  SPEC("H4");
  for (const Answering answers : kWays) {
    expect_login({.authname = answers("alice"), .password = answers("secret")}, kGs2, "alice");
  }
}

TEST_F(PasswordTest, TheOptionNamesTheMechanisms) {
  SPEC("H4");
  for (const char* mechanism : kMechanisms) {
    for (const char* form : {"", "-PLUS"}) {
      const SaslOptions alone = {{"gssloop_password", std::string(mechanism) + form}};
      for (const char* other : kMechanisms) {
        const ClientSetup setup{
            .options = alone, .authname = says("bob"), .password = says("secret")};
        if (std::string_view(other) == mechanism) {
          expect_login(setup, other, "bob");
        } else {
          expect_no_ticket(setup, other, "finding a credential for bob");
        }
      }
    }
  }
}

TEST_F(PasswordTest, NoneIsNoMechanism) {
  SPEC("H4");
  for (const char* mechanism : kMechanisms) {
    for (const Answering answers : kWays) {
      expect_no_ticket({.options = {{"gssloop_password", "none"}},
                        .authname = answers("alice"),
                        .password = answers("secret")},
                       mechanism, "finding a credential");
    }
  }
}

TEST_F(PasswordTest, AnUnknownNameRefusesTheLogin) {
  SaslClient client({.options = {{"gssloop_password", "GSSAPI GS2-KBR5"}}});
  use_ccache(realm().default_ccache());
  EXPECT_EQ(client.start(kGssapi).code, SASL_CONFIGERR);
  expect_sentence(client.error(), {"gssloop_password", "GSSAPI GS2-KBR5", "GS2-KRB5"});
  // What the machine has, but the module does not offer here, is no unknown name.
  SaslClient known({.options = {{"gssloop_password", "GS2-IAKERB"}}});
  EXPECT_EQ(known.start(kGssapi).code, SASL_CONTINUE) << known.error();
}

// A KDC locks the account after some wrong passwords, so a login must not send one twice. alice's
// requests prove the password; bob's tickets are issued without proof, and cannot be decrypted.
TEST_F(PasswordTest, TheKdcGetsItOnceInALogin) {
  SPEC("H4");
  for (const bool is_expired : {false, true}) {
    if (is_expired) use_expired();
    for (const char* mechanism : kMechanisms) {
      for (const Answering answers : kWays) {
        expect_login({.options = kEverywhere,
                      .user = answers(""),
                      .authname = answers("alice"),
                      .password = answers("secret")},
                     mechanism, "alice");
        for (const char* user : {"alice", "bob"}) {
          SaslClient client({.options = kEverywhere,
                             .user = answers(""),
                             .authname = answers(user),
                             .password = answers("wrong")});
          EXPECT_EQ(client.start(mechanism).code, SASL_FAIL);
          expect_sentence(client.error(), {"with a password failed"});
          // What a failed client is asked next sends nothing more.
          EXPECT_EQ(client.step("").code, SASL_FAIL);
          EXPECT_EQ(num_proofs(), 1) << mechanism << " " << user;
        }
      }
    }
  }
}

// The application's length of an answer is wrong: nothing is read, and no password is sent.
TEST_F(PasswordTest, WrongLengthsOfAnswers) {
  SPEC("H4");
  for (const unsigned long wrong :
       std::initializer_list<unsigned long>{SASL_CB_AUTHNAME, SASL_CB_PASS}) {
    num_proofs();
    SaslClient client({.authname = types("alice"), .password = types("secret")});
    sasl_interact_t* prompts = nullptr;
    const char* out = nullptr;
    const char* chosen = nullptr;
    unsigned len = 0;
    int code = SASL_INTERACT;
    const auto start = [&] {
      code = sasl_client_start(client.get(), kGs2, &prompts, &out, &len, &chosen);
    };
    start();
    for (int round = 0; code == SASL_INTERACT && round < 3; ++round) {
      for (sasl_interact_t* prompt = prompts; prompt->id != SASL_CB_LIST_END; ++prompt) {
        prompt->result = prompt->id == SASL_CB_PASS ? "secret" : "alice";
        prompt->len = prompt->id == wrong ? ~0U : 5;
      }
      start();
    }
    EXPECT_EQ(code, SASL_FAIL);
    expect_sentence(client.error(), {"4294967295 bytes; the limit is 65535"});
    EXPECT_EQ(num_proofs(), 0);
  }
  // A procedure's secret.
  sasl_secret_t secret{~0UL, {'x'}};
  const auto give = [](sasl_conn_t*, void* context, int, sasl_secret_t** given) {
    *given = static_cast<sasl_secret_t*>(context);
    return SASL_OK;
  };
  int (*const procedure)(sasl_conn_t*, void*, int, sasl_secret_t**) = give;
  ClientSetup setup{.authname = says("alice")};
  setup.callbacks.push_back({SASL_CB_PASS, as_callback(procedure), &secret});
  SaslClient client(setup);
  EXPECT_EQ(client.start(kGs2).code, SASL_FAIL);
  expect_sentence(client.error(), {"the limit is 65535"});
}

}  // namespace
}  // namespace gssloop::testing
