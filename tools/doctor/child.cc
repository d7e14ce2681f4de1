// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

namespace gssloop::tools {
namespace {

using Clock = std::chrono::steady_clock;
using End = ChildOutcome::End;

constexpr std::size_t kMaxOutputLen = std::size_t{16} << 20;

bool write_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t num = write(fd, octets.data(), octets.size());
    if (num < 0 && errno == EINTR) continue;
    if (num <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(num));
  }
  return true;
}

// Runs in the child. Exit status 0 says that the output is complete.
[[noreturn]] void run_child(pid_t parent, int out, const std::function<std::string()>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // the parent died before prctl
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
  }
  // libsasl and its modules log to syslog as long as there is no connection with a callback. A mask
  // that would let nothing through is ignored; none of them uses the highest level.
  setlogmask(LOG_MASK(LOG_EMERG));
  bool is_done = false;
  try {
    is_done = write_all(out, work());
  } catch (...) {
  }
  // Not exit(): it would run the parent's exit handlers, and write the parent's buffers.
  _exit(is_done ? 0 : 1);
}

// read_until returns false if the deadline passes before the end of the output.
bool read_until(int fd, Clock::time_point deadline, std::string* output) {
  char octets[4096];
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0 || output->size() > kMaxOutputLen) return false;
    pollfd watched{fd, POLLIN, 0};
    if (poll(&watched, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t num = read(fd, octets, sizeof octets);
    if (num < 0 && errno == EINTR) continue;
    if (num <= 0) return true;
    output->append(octets, static_cast<std::size_t>(num));
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string ChildOutcome::text() const {
  switch (end) {
    case End::kDone:
      return {};
    case End::kTimedOut:
      return "it did not finish in time";
    case End::kNotStarted:
      return "no process could be started for it";
    case End::kCrashed:
      break;
  }
  if (signal == 0) return "it stopped early";
  const char* name = sigabbrev_np(signal);
  return std::string("it crashed (SIG") + (name != nullptr ? name : "?") + ")";
}

ChildOutcome run_in_child(std::chrono::milliseconds deadline,
                          const std::function<std::string()>& work) {
  ChildOutcome outcome;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return outcome;
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    run_child(parent, ends[1], work);
  }
  close(ends[1]);
  if (pid > 0) {
    const bool is_in_time = read_until(ends[0], Clock::now() + deadline, &outcome.output);
    // A child that closed the pipe and continues has no more output.
    if (!is_in_time) kill(pid, SIGKILL);
    const int status = wait_for(pid);
    const bool is_done = is_in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    outcome.end = is_done ? End::kDone : is_in_time ? End::kCrashed : End::kTimedOut;
    outcome.signal = is_in_time && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
  close(ends[0]);
  return outcome;
}

}  // namespace gssloop::tools
