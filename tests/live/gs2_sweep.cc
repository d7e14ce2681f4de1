// SPDX-License-Identifier: BSD-2-Clause
// Every message of a login cut at each length, and with each bit flipped. Never a success that is
// not the untouched one, never a crash, never a hang.
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

const ChannelBinding kBinding{"tls-unique", "channel data", true};

// Row is one kind of login, and what its untouched run looks like.
struct Row {
  const char* mechanism;
  const char* authzid;
  bool is_bound;
};
const Row kRows[] = {{kGs2, "", false}, {kGs2, "bob", false}, {kGs2Plus, "bob", true}};

// Everything that an application could see of a login.
struct Seen {
  bool is_success = false;
  std::string authid, authzid, client_authid;
  Properties properties;
  bool has_delegated = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

class SweepTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
    OM_uint32 minor = 0;
    ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, GSS_C_NO_OID_SET, GSS_C_INITIATE,
                               &credential_, nullptr, nullptr),
              0U);
  }
  void TearDown() override {
    OM_uint32 minor = 0;
    gss_release_cred(&minor, &credential_);
    LiveTest::TearDown();
  }

  Seen run(const Row& row, const Tamper& tamper, Login* login) const {
    ClientSetup client_setup{.user = says(row.authzid), .credential = credential_};
    ServerSetup server_setup{.requested = {"*auth-indicators", "*urn:mspac:client-info"},
                             .proxy_policy = [](const ProxyCall&) { return SASL_OK; }};
    if (row.is_bound) client_setup.binding = server_setup.binding = kBinding;
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
    }
    if (login->client.code == SASL_OK) seen.client_authid = client.authid();
    return seen;
  }

  static std::size_t header_len(const std::string& message) {
    return message.find(',', message.find(',') + 1) + 1;
  }

 private:
  gss_cred_id_t credential_ = GSS_C_NO_CREDENTIAL;
};

TEST_F(SweepTest, TruncatedMessagesNeverSucceed) {
  SPEC("G4 L26");
  for (const Row& row : kRows) {
    Login whole;
    ASSERT_TRUE(run(row, {}, &whole).is_success);
    ASSERT_EQ(whole.messages.size(), 2U);
    for (std::size_t number = 0; number < 2; ++number) {
      const std::size_t size = whole.messages[number].octets->size();
      // Tokens of one login differ in size by an octet or so: cut from the end as well.
      for (std::size_t len = 0; len < size; ++len) {
        Login login;
        bool was_cut = false;
        const Seen seen = run(
            row,
            [&](Message* message) {
              if (message->number != number || message->octets->size() <= len) return;
              message->octets->resize(len);
              was_cut = true;
            },
            &login);
        ASSERT_EQ(was_cut && seen.is_success, false) << "message " << number << " cut at " << len;
        if (number == 0 && was_cut) {
          ASSERT_LT(login.server.code, SASL_OK) << len;
        }
      }
    }
  }
}

TEST_F(SweepTest, FlippedBitsFailOrChangeNothing) {
  SPEC("G4 G9 G10");
  for (const Row& row : kRows) {
    Login login;
    const Seen untouched = run(row, {}, &login);
    ASSERT_TRUE(untouched.is_success);
    const std::vector<Message> whole = login.messages;
    const std::size_t in_header = header_len(*whole[0].octets);
    int num_tolerated = 0;
    for (std::size_t number = 0; number < 2; ++number) {
      for (std::size_t bit = 0; bit < 8 * whole[number].octets->size(); ++bit) {
        const Seen seen = run(
            row,
            [&](Message* message) {
              if (message->number != number || bit / 8 >= message->octets->size()) return;
              (*message->octets)[bit / 8] ^= static_cast<char>(1 << bit % 8);
            },
            &login);
        if (number == 0 && bit / 8 < in_header) {
          ASSERT_FALSE(seen.is_success) << "header, bit " << bit;
          ASSERT_LT(login.server.code, SASL_OK) << "header, bit " << bit;
        } else if (seen.is_success) {
          ASSERT_EQ(seen, untouched) << "message " << number << ", bit " << bit;
          ++num_tolerated;
        }
        // The client may fail alone, but a server that succeeded has the untouched result.
        if (login.server.code == SASL_OK) {
          ASSERT_EQ(seen.authid, untouched.authid);
          ASSERT_EQ(seen.authzid, untouched.authzid);
          ASSERT_EQ(seen.properties, untouched.properties);
        }
      }
    }
    RecordProperty("tolerated_bits", num_tolerated);
    std::printf("%s: %d flipped bits changed nothing\n", row.mechanism, num_tolerated);
  }
}

}  // namespace
}  // namespace gssloop::testing
