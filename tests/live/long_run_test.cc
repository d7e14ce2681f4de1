// SPDX-License-Identifier: BSD-2-Clause
// A server that runs for long: after its first logins, further ones leave nothing in memory.
#include <malloc.h>

#include "tests/live/policy_session.h"
#include "tests/support/growth.h"
#include "tests/support/sanitizer.h"

namespace gssloop::testing {
namespace {

// A leak of 16 octets in each login is more than what is allowed, also with the fewer logins.
// LeakSanitizer sees each leak, and a login takes much longer with it.
constexpr int kFewer = kHasSanitizer ? 20 : 1;
constexpr int kNumFirst = 1000 / kFewer, kNumLogins = 20'000 / kFewer, kNumComplete = 5000 / kFewer;
constexpr long kMaxGrowth = 64 * 1024;  // octets

struct Row {
  const char* mechanism;
  bool has_policy;
};

class LongRunTest : public PolicyTest, public ::testing::WithParamInterface<Row> {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    disable_replay_cache();  // the same message logs in again and again
    set_rules(
        "require = [\"assurance=second-factor\", \"exists client\"]\n"
        "deny = [\"client~\\\"*Z mallory\\\"\"]\n"
        "publish = \"all\"\n");
  }

  static ServerSetup server_setup() {
    ServerSetup setup{.requested = {"*auth-indicators"}, .log = kNoLog};
    return GetParam().has_policy ? under_policy(setup) : setup;
  }

  inline static const LogSettings kNoLog = {.level = SASL_LOG_NONE};
};

struct State {
  long in_use, descriptors;
  static State now() { return {static_cast<long>(mallinfo2().uordblks), num_descriptors()}; }
};

void expect_no_growth(int num_logins, const std::function<bool()>& log_in) {
  State first{};
  for (int i = 0; i < num_logins; ++i) {
    ASSERT_TRUE(log_in()) << "login " << i;
    if (i + 1 == kNumFirst) first = State::now();
  }
  const State last = State::now();
  EXPECT_LT(last.in_use - first.in_use, kMaxGrowth);
  EXPECT_EQ(last.descriptors, first.descriptors);
}

TEST_P(LongRunTest, TheServersPartDoesNotGrow) {
  SPEC("L41 N14");
  SaslClient client({.log = kNoLog});
  const auto message = client.start(GetParam().mechanism).out;
  const ServerSetup setup = server_setup();
  expect_no_growth(kNumLogins, [&] {
    return SaslServer(setup).start(GetParam().mechanism, message).code >= SASL_OK;
  });
}

TEST_P(LongRunTest, CompleteLoginsDoNotGrow) {
  SPEC("L41 N14");
  const ServerSetup setup = server_setup();
  expect_no_growth(kNumComplete, [&] {
    SaslClient client({.log = kNoLog});
    SaslServer server(setup);
    return log_in(&client, &server, GetParam().mechanism).ok();
  });
}

INSTANTIATE_TEST_SUITE_P(Mechanisms, LongRunTest,
                         ::testing::ValuesIn(std::vector<Row>{{kGs2, false},
                                                              {kGs2, true},
                                                              {"GSSAPI", false},
                                                              {"GSSAPI", true},
                                                              {"GSS-SPNEGO", false},
                                                              {"GSS-SPNEGO", true}}),
                         [](const auto& row) {
                           std::string name = row.param.mechanism;
                           std::erase(name, '-');
                           return name + (row.param.has_policy ? "UnderAPolicy" : "");
                         });

}  // namespace
}  // namespace gssloop::testing
