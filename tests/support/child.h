// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_CHILD_H_
#define GSSLOOP_TESTS_SUPPORT_CHILD_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace gssloop::testing {

// Child is a process whose output goes to a file. It never outlives the object, nor this process.
// (Its own children are its business: a program that has some is ended by stop().)
class Child {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr int kTimedOut = 124;  // as timeout(1) says it

  // Open files that become the program's standard input and output; -1: nothing to read, and the
  // output goes to the file. Borrowed.
  struct Pipes {
    int input = -1;
    int output = -1;
  };

  // Starts argv[0], a path, with the environment `env` ("NAME=value"). A program that cannot be
  // started ends with 127.
  Child(const std::vector<std::string>& argv, const std::vector<std::string>& env,
        std::string output_file, Pipes pipes);
  Child(const std::vector<std::string>& argv, const std::vector<std::string>& env,
        std::string output_file)
      : Child(argv, env, std::move(output_file), Pipes()) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  // wait returns how it ended: its exit status, 128 + n by signal n, or kTimedOut if it had to be
  // killed at `deadline`.
  int wait(Clock::time_point deadline);

  // stop asks it to end (SIGTERM) and waits.
  int stop(Clock::time_point deadline);

  bool is_running();

  // What it has written so far.
  std::string output() const;

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  const std::string output_file_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_CHILD_H_
