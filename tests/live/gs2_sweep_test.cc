// SPDX-License-Identifier: BSD-2-Clause
// Every message of a login cut at each length, and with each bit flipped. Never a success that is
// not the untouched one, never a crash, never a hang.
#include "tests/live/sweep.h"

namespace gssloop::testing {
namespace {

using Gs2Sweep = SweepTest;

const SweepRow kRows[] = {{kGs2, "", false}, {kGs2, "bob", false}, {kGs2Plus, "bob", true}};

std::size_t header_len(const std::string& message) {
  return message.find(',', message.find(',') + 1) + 1;
}

TEST_F(Gs2Sweep, TruncatedMessagesNeverSucceed) {
  SPEC("G4 L26");
  for (const SweepRow& row : kRows) {
    Login whole, login;
    const Seen untouched = run(row, {}, &whole);
    ASSERT_TRUE(untouched.is_success);
    ASSERT_EQ(whole.messages.size(), 2U);
    for (std::size_t number = 0; number < 2; ++number) {
      const std::size_t size = whole.messages[number].octets->size();
      // Tokens of one login differ in size by an octet or so: cut from the end as well.
      for (std::size_t len = 0; len < size; ++len) {
        bool was_cut = false;
        const bool is_success = expect_same_or_failure(
            row, untouched, number,
            [&](std::string* octets) {
              if (octets->size() <= len) return;
              octets->resize(len);
              was_cut = true;
            },
            &login);
        ASSERT_EQ(was_cut && is_success, false) << "message " << number << " cut at " << len;
        if (number == 0 && was_cut) {
          ASSERT_LT(login.server.code, SASL_OK) << len;
        }
      }
    }
  }
}

TEST_F(Gs2Sweep, FlippedBitsFailOrChangeNothing) {
  SPEC("G4 G9 G10");
  for (const SweepRow& row : kRows) {
    Login whole, login;
    const Seen untouched = run(row, {}, &whole);
    ASSERT_TRUE(untouched.is_success);
    const std::size_t in_header = header_len(*whole.messages[0].octets);
    int num_tolerated = 0;
    for (std::size_t number = 0; number < 2; ++number) {
      for (std::size_t bit = 0; bit < 8 * whole.messages[number].octets->size(); ++bit) {
        SCOPED_TRACE(::testing::Message() << "message " << number << ", bit " << bit);
        const bool is_success = expect_same_or_failure(
            row, untouched, number,
            [&](std::string* octets) {
              if (bit / 8 < octets->size()) (*octets)[bit / 8] ^= static_cast<char>(1 << bit % 8);
            },
            &login);
        if (number == 0 && bit / 8 < in_header) {
          ASSERT_FALSE(is_success);
          ASSERT_LT(login.server.code, SASL_OK);
        }
        num_tolerated += is_success ? 1 : 0;
        if (HasFailure()) return;
      }
    }
    RecordProperty("tolerated_bits", num_tolerated);
    std::printf("%s: %d flipped bits changed nothing\n", row.mechanism, num_tolerated);
  }
}

}  // namespace
}  // namespace gssloop::testing
