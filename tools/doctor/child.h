// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_CHILD_H_
#define GSSLOOP_TOOLS_DOCTOR_CHILD_H_

#include <chrono>
#include <functional>
#include <string>

namespace gssloop::tools {

// ChildOutcome is how work in a child process ended.
struct ChildOutcome {
  enum class End {
    kDone,        // `output` is what the work returned
    kCrashed,     // by a signal, an exception, or an exit of its own
    kTimedOut,    // killed
    kNotStarted,  // no process or pipe to be had
  };
  End end = End::kNotStarted;
  int signal = 0;  // of kCrashed; 0 where no signal ended it
  std::string output;

  bool is_done() const noexcept { return end == End::kDone; }
  // text is a clause for a person that says why there is no output; empty for kDone.
  std::string text() const;
};

// run_in_child runs `work` in a copy of this process and returns what it returned (at most 16 MiB),
// so that nothing that it loads, breaks or hangs on is this process' trouble. The child has nothing
// to read, its standard output leads nowhere, and it dies with its parent. At `deadline` it is
// killed, with a child that it waits for. For a process with one thread.
ChildOutcome run_in_child(std::chrono::milliseconds deadline,
                          const std::function<std::string()>& work);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_CHILD_H_
