// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_GROWTH_H_
#define GSSLOOP_TESTS_SUPPORT_GROWTH_H_

#include <malloc.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
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

// num_descriptors is how many file descriptors this process has.
inline long num_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_GROWTH_H_
