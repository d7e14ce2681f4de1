// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

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

// Only what is safe in a signal handler: other threads of the parent may hold locks.
[[noreturn]] void become(const std::vector<char*>& argv, const std::vector<char*>& env,
                         const int (&streams)[3], pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotRun);
  for (int fd = 0; fd < 3; ++fd) dup2(streams[fd], fd);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(argv[0], argv.data(), env.data());
  _exit(kCannotRun);
}

}  // namespace

Child::Child(const std::vector<std::string>& argv, const std::vector<std::string>& env,
             std::string output_file, Streams streams)
    : output_file_(std::move(output_file)) {
  const char* const path = output_file_.empty() ? "/dev/null" : output_file_.c_str();
  const int output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int given[] = {streams.input < 0 ? input : streams.input,
                       streams.output < 0 ? output : streams.output,
                       streams.error < 0 ? output : streams.error};
  const std::vector<char*> arguments = c_strings(argv);
  const std::vector<char*> variables = c_strings(env);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(arguments, variables, given, parent);
  const int error = errno;
  close(output);
  close(input);
  if (pid_ < 0) throw std::runtime_error("fork: " + std::string(std::strerror(error)));
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

std::string Child::output() const {
  std::ostringstream text;
  text << std::ifstream(output_file_, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace gssloop::testing
