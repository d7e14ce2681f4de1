// SPDX-License-Identifier: BSD-2-Clause
// Every message of a GSSAPI and of a GSS-SPNEGO login cut at each length, and with each octet
// changed. Never a success that is not the untouched one, never a crash, never a hang.
#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

// Row is one kind of login.
struct Row {
  const char* mechanism;
  const char* authzid;
  unsigned max_ssf;
  bool is_bound;
};
const Row kRows[] = {{kGssapi, "bob", 256, false},
                     {kGssapi, "", 0, true},
                     {kSpnego, "", 256, false},
                     {kSpnego, "", 1, true}};

// Everything that the two applications could see of a login.
struct Seen {
  bool is_success = false;
  std::string authid, authzid, client_authid;
  Properties properties;
  bool has_delegated = false;
  unsigned server_ssf = 0, client_ssf = 0, server_max_out = 0, client_max_out = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

class LayerSweep : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
    OM_uint32 minor = 0;
    ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, GSS_C_NO_OID_SET, GSS_C_INITIATE,
                               credential_.out(), nullptr, nullptr),
              0U);
  }

  Seen run(const Row& row, const Tamper& tamper, Login* login) const {
    ClientSetup client_setup{.user = says(row.authzid), .credential = credential_.get()};
    ServerSetup server_setup{.requested = {"*auth-indicators", "*urn:mspac:client-info"},
                             .proxy_policy = [](const ProxyCall&) { return SASL_OK; }};
    client_setup.strength.max_ssf = row.max_ssf;
    if (row.is_bound) client_setup.binding = server_setup.binding = {"tls-unique", "data", true};
    SaslClient client(client_setup);
    SaslServer server(server_setup);
    *login = log_in(&client, &server, row.mechanism, tamper);
    // The server may have to say once more that it failed, and must not change its mind.
    if (login->server.code == SASL_CONTINUE) login->server = server.step("");
    Seen seen;
    seen.is_success = login->ok();
    if (login->server.code == SASL_OK) {
      seen.authid = server.authid();
      seen.authzid = server.authzid();
      seen.properties = server.properties();
      seen.has_delegated = server.pointer(SASL_DELEGATEDCREDS) != nullptr;
      seen.server_ssf = server.ssf();
      seen.server_max_out = server.max_out();
    } else {
      EXPECT_TRUE(server.proxy_calls().empty());
    }
    if (login->client.code == SASL_OK) {
      seen.client_authid = client.authid();
      seen.client_ssf = client.ssf();
      seen.client_max_out = client.max_out();
    }
    return seen;
  }

  // Runs the login with `change` applied to one message, and demands that it fails or that nothing
  // is different. Returns whether it succeeded.
  bool expect_same_or_failure(const Row& row, const Seen& untouched, std::size_t number,
                              const std::function<void(std::string*)>& change) const {
    Login login;
    const Seen seen = run(
        row,
        [&](Message* message) {
          if (message->number == number) change(&*message->octets);
        },
        &login);
    if (seen.is_success) {
      EXPECT_EQ(seen, untouched);
    }
    // The client may fail alone, but a server that succeeded has the untouched result.
    if (login.server.code == SASL_OK) {
      EXPECT_EQ(seen.authid, untouched.authid);
      EXPECT_EQ(seen.authzid, untouched.authzid);
      EXPECT_EQ(seen.properties, untouched.properties);
      EXPECT_EQ(seen.server_ssf, untouched.server_ssf);
    }
    return seen.is_success;
  }

 private:
  gss::Credential credential_;
};

TEST_F(LayerSweep, TruncatedMessagesNeverSucceed) {
  SPEC("R3 R4");
  for (const Row& row : kRows) {
    Login whole;
    const Seen untouched = run(row, {}, &whole);
    ASSERT_TRUE(untouched.is_success);
    ASSERT_EQ(whole.messages.size(), row.mechanism == kGssapi ? 5U : 2U);
    for (std::size_t number = 0; number < whole.messages.size(); ++number) {
      const std::size_t size = whole.messages[number].octets->size();
      for (std::size_t num_cut = 1; num_cut <= size; ++num_cut) {
        const bool is_success =
            expect_same_or_failure(row, untouched, number, [&](std::string* octets) {
              octets->resize(octets->size() - std::min(num_cut, octets->size()));
            });
        ASSERT_FALSE(is_success) << row.mechanism << " message " << number << " less " << num_cut;
      }
    }
  }
}

TEST_F(LayerSweep, ChangedOctetsFailOrChangeNothing) {
  SPEC("R3 R4");
  for (const Row& row : kRows) {
    Login whole;
    const Seen untouched = run(row, {}, &whole);
    ASSERT_TRUE(untouched.is_success);
    int num_tolerated = 0;
    for (std::size_t number = 0; number < whole.messages.size(); ++number) {
      const std::size_t size = whole.messages[number].octets->size();
      // Each bit of what is wrapped; of the context's tokens one bit of each octet, and all.
      const bool is_wrapped = number >= 3;
      for (std::size_t at = 0; at < size; ++at) {
        std::vector<int> changes = {1 << at % 8, 0xff};
        if (is_wrapped) changes = {1, 2, 4, 8, 16, 32, 64, 128, 0xff};
        for (const int change : changes) {
          SCOPED_TRACE(::testing::Message() << row.mechanism << " message " << number << " octet "
                                            << at << " xor " << change);
          const bool is_success =
              expect_same_or_failure(row, untouched, number, [&](std::string* octets) {
                if (at < octets->size()) (*octets)[at] = static_cast<char>((*octets)[at] ^ change);
              });
          num_tolerated += is_success ? 1 : 0;
          // RFC 4121 section 4.2.5: the count that tokens are rotated by is not protected.
          if (is_wrapped && is_success) {
            ASSERT_TRUE(at == 6 || at == 7);
          }
          if (HasFailure()) return;
        }
      }
    }
    std::printf("%s: %d changes changed nothing\n", row.mechanism, num_tolerated);
  }
}

// Messages that come twice, and each other's.
TEST_F(LayerSweep, MessagesInAnotherOrderNeverSucceed) {
  SPEC("R3 R4");
  for (const Row& row : kRows) {
    Login whole;
    const Seen untouched = run(row, {}, &whole);
    for (std::size_t number = 0; number < whole.messages.size(); ++number) {
      for (std::size_t other = 0; other < whole.messages.size(); ++other) {
        // Another login's first token is a good first token, and nothing is nothing.
        if (number == other && *whole.messages[number].octets == "") continue;
        const bool is_success = expect_same_or_failure(
            row, untouched, number,
            [&](std::string* octets) { *octets = *whole.messages[other].octets; });
        ASSERT_FALSE(is_success) << row.mechanism << number << other;
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
