// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_POLICY_SESSION_H_
#define GSSLOOP_TESTS_LIVE_POLICY_SESSION_H_

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/live/live_test.h"

namespace gssloop::testing {

using Values = std::vector<std::string>;

// The attributes that the rules of the tests speak of.
inline constexpr char kDefinitions[] =
    "[attributes.assurance]\n"
    "from = [{ mechanism = \"krb5\", name = \"auth-indicators\" }]\n"
    "[attributes.client]\n"
    "from = [{ mechanism = \"krb5\", name = \"urn:mspac:client-info\", form = \"pac-client-info\" "
    "}]\n";

// PolicyTest runs logins under a policy file of the test's own.
class PolicyTest : public LiveTest {
 protected:
  static std::string policy_path() { return realm().path("policy.toml"); }

  // Puts a policy in place as an administrator should: whole, by renaming.
  static void write_policy(const std::string& text) {
    std::ofstream(policy_path() + ".new") << text;
    std::rename((policy_path() + ".new").c_str(), policy_path().c_str());
  }
  // `rules` follow the definitions, in [services.imap] unless they open a table themselves.
  static void set_rules(const std::string& rules) {
    write_policy(kDefinitions + (rules.starts_with('[') ? rules : "[services.imap]\n" + rules));
  }

  // A server under the policy. The policy decides which user may act as which one, unless the
  // set-up does.
  static ServerSetup under_policy(ServerSetup setup = {}) {
    setup.options.emplace("gssloop_policy", policy_path());
    if (!setup.proxy_policy) setup.proxy_policy = [](const ProxyCall&) { return SASL_OK; };
    return setup;
  }

  // What became of one login, for tables.
  struct Outcome {
    int code = SASL_FAIL;
    std::string authid, authzid;
    std::string log;
  };
  static Outcome outcome(const ClientSetup& client_setup = {},
                         const std::string& mechanism = kGs2) {
    SaslClient client(client_setup);
    SaslServer server(under_policy({.requested = {"*assurance"}}));
    const Login login = log_in(&client, &server, mechanism);
    Outcome outcome{login.server.code, {}, {}, server.log().text()};
    if (login.ok()) {
      outcome.authid = server.authid();
      outcome.authzid = server.authzid();
    } else {
      // Rules are nothing that a stranger may read.
      EXPECT_EQ(server.error().find("policy"), std::string::npos) << server.error();
    }
    return outcome;
  }

  // Tickets of users that Kerberos knows less about than about alice.
  static void be(const std::string& user) {
    if (user == "alice") return use_ccache(realm().default_ccache());
    realm().kinit(user, "secret", ccache(user));
    use_ccache(ccache(user));
  }
  static void be_without_pac() {
    realm().kinit(
        {.user = "bob", .password = "secret", .ccache = ccache("no-pac"), .request_pac = false});
    use_ccache(ccache("no-pac"));
  }
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_POLICY_SESSION_H_
