// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_GROWTH_H_
#define GSSLOOP_TESTS_SUPPORT_GROWTH_H_

#include <malloc.h>

#include <algorithm>
#include <limits>

namespace gssloop::testing {

// growth is how many octets of memory stay in use for each call of `body`. Caches of the C library
// and of Kerberos fill for a long time, at irregular calls; a leak is there in each round, and so
// in the round that grew least.
template <class Body>
long growth(int num_calls, Body body) {
  constexpr int kNumRounds = 12;
  long least = std::numeric_limits<long>::max();
  for (int round = 0; round < kNumRounds; ++round) {
    const auto before = static_cast<long>(mallinfo2().uordblks);
    for (int i = 0; i < num_calls; ++i) body();
    least = std::min(least, (static_cast<long>(mallinfo2().uordblks) - before) / num_calls);
  }
  return least;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_GROWTH_H_
