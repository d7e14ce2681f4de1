// SPDX-License-Identifier: BSD-2-Clause
// The module in a process: threads, an application's allocator, many starts and ends.
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/live/live_test.h"

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
  disable_replay_cache();
  const auto cycle = [&] {
    restart_library({});
    one_login();
  };
  for (int i = 0; i < 20; ++i) cycle();
  const auto before = mallinfo2().uordblks;
  for (int i = 0; i < 200; ++i) cycle();
  const auto after = mallinfo2().uordblks;
  // What is left is libsasl's own: less than a page in 200 cycles would be noise.
  EXPECT_LT(after, before + 4096) << (after - before) / 200 << " octets a cycle";
}

TEST_F(ProcessTest, ManyLoginsDoNotGrow) {
  disable_replay_cache();
  for (int i = 0; i < 50; ++i) one_login();
  const auto before = mallinfo2().uordblks;
  for (int i = 0; i < 200; ++i) one_login();
  const auto after = mallinfo2().uordblks;
  EXPECT_LT(after, before + 4096) << (after - before) / 200 << " octets a login";
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

// libsasl takes an allocator only before its first init, so this runs in a process of its own.
void log_in_with_own_allocator() {
  sasl_set_alloc(on_malloc, on_calloc, on_realloc, on_free);
  {
    const SaslLibrary library;
    for (int i = 0; i < 3; ++i) {
      SaslClient client({.user = types("bob"), .authname = types("alice"),
                         .password = types("secret")});
      SaslServer server({.requested = {"*auth-indicators"},
                         .proxy_policy = [](const ProxyCall&) { return SASL_OK; }});
      if (!log_in(&client, &server, kGs2).ok()) std::_Exit(2);
      if (server.properties().at("*auth-indicators").size() != 2) std::_Exit(3);
    }
    if (num_live == 0) std::_Exit(4);  // the allocator is not in use
  }
  std::_Exit(num_live == 0 ? 0 : 5);
}

TEST_F(ProcessTest, ApplicationsOwnAllocator) {
  if (std::getenv("GSSLOOP_TEST_ALLOCATOR") != nullptr) log_in_with_own_allocator();
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";  // a new process, not a fork
  setenv("GSSLOOP_TEST_ALLOCATOR", "1", 1);
  SUCCEED();
  unsetenv("GSSLOOP_TEST_ALLOCATOR");
}

}  // namespace
}  // namespace gssloop::testing
