// SPDX-License-Identifier: BSD-2-Clause
// The module in a process: threads, an application's allocator, many starts and ends.
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/live/live_test.h"
#include "tests/support/growth.h"
#include "tests/support/idle_memory.h"
#include "tests/support/sanitizer.h"

namespace gssloop::testing {
namespace {

class ProcessTest : public LiveTest {};

TEST_F(ProcessTest, ThreadsShareOneServerPlugin) {
  constexpr int kNumThreads = 4, kNumLogins = 50;
  disable_replay_cache();
  std::atomic<int> num_ok = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kNumThreads; ++i) {
    threads.emplace_back([&, i] {
      const std::string authzid = "user-" + std::to_string(i);
      for (int j = 0; j < kNumLogins; ++j) {
        SaslClient client({.user = says(authzid)});
        SaslServer server({.requested = {"*auth-indicators"},
                           .proxy_policy = [](const ProxyCall&) { return SASL_OK; }});
        if (!server.offers(kGs2) || !log_in(&client, &server, kGs2).ok()) continue;
        if (server.authid() == "alice" && server.authzid() == authzid &&
            server.properties().at("*auth-indicators").size() == 2) {
          ++num_ok;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_ok, kNumThreads * kNumLogins);
}

void one_login() {
  SaslClient client({.user = says("bob")});
  SaslServer server({.requested = {"*auth-indicators"},
                     .proxy_policy = [](const ProxyCall&) { return SASL_OK; }});
  ASSERT_TRUE(log_in(&client, &server, kGs2).ok());
  SaslServer refusing;
  refusing.start(kGs2, "n,,garbage");
}

TEST_F(ProcessTest, ManyStartsAndEndsDoNotGrow) {
  SPEC("L41");
  disable_replay_cache();
  EXPECT_LT(growth(100,
                   [this] {
                     restart_library({});
                     one_login();
                   }),
            20);
}

TEST_F(ProcessTest, ManyLoginsDoNotGrow) {
  SPEC("L41 N14");
  disable_replay_cache();
  EXPECT_LT(growth(200, one_login), 20);
}

// A connection may be idle for hours. A context that only authenticated is not kept.
TEST_F(ProcessTest, AnIdleConnectionTakesNotMuchMoreThanAContext) {
  if (kHasSanitizer) GTEST_SKIP() << kOwnMalloc;
  disable_replay_cache();
  EXPECT_LT(idle_memory(kGs2).ratio(), 1.0);
  for (const char* mechanism : {"GSSAPI", "GSS-SPNEGO"}) {
    EXPECT_LT(idle_memory(mechanism).ratio(), 1.1) << mechanism;
  }
}

// An allocator that is not malloc's: each block has a head, so that free() of one, or its release
// of a block from malloc, is found at once.
constexpr std::size_t kHeadLen = 32;
constexpr std::uint64_t kMark = 0x6773736c6f6f7021;
std::atomic<long> num_live = 0;

void* marked(void* block, std::size_t size) {
  if (block == nullptr) return nullptr;
  ++num_live;
  auto* head = static_cast<std::uint64_t*>(block);
  head[0] = kMark;
  head[1] = size;
  return static_cast<char*>(block) + kHeadLen;
}

std::uint64_t* head_of(void* memory) {
  auto* head = reinterpret_cast<std::uint64_t*>(static_cast<char*>(memory) - kHeadLen);
  if (head[0] != kMark) std::abort();
  return head;
}

void* on_malloc(std::size_t size) { return marked(std::malloc(size + kHeadLen), size); }
void* on_calloc(std::size_t n, std::size_t size) {
  return marked(std::calloc(1, n * size + kHeadLen), n * size);
}
void on_free(void* memory) {
  if (memory == nullptr) return;
  std::uint64_t* head = head_of(memory);
  head[0] = 0;
  --num_live;
  std::free(head);
}
void* on_realloc(void* memory, std::size_t size) {
  if (memory == nullptr) return on_malloc(size);
  void* block = std::realloc(head_of(memory), size + kHeadLen);
  --num_live;
  return marked(block, size);
}

// libsasl takes an allocator only before its first init.
class AllocatorTest : public LiveTest {
 protected:
  void SetUp() override {
    if (!is_inside()) return LiveTest::SetUp();
    realm().apply_to_this_process();
    sasl_set_alloc(on_malloc, on_calloc, on_realloc, on_free);
  }
};

void log_in_with_own_allocator() {
  const SaslLibrary library;
  for (int i = 0; i < 3; ++i) {
    SaslClient client(
        {.user = types("bob"), .authname = types("alice"), .password = types("secret")});
    SaslServer server({.requested = {"*auth-indicators"},
                       .proxy_policy = [](const ProxyCall&) { return SASL_OK; }});
    ASSERT_TRUE(log_in(&client, &server, kGs2).ok()) << client.error();
    EXPECT_EQ(server.properties().at("*auth-indicators").size(), 2U);
    // Questions and answers come and go through libsasl's memory too.
    setenv("KRB5CCNAME", "FILE:/nowhere/ccache", 1);
  }
  EXPECT_GT(num_live, 0) << "the allocator is not in use";
}

TEST_F(AllocatorTest, ApplicationsOwnAllocator) {
  SPEC("L41");
  is_inside() ? log_in_with_own_allocator() : run_inside();
}

// A client is asked for names and never comes back, or comes with a list that is not ours.
void ask_and_give_up(bool hands_a_foreign_list_back) {
  SaslClient client({.user = types("bob")});
  sasl_interact_t* prompts = nullptr;
  const char *out = nullptr, *chosen = nullptr;
  unsigned len = 0;
  ASSERT_EQ(sasl_client_start(client.get(), kGs2, &prompts, &out, &len, &chosen), SASL_INTERACT);
  ASSERT_NE(prompts, nullptr);
  if (!hands_a_foreign_list_back) return;
  // In the middle of an array: what looks for a block's head before it finds none.
  std::vector<sasl_interact_t> list(4);
  list[2].id = SASL_CB_USER;
  list[2].result = "eve";
  list[2].len = 3;
  list[3].id = SASL_CB_LIST_END;
  sasl_interact_t* foreign = &list[2];
  EXPECT_EQ(sasl_client_start(client.get(), kGs2, &foreign, &out, &len, &chosen), SASL_INTERACT);
  EXPECT_NE(foreign, &list[2]) << "another program's list was taken for an answer";
}

TEST_F(AllocatorTest, GivingUpWhenAskedLeavesNothing) {
  SPEC("L41");
  if (!is_inside()) return run_inside();
  const SaslLibrary library;
  for (const bool is_foreign : {false, true}) {
    ask_and_give_up(is_foreign);
    const long before = num_live;
    for (int i = 0; i < 10; ++i) ask_and_give_up(is_foreign);
    EXPECT_EQ(num_live, before) << is_foreign;
  }
}

}  // namespace
}  // namespace gssloop::testing
