// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gssloop::tools {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

// The handler reads this. The program blocks the signals while it changes it.
char temporary[PATH_MAX] = "";

extern "C" void clean_up_and_die(int signal_number) {
  if (temporary[0] != '\0') unlink(temporary);
  // SA_RESETHAND restored the default, which acts when the handler returns.
  raise(signal_number);
}

class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : kSignals) sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  ~BlockedSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

void clean_up_on_signals() {
  for (const int number : kSignals) {
    struct sigaction action, before;
    // An ignored signal stays ignored, for nohup and a shell's background jobs.
    if (sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    std::memset(&action, 0, sizeof action);
    action.sa_handler = clean_up_and_die;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(number, &action, nullptr);
  }
}

int make_temporary(const std::string& path, std::string* name) {
  *name = path + ".XXXXXX";
  if (name->size() >= sizeof temporary) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const BlockedSignals blocked;
  const int fd = mkostemp(name->data(), O_CLOEXEC);
  if (fd >= 0) std::memcpy(temporary, name->c_str(), name->size() + 1);
  return fd;
}

void remove_temporary(const std::string& name) {
  const BlockedSignals blocked;
  unlink(name.c_str());
  temporary[0] = '\0';
}

bool rename_temporary(const std::string& name, const std::string& path) {
  const BlockedSignals blocked;
  if (std::rename(name.c_str(), path.c_str()) != 0) return false;
  temporary[0] = '\0';
  return true;
}

}  // namespace gssloop::tools
