// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_CHILD_H_
#define GSSLOOP_TESTS_SUPPORT_CHILD_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace gssloop::testing {

// Child is a process that ends at the latest with the object, and with the thread that made it. The
// processes that it starts itself are not ended: a program that has some is ended by stop().
class Child {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr int kTimedOut = 124;  // as timeout(1) says it

  // Open files that become the program's own; borrowed. -1: there is nothing to read, and what it
  // writes goes to the output file.
  struct Streams {
    int input = -1;
    int output = -1;
    int error = -1;
  };

  // Starts argv[0], a path, with the environment `env` ("NAME=value"), no signal blocked and none
  // ignored. A program that cannot be started ends with 127. With "" as output file, what it writes
  // there is lost.
  Child(const std::vector<std::string>& argv, const std::vector<std::string>& env,
        std::string output_file, Streams streams);
  Child(const std::vector<std::string>& argv, const std::vector<std::string>& env,
        std::string output_file)
      : Child(argv, env, std::move(output_file), Streams()) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  // wait returns how it ended: its exit status, 128 + n by signal n, or kTimedOut if it had to be
  // killed at `deadline`.
  int wait(Clock::time_point deadline = Clock::time_point::max());

  // stop asks it to end (SIGTERM) and waits.
  int stop(Clock::time_point deadline);

  bool is_running();

  // output is what it has written to the output file so far.
  std::string output() const;

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  const std::string output_file_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_CHILD_H_
