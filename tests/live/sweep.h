// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_SWEEP_H_
#define GSSLOOP_TESTS_LIVE_SWEEP_H_

#include "tests/live/live_test.h"
#include "tests/support/attack_count.h"

namespace gssloop::testing {

// SweepRow is one kind of login.
struct SweepRow {
  const char* mechanism;
  const char* authzid;
  bool is_bound;
  unsigned max_ssf = 256;  // of the client
};

// Everything that the two applications could see of a login.
struct Seen {
  bool is_success = false;
  std::string authid, authzid, client_authid;
  Properties properties;
  bool has_delegated = false;
  unsigned server_ssf = 0, client_ssf = 0, server_max_out = 0, client_max_out = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// SweepTest runs one login again and again, each time with another change to one of its messages.
class SweepTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
    credential_ = default_credential();
  }

  Seen run(const SweepRow& row, const Tamper& tamper, Login* login) const {
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
    return look_at(client, server, *login);
  }

  // Runs the login with `change` applied to one message, and demands that it fails or that nothing
  // is different. Returns whether it succeeded.
  bool expect_same_or_failure(const SweepRow& row, const Seen& untouched, std::size_t number,
                              const std::function<void(std::string*)>& change, Login* login) const {
    count_attack();
    const Seen seen = run(
        row,
        [&](Message* message) {
          if (message->number == number) change(&*message->octets);
        },
        login);
    if (seen.is_success) {
      EXPECT_EQ(seen, untouched);
    }
    // The client may fail alone, but a server that succeeded has the untouched result.
    if (login->server.code == SASL_OK) {
      EXPECT_EQ(seen.authid, untouched.authid);
      EXPECT_EQ(seen.authzid, untouched.authzid);
      EXPECT_EQ(seen.properties, untouched.properties);
      EXPECT_EQ(seen.server_ssf, untouched.server_ssf);
    }
    return seen.is_success;
  }

 private:
  static Seen look_at(const SaslClient& client, const SaslServer& server, const Login& login) {
    Seen seen;
    seen.is_success = login.ok();
    if (login.server.code == SASL_OK) {
      seen.authid = server.authid();
      seen.authzid = server.authzid();
      seen.properties = server.properties();
      seen.has_delegated = server.pointer(SASL_DELEGATEDCREDS) != nullptr;
      seen.server_ssf = server.ssf();
      seen.server_max_out = server.max_out();
    } else {
      EXPECT_TRUE(server.proxy_calls().empty());
    }
    if (login.client.code == SASL_OK) {
      seen.client_authid = client.authid();
      seen.client_ssf = client.ssf();
      seen.client_max_out = client.max_out();
    }
    return seen;
  }

  gss::Credential credential_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_SWEEP_H_
