// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_STORE_H_
#define GSSLOOP_AUTHZ_POLICY_STORE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/policy_file.h"

namespace gssloop::authz {

// PolicyPath is where a policy is looked for, and what it means that there is nothing.
struct PolicyPath {
  enum class Absence {
    kIsNoPolicy,  // the compiled-in path: most installations have no policy
    kIsError,     // a path that an administrator named
  };
  std::string path;
  Absence absence = Absence::kIsError;

  // of is the path that an option or a command line names; without one the compiled-in path.
  static PolicyPath of(const std::optional<std::string>& named);
};

// PolicyOnDisk is what was found at a path.
struct PolicyOnDisk {
  PolicyReading reading;   // the policy, or why there is none
  bool is_absent = false;  // there is nothing of that name: an error, or the empty policy
};
// read_policy reads a policy file, or the *.toml files of a directory in the order of their names.
// A file that is empty, larger than 1 MiB, or that everybody may write, is an error like one in its
// text. `mechanisms` as for parse_policy.
PolicyOnDisk read_policy(const PolicyPath& where, const std::vector<MechanismName>& mechanisms);

// PolicySnapshot is a policy as it was at one time, or why it refuses everybody.
struct PolicySnapshot {
  // Null: every login is to be refused, for the reason that the diagnostics give.
  std::shared_ptr<const Policy> policy;
  std::vector<Diagnostic> diagnostics;
  std::string summary;     // of the errors
  bool is_absent = false;  // there is nothing of that name
  // The first login that meets a snapshot logs what is to be said about it.
  mutable std::atomic<bool> was_logged{false};

  PolicySnapshot() = default;
};

// PolicyStore keeps the policy of one path and takes up what changes on disk: whole, or not at all,
// and a new version with an error refuses logins until it is put right. Any number of threads may
// use one; there is no lock.
class PolicyStore {
 public:
  // Reads the policy at once: later the process may have changed its root or its user.
  PolicyStore(PolicyPath where, std::vector<MechanismName> mechanisms);
  ~PolicyStore();
  PolicyStore(const PolicyStore&) = delete;
  PolicyStore& operator=(const PolicyStore&) = delete;

  // current looks whether the files changed (device, inode, size, times: one stat() each), reads
  // them again if so, and returns what then holds. Where nothing of that name can be seen any more,
  // what was read before goes on to hold: a server that changed its root must not lose its rules.
  std::shared_ptr<const PolicySnapshot> current();

  // path is as it was given.
  const std::string& path() const noexcept { return where_.path; }

 private:
  struct State;
  std::shared_ptr<const State> read(const State* before) const;

  const PolicyPath where_;
  const std::vector<MechanismName> mechanisms_;
  std::atomic<std::shared_ptr<const State>> state_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_STORE_H_
