// SPDX-License-Identifier: BSD-2-Clause
//
// Many processes, each with many threads.

#ifndef GSSLOOP_TESTS_SERVERS_WORKERS_H_
#define GSSLOOP_TESTS_SERVERS_WORKERS_H_

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <vector>

namespace gssloop::testing {

// fork_workers starts `num` processes. Each ends with what run(i) returns, or with its parent.
// Fewer come back if a fork fails.
inline std::vector<pid_t> fork_workers(unsigned num, const std::function<int(unsigned)>& run) {
  std::vector<pid_t> pids;
  const pid_t parent = getpid();
  while (pids.size() < num) {
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      _exit(getppid() == parent ? run(static_cast<unsigned>(pids.size())) : 1);
    }
    if (pid < 0) break;
    pids.push_back(pid);
  }
  return pids;
}

// ended_well waits for a worker: true if it ended with 0.
inline bool ended_well(pid_t pid) {
  int how = 0;
  return waitpid(pid, &how, 0) == pid && how == 0;
}

// run_threads runs `work` in `num` threads and waits for all.
inline void run_threads(unsigned num, const std::function<void()>& work) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < num; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

// seconds_of is a time of getrusage.
inline double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SERVERS_WORKERS_H_
