// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_STORE_H_
#define GSSLOOP_AUTHZ_POLICY_STORE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/policy_file.h"
#include "gssloop/base/shared_pointer.h"

namespace gssloop::authz {

// PolicyPath is the path of a policy, and the meaning of a missing file. A file is missing if its
// directory, or a directory above, exists and has no such entry. A symbolic link that leads to no
// file is an error, and so is a path that cannot be searched.
struct PolicyPath {
  // The meaning of a missing file.
  enum class Absence {
    kIsNoPolicy,  // the compiled-in path: most installations have no policy
    kIsError,     // a path that an administrator named
  };
  std::string path;                     // of a file or a folder; a relative path is an error
  Absence absence = Absence::kIsError;  // for this path

  // of returns the path that an option or a command line names; without a name the compiled-in
  // path.
  static PolicyPath of(const std::optional<std::string>& named);
};

// PolicyOnDisk is the result of reading a path.
struct PolicyOnDisk {
  PolicyReading reading;   // the policy, or why there is none
  bool is_absent = false;  // the path does not exist: an error, or the empty policy
};
// read_policy reads a policy file, or the *.toml files of a directory in the order of their names.
// A file that is empty or larger than 1 MiB is an error, like one in its text. So is a file or a
// folder that a user other than root and this process's user owns or can write, or can replace
// because of the rights of the folder above it. `mechanisms` as for parse_policy.
PolicyOnDisk read_policy(const PolicyPath& where, const std::vector<MechanismName>& mechanisms);

// PolicySnapshot is a policy at one moment, or the reason why all logins are refused.
struct PolicySnapshot {
  // Null: refuse every login; the diagnostics have the reason.
  std::shared_ptr<const Policy> policy;
  std::vector<Diagnostic> diagnostics;
  std::string summary;     // of the errors
  bool is_absent = false;  // the path does not exist
  // The first login that uses a snapshot logs its diagnostics.
  mutable std::atomic<bool> was_logged{false};

  PolicySnapshot() = default;
};

// PolicyStore keeps the policy of one path and reads it again after a change on disk. It uses a new
// version as a whole or not at all. A new version with an error refuses logins until the error is
// corrected. Any number of threads may use one store. They share a mutex only for the copy of a
// pointer.
class PolicyStore {
 public:
  // Reads the policy at once, because the process may later change its root or its user.
  PolicyStore(PolicyPath where, std::vector<MechanismName> mechanisms);
  ~PolicyStore();
  PolicyStore(const PolicyStore&) = delete;
  PolicyStore& operator=(const PolicyStore&) = delete;

  // current checks whether the files changed (device, inode, size, times: one stat() each), reads
  // them again if so, and returns the policy in effect. If the path no longer exists, the last
  // policy stays in effect: a server that changed its root must not lose its rules.
  std::shared_ptr<const PolicySnapshot> current();

  // path is the path, as given.
  const std::string& path() const noexcept { return where_.path; }

 private:
  struct State;
  std::shared_ptr<const State> read(const State* before) const;

  const PolicyPath where_;
  const std::vector<MechanismName> mechanisms_;
  SharedPointer<const State> state_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_STORE_H_
