// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_POLICY_DISK_H_
#define GSSLOOP_AUTHZ_POLICY_DISK_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/policy_file.h"
#include "gssloop/base/file_stamp.h"

namespace gssloop::authz {

// MissingPath shows why there is no such path: `directory`, the deepest directory of the path that
// exists, has no entry for the next component. Its stamp changes if it gets one.
struct MissingPath {
  std::string directory;
  FileStamp stamp;
};
// find_missing returns nullopt if there is such a path. A path that cannot be searched, and a
// symbolic link that leads to no file, are not missing: there may be a policy, so logins must not
// do without it.
std::optional<MissingPath> find_missing(const std::string& path) noexcept;

// PolicyFiles is what a path has on disk: the files of a policy, and the stamps that show a later
// change.
struct PolicyFiles {
  std::vector<PolicyText> files;        // in the order of their names
  std::vector<FileStamp> stamps;        // of `files`
  FileStamp root;                       // of the file or directory that was named
  std::vector<Diagnostic> diagnostics;  // errors: the files must not be used
  std::optional<MissingPath> missing;   // there are no files, because there is no such path
};

// read_policy_files reads a file, or the *.toml files of a directory. These are errors: a relative
// path, and a file or directory that a user other than root and this process's user can write, or
// that is in a directory where such a user can replace it.
PolicyFiles read_policy_files(const std::string& path);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_POLICY_DISK_H_
