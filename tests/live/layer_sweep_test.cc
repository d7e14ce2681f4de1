// SPDX-License-Identifier: BSD-2-Clause
// Every message of a GSSAPI and of a GSS-SPNEGO login cut at each length, and with each octet
// changed. Never a success that is not the untouched one, never a crash, never a hang.
#include <algorithm>

#include "tests/live/raw_context.h"
#include "tests/live/sweep.h"

namespace gssloop::testing {
namespace {

using LayerSweep = SweepTest;

const SweepRow kRows[] = {
    {kGssapi, "bob", false}, {kGssapi, "", true, 0}, {kSpnego, "", false}, {kSpnego, "", true, 1}};

TEST_F(LayerSweep, TruncatedMessagesNeverSucceed) {
  SPEC("R3 R4");
  for (const SweepRow& row : kRows) {
    Login whole, login;
    const Seen untouched = run(row, {}, &whole);
    ASSERT_TRUE(untouched.is_success);
    ASSERT_EQ(whole.messages.size(), row.mechanism == kGssapi ? 5U : 2U);
    for (std::size_t number = 0; number < whole.messages.size(); ++number) {
      const std::size_t size = whole.messages[number].octets->size();
      for (std::size_t num_cut = 1; num_cut <= size; ++num_cut) {
        const bool is_success = expect_same_or_failure(
            row, untouched, number,
            [&](std::string* octets) {
              octets->resize(octets->size() - std::min(num_cut, octets->size()));
            },
            &login);
        ASSERT_FALSE(is_success) << row.mechanism << " message " << number << " less " << num_cut;
      }
    }
  }
}

TEST_F(LayerSweep, ChangedOctetsFailOrChangeNothing) {
  SPEC("R3 R4");
  for (const SweepRow& row : kRows) {
    Login whole, login;
    const Seen untouched = run(row, {}, &whole);
    ASSERT_TRUE(untouched.is_success);
    int num_tolerated = 0;
    for (std::size_t number = 0; number < whole.messages.size(); ++number) {
      const std::size_t size = whole.messages[number].octets->size();
      // Each bit of what is wrapped; of the context's tokens one bit of each octet, and all.
      const bool is_wrapped = number >= 3;
      for (std::size_t at = 0; at < size; ++at) {
        std::vector<int> changes = {1 << at % 8, 0xff};
        if (is_wrapped) changes = {1, 2, 4, 8, 16, 32, 64, 128, 0xff};
        for (const int change : changes) {
          SCOPED_TRACE(::testing::Message() << row.mechanism << " message " << number << " octet "
                                            << at << " xor " << change);
          const bool is_success = expect_same_or_failure(
              row, untouched, number,
              [&](std::string* octets) {
                if (at < octets->size()) (*octets)[at] = static_cast<char>((*octets)[at] ^ change);
              },
              &login);
          num_tolerated += is_success ? 1 : 0;
          // RFC 4121 section 4.2.5: the count that tokens are rotated by is not protected.
          if (is_wrapped && is_success) {
            ASSERT_TRUE(at == 6 || at == 7);
          }
          if (HasFailure()) return;
        }
      }
    }
    std::printf("%s: %d changes changed nothing\n", row.mechanism, num_tolerated);
  }
}

// Messages that come twice, and each other's.
TEST_F(LayerSweep, MessagesInAnotherOrderNeverSucceed) {
  SPEC("R3 R4");
  for (const SweepRow& row : kRows) {
    Login whole, login;
    const Seen untouched = run(row, {}, &whole);
    for (std::size_t number = 0; number < whole.messages.size(); ++number) {
      for (std::size_t other = 0; other < whole.messages.size(); ++other) {
        // Another login's first token is a good first token, and nothing is nothing.
        if (number == other && *whole.messages[number].octets == "") continue;
        const bool is_success = expect_same_or_failure(
            row, untouched, number,
            [&](std::string* octets) { *octets = *whole.messages[other].octets; }, &login);
        ASSERT_FALSE(is_success) << row.mechanism << number << other;
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
