// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/audit/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "gssloop/base/descriptor.h"
#include "gssloop/base/file_owner.h"

namespace gssloop::plugin::audit {
namespace {

constexpr char kTrail[] = "audit trail";
constexpr mode_t kMode = S_IRUSR | S_IWUSR;

// O_NONBLOCK: a FIFO must not block the login.
int open_once(const std::string& path, int flags) noexcept {
  constexpr int kFlags = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  int fd = open(path.c_str(), O_RDWR | kFlags | flags, kMode);
  // Access controls may let a server append to its logs, and not read them.
  if (fd < 0 && (errno == EACCES || errno == EPERM)) {
    fd = open(path.c_str(), O_WRONLY | kFlags | flags, kMode);
  }
  return fd;
}

// The user who made a symbolic link chooses the file that gets the lines.
Result<Descriptor, Error> open_file(const std::string& path, int flags) {
  Descriptor fd(open_once(path, flags | O_NOFOLLOW));
  struct stat link;
  if (fd.get() < 0 && errno == ELOOP && lstat(path.c_str(), &link) == 0) {
    if (auto why = owned_by_other(link, path, kTrail)) return *std::move(why);
    fd = Descriptor(open_once(path, flags));
  }
  if (fd.get() < 0) return error_of_errno("cannot be opened");
  return fd;
}

std::optional<Error> check(const struct stat& file, const std::string& path) {
  if (!S_ISREG(file.st_mode)) return Error{"is not a regular file"};
  if (auto why = owned_by_other(file, path, kTrail)) return why;
  return writable_by_all(file, path);
}

// A file that cannot be read may end anyhow.
bool ends_a_line(int fd, const struct stat& file) noexcept {
  char last = '\0';
  return file.st_size == 0 || (pread(fd, &last, 1, file.st_size - 1) == 1 && last == '\n');
}

ssize_t write_once(int fd, std::string_view octets) noexcept {
  ssize_t num_written = 0;
  do {
    num_written = write(fd, octets.data(), octets.size());
  } while (num_written < 0 && errno == EINTR);
  return num_written;
}

}  // namespace

std::optional<Error> append_line(const std::string& path, std::string_view line) {
  auto opened = open_file(path, O_CREAT);
  if (!opened) return std::move(opened).error();
  const int fd = opened->get();
  struct stat file;
  if (fstat(fd, &file) != 0) return error_of_errno("cannot be examined");
  if (auto why = check(file, path)) return why;
  std::string octets;
  if (!ends_a_line(fd, file)) octets = "\n";
  octets += line;
  const ssize_t num_written = write_once(fd, octets);
  if (num_written < 0) return error_of_errno("cannot be written");
  if (static_cast<std::size_t>(num_written) < octets.size()) {
    // The rest might come after the line of another process.
    write_once(fd, "\n");
    return Error{"took only " + std::to_string(num_written) + " of the " +
                 std::to_string(octets.size()) + " bytes of a line: the disk or a quota is full"};
  }
  // A file system in the network may say only now that there is no space.
  if (close(opened->release()) != 0) return error_of_errno("cannot be closed");
  return std::nullopt;
}

std::optional<Error> check_file(const std::string& path) {
  struct stat file;
  if (lstat(path.c_str(), &file) != 0 && errno == ENOENT) {
    const std::string folder = path.substr(0, path.find_last_of('/') + 1);
    if (access(folder.c_str(), W_OK | X_OK) == 0) return std::nullopt;
    return error_of_errno("does not exist, and cannot be made");
  }
  const auto opened = open_file(path, 0);
  if (!opened) return opened.error();
  if (fstat(opened->get(), &file) != 0) return error_of_errno("cannot be examined");
  return check(file, path);
}

}  // namespace gssloop::plugin::audit
