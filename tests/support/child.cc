// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "tests/kdc/process.h"

namespace gssloop::testing {
namespace {

constexpr std::chrono::milliseconds kPollInterval{2};
constexpr int kCannotRun = 127;

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Child::Child(const std::vector<std::string>& argv, const std::vector<std::string>& env,
             std::string output_file, Pipes pipes)
    : output_file_(std::move(output_file)) {
  const int output =
      open(output_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::vector<char*> arguments = c_strings(argv);
  const std::vector<char*> variables = c_strings(env);
  const pid_t parent = getpid();
  pid_ = fork();
  // Other threads may hold locks: until exec only what is safe in a signal handler.
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(kCannotRun);
    dup2(pipes.input < 0 ? input : pipes.input, 0);
    dup2(pipes.output < 0 ? output : pipes.output, 1);
    dup2(output, 2);
    execve(arguments[0], arguments.data(), variables.data());
    _exit(kCannotRun);
  }
  const int error = errno;
  close(output);
  close(input);
  if (pid_ < 0) throw RealmError("fork: " + std::string(std::strerror(error)));
}

Child::~Child() {
  if (!is_running()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Child::is_running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return false;
}

int Child::wait(Clock::time_point deadline) {
  while (is_running()) {
    if (Clock::now() > deadline) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      pid_ = -1;
      status_ = kTimedOut;
      break;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return status_;
}

int Child::stop(Clock::time_point deadline) {
  if (is_running()) kill(pid_, SIGTERM);
  return wait(deadline);
}

std::string Child::output() const { return read_file(output_file_); }

}  // namespace gssloop::testing
