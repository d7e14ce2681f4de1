// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_PAGES_H_
#define GSSLOOP_TESTS_LIVE_PAGES_H_

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace gssloop::testing {

// Pages are the octets of `text` at the end of memory that may be read.
class Pages {
 public:
  explicit Pages(const std::string& text) {
    memory_ = static_cast<char*>(
        mmap(nullptr, 2 * kLen, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(memory_, MAP_FAILED);
    EXPECT_EQ(mprotect(memory_ + kLen, kLen, PROT_NONE), 0);
    text_ = memory_ + kLen - text.size();
    std::copy(text.begin(), text.end(), text_);
  }
  ~Pages() { munmap(memory_, 2 * kLen); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  const char* text() const { return text_; }

 private:
  static constexpr std::size_t kLen = 1 << 20;
  char* memory_ = nullptr;
  char* text_ = nullptr;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_PAGES_H_
