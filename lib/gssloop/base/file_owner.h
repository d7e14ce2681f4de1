// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_FILE_OWNER_H_
#define GSSLOOP_BASE_FILE_OWNER_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "gssloop/base/result.h"

namespace gssloop {

// error_of_errno is "WHAT: the text of the error".
inline Error error_of_errno(const char* what, int code = errno) {
  return Error{std::string(what) + ": " + std::strerror(code)};
}

// is_trusted_owner: root and the user of this process may own the files that decide about logins.
inline bool is_trusted_owner(uid_t user) noexcept { return user == 0 || user == geteuid(); }

// owned_by_other returns why `path` does not belong to root or this process's user, who could
// change `what` it is. The owner is a number: to ask for the name may need the very server that
// reads the file.
inline std::optional<Error> owned_by_other(const struct stat& file, const std::string& path,
                                           const std::string& what) {
  if (is_trusted_owner(file.st_uid)) return std::nullopt;
  return Error{"belongs to the user with the number " + std::to_string(file.st_uid) +
               ", who can change the " + what + "; run chown -h root " + path};
}

// writable_by_all returns why every user of the machine can write it.
inline std::optional<Error> writable_by_all(const struct stat& file, const std::string& path) {
  if ((file.st_mode & S_IWOTH) == 0) return std::nullopt;
  return Error{"is writable by every user of this machine; run chmod o-w " + path};
}

}  // namespace gssloop

#endif  // GSSLOOP_BASE_FILE_OWNER_H_
