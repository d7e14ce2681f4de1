// SPDX-License-Identifier: BSD-2-Clause
#include "tests/kdc/guardian.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

namespace gssloop::testing {
namespace {

// One packet each way: a command of one octet, and '+' and a process id or '-' and a reason.
constexpr char kStart = 's';
constexpr char kQuit = 'q';
constexpr int kOwnerPollMs = 200;    // how often a silent guardian looks for its owner
constexpr int kKdcStartMs = 20'000;  // a loaded machine is slow; a KDC needs some 10 ms
constexpr int kGuardianSocketFd = 3;

// The child's side. It forks without exec and so may allocate only because glibc and the
// sanitizers make malloc usable after fork.
class Child {
 public:
  Child(GuardianPlan plan, pid_t owner, int socket)
      : plan_(std::move(plan)), owner_(owner), socket_(socket) {}

  [[noreturn]] void run() {
    detach();
    char command = 0;
    while (await(&command) && command == kStart) start_kdc();
    if (kdc_ > 0) {
      kill(kdc_, SIGKILL);
      waitpid(kdc_, nullptr, 0);
    }
    remove_dir();
    _exit(0);
  }

 private:
  void detach() {
    setsid();
    if (chdir("/") != 0) _exit(1);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2}) {
      signal(s, SIG_IGN);
    }
    signal(SIGCHLD, SIG_DFL);
    const int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < kGuardianSocketFd; ++fd) dup2(null, fd);
    if (socket_ != kGuardianSocketFd) dup2(socket_, kGuardianSocketFd);
    fcntl(kGuardianSocketFd, F_SETFD, FD_CLOEXEC);
    // A pipe of the owner's that stayed open here would never end for its reader.
    close_range(kGuardianSocketFd + 1, ~0U, 0);
  }

  // False when the owner is gone. Its end of the socket may live on in a forked copy, so the end
  // of file alone does not tell.
  bool await(char* command) {
    for (;;) {
      if (getppid() != owner_) return false;
      pollfd p{kGuardianSocketFd, POLLIN, 0};
      if (poll(&p, 1, kOwnerPollMs) > 0) return recv(kGuardianSocketFd, command, 1, 0) == 1;
    }
  }

  void start_kdc() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return reply("-pipe failed");
    const pid_t guardian = getpid();
    kdc_ = fork();
    if (kdc_ == 0) exec_kdc(guardian, fds[1]);
    close(fds[1]);
    // The read end stays open: a later write of the KDC to its stderr must not end it.
    std::string said;
    char chunk[512];
    while (said.find("starting...") == std::string::npos) {
      const ssize_t n = read(fds[0], chunk, sizeof chunk);
      if (n <= 0) return reply("-" + said);
      said.append(chunk, static_cast<size_t>(n));
    }
    reply("+" + std::to_string(kdc_));
  }

  [[noreturn]] void exec_kdc(pid_t guardian, int output) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guardian) _exit(127);
    for (int s = 1; s < NSIG; ++s) signal(s, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(output, 1);
    dup2(output, 2);
    std::vector<char*> argv;
    std::vector<char*> env;
    for (std::string& s : plan_.kdc_argv) argv.push_back(s.data());
    for (std::string& s : plan_.kdc_env) env.push_back(s.data());
    argv.push_back(nullptr);
    env.push_back(nullptr);
    execve(argv[0], argv.data(), env.data());
    dprintf(2, "cannot execute %s: %s\n", argv[0], std::strerror(errno));
    _exit(127);
  }

  void reply(const std::string& text) {
    if (send(kGuardianSocketFd, text.data(), text.size(), 0) < 0) _exit(1);
  }

  // A program of the owner's may still be writing here: try again for a second.
  void remove_dir() {
    for (int i = 0; i < 20; ++i) {
      std::error_code error;
      std::filesystem::remove_all(plan_.dir, error);
      if (!error) return;
      poll(nullptr, 0, 50);
    }
  }

  GuardianPlan plan_;
  pid_t owner_;
  pid_t kdc_ = -1;
  int socket_;
};

}  // namespace

Guardian::Guardian(GuardianPlan plan) : owner_(getpid()) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    throw RealmError("socketpair: " + std::string(std::strerror(errno)));
  }
  pid_ = fork();
  if (pid_ == 0) Child(std::move(plan), owner_, fds[1]).run();
  close(fds[1]);
  socket_ = fds[0];
  if (pid_ < 0) {
    close(socket_);
    throw RealmError("fork: " + std::string(std::strerror(errno)));
  }
}

Guardian::~Guardian() {
  if (getpid() == owner_) {
    if (send(socket_, &kQuit, 1, MSG_NOSIGNAL) < 0) kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  close(socket_);
}

void Guardian::start_kdc() {
  char answer[4096];
  pollfd p{socket_, POLLIN, 0};
  if (send(socket_, &kStart, 1, MSG_NOSIGNAL) != 1 || poll(&p, 1, kKdcStartMs) != 1) {
    throw RealmError("the KDC did not start in time");
  }
  const ssize_t n = recv(socket_, answer, sizeof answer, 0);
  if (n < 1 || answer[0] != '+') {
    throw RealmError("krb5kdc did not start: " +
                     std::string(answer + 1, n > 1 ? static_cast<size_t>(n - 1) : 0));
  }
  std::from_chars(answer + 1, answer + n, kdc_pid_);
}

}  // namespace gssloop::testing
