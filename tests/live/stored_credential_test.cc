// SPDX-License-Identifier: BSD-2-Clause
// Delegated credentials that a server stores (ccache_store).
#include <filesystem>

#include "tests/live/delegation_calls.h"
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

class StoredCredentialTest : public LiveTest {
 protected:
  // Alice logs in, and delegates the credential of a ccache; empty: her own.
  static Turn log_in_delegating(const std::string& mechanism, const std::string& delegated,
                                SaslServer* server) {
    use_ccache(realm().default_ccache());
    delegate_from(delegated);
    SaslClient client({.security_flags = SASL_SEC_PASS_CREDENTIALS});
    const Login login = log_in(&client, server, mechanism);
    delegate_from({});
    return login.server;
  }
};

// The client says whose credential it delegates. The server stores only the user's own.
TEST_F(StoredCredentialTest, AnotherUsersCredentialIsNotStored) {
  SPEC("G14");
  disable_replay_cache();
  realm().kinit("bob", "secret", ccache("bob"));
  for (const std::string mechanism : {"GS2-KRB5", "GSSAPI", "GSS-SPNEGO"}) {
    const std::string folder = realm().path("stored-" + mechanism);
    std::filesystem::create_directory(folder);
    for (const std::string& name : {std::string("alice"), std::string("alice-all")}) {
      const std::string store =
          name == "alice" ? "FILE:" + folder + "/%U" : "DIR:" + folder + "/%U-all";
      SCOPED_TRACE(mechanism + " " + store);
      SaslServer refusing({.options = {{"ccache_store", store}}});
      EXPECT_EQ(log_in_delegating(mechanism, ccache("bob"), &refusing).code, SASL_BADAUTH);
      EXPECT_TRUE(
          refusing.log().has("that of \"bob@EXAMPLE.TEST\", but the user is "
                             "\"alice@EXAMPLE.TEST\"",
                             SASL_LOG_ERR))
          << refusing.log().text();
      EXPECT_EQ(refusing.pointer(SASL_DELEGATEDCREDS), nullptr);
      EXPECT_FALSE(std::filesystem::exists(folder + "/" + name));
      SaslServer storing({.options = {{"ccache_store", store}}});
      EXPECT_EQ(log_in_delegating(mechanism, {}, &storing).code, SASL_OK) << storing.log().text();
      EXPECT_TRUE(std::filesystem::exists(folder + "/" + name));
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
