// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/base/shared_pointer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>
#include <vector>

namespace gssloop {
namespace {

TEST(SharedPointer, ReplacesOnlyWhatIsExpected) {
  SharedPointer<const int> shared;
  EXPECT_EQ(shared.load(), nullptr);
  std::shared_ptr<const int> expected;
  const auto one = std::make_shared<const int>(1), two = std::make_shared<const int>(2);
  EXPECT_TRUE(shared.replace(&expected, one));
  EXPECT_EQ(shared.load(), one);
  EXPECT_FALSE(shared.replace(&expected, two));
  EXPECT_EQ(expected, one) << "what is there";
  EXPECT_EQ(shared.load(), one);
  EXPECT_TRUE(shared.replace(&expected, two));
  EXPECT_EQ(shared.load(), two);
  // Equal values are not the same pointer.
  expected = std::make_shared<const int>(2);
  EXPECT_FALSE(shared.replace(&expected, one));
  EXPECT_EQ(expected, two);
}

// No replacement is lost, and no reader sees half of one.
TEST(SharedPointer, ThreadsReplaceAndRead) {
  constexpr int kNumThreads = 4, kNumRounds = 5000;
  using Pair = std::pair<long, long>;
  SharedPointer<const Pair> shared(std::make_shared<const Pair>(0, 0));
  std::atomic<int> num_torn{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kNumThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kNumRounds; ++round) {
        auto before = shared.load();
        while (!shared.replace(
            &before, std::make_shared<const Pair>(before->first + 1, before->second + 1))) {
        }
      }
    });
    threads.emplace_back([&] {
      for (int round = 0; round < kNumRounds; ++round) {
        const auto seen = shared.load();
        if (seen->first != seen->second) ++num_torn;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.load()->first, kNumThreads * kNumRounds);
  EXPECT_EQ(num_torn, 0);
}

// Whose destructor reads the pointer: the mutex must be free by then.
struct Reader {
  explicit Reader(const SharedPointer<const Reader>* shared) : from(shared) {}
  ~Reader() {
    if (from != nullptr) from->load();
  }
  const SharedPointer<const Reader>* from;
};

TEST(SharedPointer, DestroysWithoutTheMutex) {
  std::promise<void> done;
  std::thread([&done] {
    SharedPointer<const Reader> shared;
    std::shared_ptr<const Reader> expected;
    EXPECT_TRUE(shared.replace(&expected, std::make_shared<const Reader>(&shared)));
    expected = shared.load();
    std::shared_ptr<const Reader> last(new Reader(nullptr));
    const Reader* const replaced = expected.get();
    EXPECT_TRUE(shared.replace(&expected, last));
    EXPECT_EQ(expected.get(), replaced);
    expected.reset();
    // The only holder of what `expected` had is replace() itself.
    expected = std::make_shared<const Reader>(&shared);
    EXPECT_FALSE(shared.replace(&expected, nullptr));
    EXPECT_EQ(expected, last);
    expected = nullptr;
    done.set_value();
  }).detach();
  // A thread that waits for itself can only be left behind.
  if (done.get_future().wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
    std::fputs("the mutex is held while an object is destroyed\n", stderr);
    std::abort();
  }
}

}  // namespace
}  // namespace gssloop
