// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_GUARDIAN_H_
#define GSSLOOP_TESTS_KDC_GUARDIAN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/kdc/realm_error.h"

namespace gssloop::testing {

// What a Guardian looks after.
struct GuardianPlan {
  std::string dir;                    // removed with all it holds
  std::vector<std::string> kdc_argv;  // a KDC that stays in the foreground
  std::vector<std::string> kdc_env;
};

// Guardian is a child process that owns a folder and a KDC, and removes both when the Guardian
// object is destroyed or this process ends, be it by SIGKILL.
//
// The KDC is the child's child and has PR_SET_PDEATHSIG, so it cannot outlive the guardian either.
// (The signal on the KDC alone would not do: it fires when the *thread* that forked ends, and it
// leaves the folder.) The child sits in a session of its own, ignores the terminal's signals
// and holds none of this process's file descriptors.
class Guardian {
 public:
  explicit Guardian(GuardianPlan plan);
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  // start_kdc returns once the KDC listens. Throws RealmError with what the KDC said.
  void start_kdc();

  pid_t kdc_pid() const { return kdc_pid_; }
  pid_t pid() const { return pid_; }

 private:
  pid_t owner_;  // a forked copy of the owner must not end the guardian
  pid_t pid_ = -1;
  pid_t kdc_pid_ = -1;
  int socket_ = -1;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_GUARDIAN_H_
