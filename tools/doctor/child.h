// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_CHILD_H_
#define GSSLOOP_TOOLS_DOCTOR_CHILD_H_

#include <chrono>
#include <functional>
#include <string>

namespace gssloop::tools {

// ChildOutcome says how work in a child process ended.
struct ChildOutcome {
  enum class End {
    kDone,        // `output` is the result of the work
    kCrashed,     // by a signal, an exception, or a call of exit
    kTimedOut,    // the parent killed it
    kNotStarted,  // no process or no pipe could be made
  };
  End end = End::kNotStarted;
  int signal = 0;  // of kCrashed; 0 if no signal ended it
  std::string output;

  bool is_done() const noexcept { return end == End::kDone; }
  // text says why there is no output, as a clause for a person; empty for kDone.
  std::string text() const;
};

// run_in_child runs `work` in a copy of this process and returns its result (at most 16 MiB). So a
// library that `work` loads, a crash and a hang do not affect this process. The child's standard
// input is empty, its standard output is discarded, nothing that it logs reaches syslog, and it
// dies with its parent. After `deadline` the child is killed, with a child that it waits for. For a
// process with one thread.
ChildOutcome run_in_child(std::chrono::milliseconds deadline,
                          const std::function<std::string()>& work);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_CHILD_H_
