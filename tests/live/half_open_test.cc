// SPDX-License-Identifier: BSD-2-Clause
// Clients that begin a login and say no more, as many as a server has descriptors for: what each of
// them costs the server.
#include <malloc.h>

#include <memory>
#include <vector>

#include "tests/live/attacker.h"
#include "tests/support/growth.h"
#include "tests/support/sanitizer.h"

namespace gssloop::testing {
namespace {

constexpr int kNumConnections = 100'000, kNumContexts = 10'000;
const LogSettings kNoLog = {.level = SASL_LOG_NONE};  // its lines would count as memory

long in_use() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<long>(info.uordblks + info.hblkhd);
}

using Servers = std::vector<std::unique_ptr<SaslServer>>;

// What `begin` adds to each of so many connections of a server, in octets.
long cost_of(int num_connections, const std::function<void(SaslServer*)>& begin) {
  const ServerSetup setup{.log = kNoLog};
  Servers servers;
  servers.reserve(static_cast<std::size_t>(num_connections));
  for (int i = 0; i < num_connections; ++i) servers.push_back(std::make_unique<SaslServer>(setup));
  for (int i = 0; i < 10; ++i) begin(servers[static_cast<std::size_t>(i)].get());  // fills caches
  const long before = in_use(), descriptors = num_descriptors();
  for (const auto& server : servers) begin(server.get());
  const long cost = (in_use() - before) / num_connections;
  EXPECT_EQ(num_descriptors(), descriptors);
  return cost;
}

class HalfOpenTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    if (kHasSanitizer) GTEST_SKIP() << kOwnMalloc;
    disable_replay_cache();  // each connection gets the same message
  }
};

// Without a first message nothing of Kerberos is there yet.
TEST_F(HalfOpenTest, ClientsThatOnlyNameAMechanism) {
  SPEC("L17");
  for (const char* mechanism : kMechanisms) {
    const bool is_gs2 = mechanism == kGs2;
    const long cost = cost_of(is_gs2 ? kNumConnections : kNumContexts, [&](SaslServer* server) {
      EXPECT_EQ(server->start(mechanism, std::nullopt).code, SASL_CONTINUE);
    });
    count_attack();
    std::printf("%s, half-open: %ld bytes each\n", mechanism, cost);
    EXPECT_LT(cost, 2000) << mechanism;
  }
}

// GSSAPI waits for the choice of a layer: the context of Kerberos is there.
TEST_F(HalfOpenTest, ClientsThatDoNotChooseALayer) {
  SPEC("L17");
  SaslClient client({.log = kNoLog});
  const auto message = client.start(kGssapi).out;
  const long cost = cost_of(kNumContexts, [&](SaslServer* server) {
    ASSERT_EQ(server->start(kGssapi, message).code, SASL_CONTINUE);
    EXPECT_EQ(server->step("").code, SASL_CONTINUE);
  });
  count_attack();
  std::printf("%s, waiting for a choice: %ld bytes each\n", kGssapi, cost);
  EXPECT_LT(cost, 20'000);
}

}  // namespace
}  // namespace gssloop::testing
