// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_WORKER_H_
#define GSSLOOP_BENCH_WORKER_H_

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "bench/logins.h"
#include "tests/support/child.h"

namespace gssloop::bench {

// Worker is a process of this program that logs in when it is told to. Each variant has one, since
// libsasl loads its modules once.
class Worker {
 public:
  struct Cost {
    double cpu_s = 0;  // of all threads, user and system
    double wall_s = 0;
    // Of the process, after the logins.
    long in_use = 0;    // octets from malloc
    long resident = 0;  // octets
    long num_descriptors = 0;
  };

  Worker(const std::string& variant, const std::vector<std::string>& env);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // run makes `num_logins` logins in each of `num_threads` threads. Throws std::runtime_error if
  // one fails.
  Cost run(unsigned num_logins, unsigned num_threads);

 private:
  const std::string variant_;
  std::optional<testing::Child> process_;
  std::FILE* commands_ = nullptr;
  std::FILE* results_ = nullptr;
};

// serve_measurements is the worker's side: each line "LOGINS THREADS" of standard input is answered
// by a line with the numbers of a Worker::Cost.
void serve_measurements(Logins* logins);

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_WORKER_H_
