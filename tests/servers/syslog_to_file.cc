// SPDX-License-Identifier: BSD-2-Clause
//
// A module for LD_PRELOAD. What a program logs by syslog() goes to the file that GSSLOOP_SYSLOG
// names, a line each, and not to the machine's log: there may be none, and it is not the tests'.
// It replaces syslog() itself, since the path of the socket is fixed in the C library.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace {

// Writes one line at once, so that those of several processes do not mix. A longer one is cut.
[[gnu::format(printf, 1, 0)]] void log_line(const char* format, va_list arguments) {
  const int saved_errno = errno;  // %m is part of a format, and callers look at errno afterwards
  char line[8192];
  const int len = std::vsnprintf(line, sizeof line - 1, format, arguments);
  const char* path = std::getenv("GSSLOOP_SYSLOG");
  const int fd = path != nullptr ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (fd >= 0 && len >= 0) {
    const int end = std::min(len, static_cast<int>(sizeof line) - 2);
    line[end] = '\n';
    [[maybe_unused]] const ssize_t written = write(fd, line, static_cast<size_t>(end) + 1);
  }
  if (fd >= 0) close(fd);
  errno = saved_errno;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the C library's names; __*_chk is what _FORTIFY_SOURCE
// makes of the others
extern "C" {

[[gnu::format(printf, 2, 0)]] void vsyslog(int, const char* format, va_list arguments);
void vsyslog(int, const char* format, va_list arguments) { log_line(format, arguments); }

[[gnu::format(printf, 3, 0)]] void __vsyslog_chk(int, int, const char* format, va_list arguments);
void __vsyslog_chk(int, int, const char* format, va_list arguments) { log_line(format, arguments); }

[[gnu::format(printf, 2, 3)]] void syslog(int, const char* format, ...);
void syslog(int, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log_line(format, arguments);
  va_end(arguments);
}

[[gnu::format(printf, 3, 4)]] void __syslog_chk(int, int, const char* format, ...);
void __syslog_chk(int, int, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log_line(format, arguments);
  va_end(arguments);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
