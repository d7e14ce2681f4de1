// SPDX-License-Identifier: BSD-2-Clause
// A policy file that changes, breaks, vanishes, and what is published by it.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/live/policy_session.h"

namespace gssloop::testing {
namespace {

class PolicyChangeTest : public PolicyTest {
 protected:
  static Properties publish(const std::string& rules, const Values& requested,
                            const std::string& user = "") {
    set_rules(rules);
    ClientSetup setup;
    if (!user.empty()) setup.user = says(user);
    SaslClient client(setup);
    SaslServer server(under_policy({.requested = requested}));
    EXPECT_TRUE(log_in(&client, &server, kGs2).ok()) << server.log().text();
    return server.properties();
  }
};

TEST_F(PolicyChangeTest, TheNextLoginObeysIt) {
  set_rules("");
  SaslClient first, second, third, fourth, fifth;
  SaslServer server(under_policy());
  EXPECT_EQ(outcome().code, SASL_OK);
  set_rules("require = [\"assurance=nothing\"]\n");
  EXPECT_EQ(outcome().code, SASL_NOAUTHZ);
  // Of the same length, and within the same tick of the clock.
  set_rules("require = [\"assurance=spake  \"]\n");
  EXPECT_EQ(outcome().code, SASL_OK);
  // Broken: no user gets in, and the log says why.
  set_rules("require = [\"assurance=\"]\n");
  const Outcome broken = outcome();
  EXPECT_EQ(broken.code, SASL_CONFIGERR);
  EXPECT_NE(broken.log.find("policy.toml:6:"), std::string::npos) << broken.log;
  EXPECT_NE(broken.log.find("expected a value"), std::string::npos) << broken.log;
  EXPECT_EQ(outcome().code, SASL_CONFIGERR);
  set_rules("");
  EXPECT_EQ(outcome().code, SASL_OK);
  // Gone, as for a server that changed its root: what held goes on to hold.
  set_rules("require = [\"assurance=nothing\"]\n");
  EXPECT_EQ(outcome().code, SASL_NOAUTHZ);
  std::filesystem::remove(policy_path());
  EXPECT_EQ(outcome().code, SASL_NOAUTHZ);
}

// Each login uses one whole version, even if the file changes meanwhile.
TEST_F(PolicyChangeTest, ManyLoginsWhileItChanges) {
  const std::string rules[] = {"", "require = [\"assurance=nothing\"]\n", "require = [\"\"]\n"};
  const int codes[] = {SASL_OK, SASL_NOAUTHZ, SASL_CONFIGERR};
  set_rules(rules[0]);
  std::atomic<unsigned> num_seen[3] = {};
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!is_over) {
        const auto* const code = std::ranges::find(codes, outcome().code);
        if (code != std::end(codes)) {
          ++num_seen[code - codes];
        } else {
          ADD_FAILURE() << "neither version";
        }
      }
    });
  }
  // Until each version was met often, however slow the machine.
  for (int i = 0; !std::ranges::all_of(num_seen, [](const auto& seen) { return seen > 20U; });
       ++i) {
    set_rules(rules[i % 3]);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(PolicyChangeTest, APathThatIsNamedMustExist) {
  SaslClient client;
  SaslServer server({.options = {{"gssloop_policy", realm().path("no-such-policy.toml")}}});
  EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_CONFIGERR);
  EXPECT_TRUE(server.log().has("no-such-policy.toml")) << server.log().text();
  EXPECT_EQ(server.error().find("no-such"), std::string::npos);
}

TEST_F(PolicyChangeTest, UnreadableRefuses) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  set_rules("");
  chmod(policy_path().c_str(), 0);
  const Outcome result = outcome();
  EXPECT_EQ(result.code, SASL_CONFIGERR);
  EXPECT_NE(result.log.find("cannot be opened"), std::string::npos) << result.log;
}

TEST_F(PolicyChangeTest, MappedProperties) {
  SPEC("N1 N5");
  Properties seen = publish("", {"*assurance", "assurance", "*client", "*auth-indicators"});
  EXPECT_EQ(seen["*assurance"], (Values{"spake", "second-factor"}));
  EXPECT_EQ(seen["assurance"], (Values{"spake", "second-factor"}));
  EXPECT_EQ(seen["*auth-indicators"], (Values{"spake", "second-factor"}));
  ASSERT_EQ(seen["*client"].size(), 1U);
  EXPECT_TRUE(seen["*client"][0].ends_with("Z alice")) << seen["*client"][0];
  seen = publish("", {"*assurance", "assurance"}, "bob");
  EXPECT_EQ(seen["*assurance"].size(), 2U);
  EXPECT_TRUE(seen["assurance"].empty());
}

TEST_F(PolicyChangeTest, Unasked) {
  SPEC("N1");
  EXPECT_EQ(publish("", {}).count("*assurance"), 0U);
  EXPECT_EQ(publish("publish = \"requested\"\n", {}).count("*assurance"), 0U);
  Properties named = publish("publish = [\"assurance\"]\n", {});
  EXPECT_EQ(named["*assurance"].size(), 2U);
  EXPECT_EQ(named["assurance"].size(), 2U);
  EXPECT_EQ(named.count("*client"), 0U);
  Properties all = publish("publish = \"all\"\n", {"*mail"}, "bob");
  EXPECT_EQ(all["*assurance"].size(), 2U);
  EXPECT_EQ(all["*client"].size(), 1U);
  EXPECT_TRUE(all["client"].empty());
  EXPECT_EQ(all.count("*auth-indicators"), 0U);
}

// A name that the policy defines is never filled from the raw attribute of that name.
TEST_F(PolicyChangeTest, ADefinitionTakesTheNameOfARawAttribute) {
  SPEC("N5 N10");
  write_policy(
      "[attributes.auth-indicators]\n"
      "from = [{ mechanism = \"1.2.3.4\", name = \"auth-indicators\" }]\n"
      "[attributes.from-elsewhere]\n"
      "from = [{ mechanism = \"krb5\", name = \"auth-indicators\", issuer = \"OTHER.TEST\" }]\n"
      "[attributes.from-here]\n"
      "property = \"how\"\n"
      "from = [{ mechanism = \"krb5\", name = \"auth-indicators\", issuer = \"EXAMPLE.TEST\" }]\n"
      // This one's property is not its name, which nothing else may have.
      "[attributes.\"urn:mspac:client-info\"]\n"
      "property = \"info\"\n"
      "from = [{ mechanism = \"krb5\", name = \"urn:mspac:client-info\" , form = \"hex\" }]\n");
  SaslClient client;
  SaslServer server(under_policy({.requested = {"*auth-indicators", "*from-elsewhere", "*from-here",
                                                "*how", "*info", "*urn:mspac:client-info"}}));
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok()) << server.log().text();
  EXPECT_TRUE(server.properties().at("*auth-indicators").empty());
  EXPECT_TRUE(server.properties().at("*from-elsewhere").empty());
  EXPECT_TRUE(server.properties().at("*from-here").empty());
  EXPECT_EQ(server.properties().at("*how").size(), 2U);
  EXPECT_EQ(server.properties().at("*info").size(), 1U);
  EXPECT_TRUE(server.properties().at("*urn:mspac:client-info").empty());
}

}  // namespace
}  // namespace gssloop::testing
