// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_STATISTICS_H_
#define GSSLOOP_BENCH_STATISTICS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gssloop::bench {

// median is 0 for no values.
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// combined applies `operation` to what two things gave in each round.
template <class Operation>
std::vector<double> combined(const std::vector<double>& a, const std::vector<double>& b,
                             Operation operation) {
  std::vector<double> results;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    results.push_back(operation(a[i], b[i]));
  }
  return results;
}

// median_ratio is the median of the quotients of each round: machines change their speed meanwhile.
inline double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  return median(combined(a, b, [](double x, double y) { return x / y; }));
}

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_STATISTICS_H_
