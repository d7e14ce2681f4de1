// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/system_faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fault/injected.h"

namespace gssloop::testing {
namespace {

// Not an errno: the call does one octet of its work.
constexpr int kInPart = -1;

struct Row {
  const char* call;
  int ways[kNumSystemWays];
};
constexpr Row kRows[] = {
    {"read", {EINTR, kInPart, EIO, EIO}},
    {"recv", {EINTR, kInPart, EAGAIN, ECONNRESET}},
    {"write", {EINTR, kInPart, ENOSPC, EIO}},
    {"send", {EINTR, kInPart, EAGAIN, ECONNRESET}},
    {"poll", {EINTR, ENOMEM, EINTR, ENOMEM}},
    {"open", {EMFILE, EIO, EACCES, ENOSPC}},
    {"mkostemp", {ENOSPC, EACCES, EMFILE, EIO}},
    {"fchmod", {EIO, EPERM, EROFS, EIO}},
    {"fsync", {EIO, ENOSPC, EDQUOT, EIO}},
    {"rename", {EIO, ENOSPC, EACCES, EROFS}},
    {"close", {EIO, EINTR, ENOSPC, EIO}},
    {"socket", {EMFILE, ENFILE, ENOBUFS, EACCES}},
    {"connect", {ECONNREFUSED, ENETUNREACH, ETIMEDOUT, EINTR}},
    {"accept4", {EINTR, ECONNABORTED, EMFILE, ENOMEM}},
};

unsigned num_left = 0;
unsigned chosen_way = 0;
char failed[64] = "";
bool is_passing = false;

bool passes(const char* call, int error) {
  // Of a connect that a signal interrupted, poll() tells the end.
  if (std::strcmp(call, "open") == 0 || std::strcmp(call, "connect") == 0) return false;
  return error == EINTR || error == EAGAIN || error == kInPart || error == ECONNABORTED ||
         std::strcmp(call, "close") == 0;
}

// The error of this call; 0: none.
int strikes(const char* call) {
  if (num_left == 0 || --num_left > 0) return 0;
  for (const Row& row : kRows) {
    if (std::strcmp(row.call, call) != 0) continue;
    const int error = row.ways[chosen_way];
    is_passing = passes(call, error);
    std::snprintf(failed, sizeof failed, "%s, %s", call,
                  error == kInPart ? "in part" : strerrorname_np(error));
    note_injected();
    return error;
  }
  std::abort();
}

template <class Call>
auto real(Call, const char* name) {
  return reinterpret_cast<Call>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void fail_system_call(unsigned number, unsigned way) noexcept {
  num_left = number;
  chosen_way = way;
  failed[0] = '\0';
  is_passing = false;
}
const char* failed_system_call() noexcept { return failed; }
bool was_passing_fault() noexcept { return is_passing; }

}  // namespace gssloop::testing

using gssloop::testing::real;
using gssloop::testing::strikes;

// The functions of the C library, as its headers declare them.
#define GSSLOOP_FAIL(call, len)          \
  const int error = strikes(#call);      \
  if (error > 0) {                       \
    errno = error;                       \
    return -1;                           \
  }                                      \
  if (error < 0 && (len) > 0) (len) = 1; \
  static const auto next = real(&(call), #call)

#define GSSLOOP_FAIL_WHOLE(call)                      \
  if (const int error = strikes(#call); error != 0) { \
    errno = error;                                    \
    return -1;                                        \
  }                                                   \
  static const auto next = real(&(call), #call)

extern "C" {
ssize_t read(int fd, void* into, size_t len) {
  GSSLOOP_FAIL(read, len);
  return next(fd, into, len);
}
ssize_t recv(int fd, void* into, size_t len, int flags) {
  GSSLOOP_FAIL(recv, len);
  return next(fd, into, len, flags);
}
ssize_t write(int fd, const void* octets, size_t len) {
  GSSLOOP_FAIL(write, len);
  return next(fd, octets, len);
}
ssize_t send(int fd, const void* octets, size_t len, int flags) {
  GSSLOOP_FAIL(send, len);
  return next(fd, octets, len, flags);
}
int poll(pollfd* entries, nfds_t num, int timeout) {
  GSSLOOP_FAIL_WHOLE(poll);
  return next(entries, num, timeout);
}
int open(const char* path, int flags, ...) {
  GSSLOOP_FAIL_WHOLE(open);
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return next(path, flags, mode);
}
int mkostemp(char* path, int flags) {
  GSSLOOP_FAIL_WHOLE(mkostemp);
  return next(path, flags);
}
int fchmod(int fd, mode_t mode) noexcept {
  GSSLOOP_FAIL_WHOLE(fchmod);
  return next(fd, mode);
}
int fsync(int fd) {
  GSSLOOP_FAIL_WHOLE(fsync);
  return next(fd);
}
int rename(const char* from, const char* to) noexcept {
  GSSLOOP_FAIL_WHOLE(rename);
  return next(from, to);
}
// Closes it in any case, as Linux does.
int close(int fd) {
  static const auto next = real(&close, "close");
  const int error = strikes("close");
  const int code = next(fd);
  if (error == 0) return code;
  errno = error;
  return -1;
}
int socket(int domain, int type, int protocol) noexcept {
  GSSLOOP_FAIL_WHOLE(socket);
  return next(domain, type, protocol);
}
int connect(int fd, const sockaddr* address, socklen_t len) {
  GSSLOOP_FAIL_WHOLE(connect);
  return next(fd, address, len);
}
int accept4(int fd, sockaddr* address, socklen_t* len, int flags) {
  GSSLOOP_FAIL_WHOLE(accept4);
  return next(fd, address, len, flags);
}
}
