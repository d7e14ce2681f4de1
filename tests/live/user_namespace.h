// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_USER_NAMESPACE_H_
#define GSSLOOP_TESTS_LIVE_USER_NAMESPACE_H_

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <string>

namespace gssloop::testing {

// enter_namespaces gives this process the rights of root over itself: it may change its root
// directory and, with CLONE_NEWNS, mount what only it sees. The user stays the same. Not for a
// process with threads. False if this machine does not let its user do so.
inline bool enter_namespaces(int others = 0) {
  const auto write = [](const char* file, const std::string& text) {
    const int fd = open(file, O_WRONLY);
    if (fd < 0) return false;
    const bool is_written = ::write(fd, text.data(), text.size()) == std::ssize(text);
    close(fd);
    return is_written;
  };
  if (geteuid() == 0) return unshare(others) == 0;
  const auto user = std::to_string(geteuid()), group = std::to_string(getegid());
  return unshare(CLONE_NEWUSER | others) == 0 && write("/proc/self/setgroups", "deny") &&
         write("/proc/self/uid_map", user + " " + user + " 1") &&
         write("/proc/self/gid_map", group + " " + group + " 1");
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_USER_NAMESPACE_H_
