// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "tools/output.h"
#include "tools/trial/cleanup.h"

namespace gssloop::tools {
namespace {

Error failed(const std::string& what, const std::string& name, int error) {
  return {what + " " + shown(name, 4096) + ": " + std::generic_category().message(error)};
}

// The file that `path` names after all symbolic links. Renaming to `path` itself would replace a
// link by a file.
std::string resolved(const std::string& path) {
  char* resolved_path = realpath(path.c_str(), nullptr);
  if (resolved_path == nullptr) return path;
  std::string text = resolved_path;
  std::free(resolved_path);
  return text;
}

// The mode of the output: that of the file that it replaces, or the one that the umask leaves.
mode_t mode_for(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) return info.st_mode & 0777;
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Result<Source, Error> Source::open(const std::string& path) {
  if (path == "-") return Source(Descriptor(), STDIN_FILENO, "standard input");
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return failed("cannot read", path, errno);
  const int fd = file.get();
  return Source(std::move(file), fd, path);
}

Result<std::size_t, Error> Source::read(std::span<std::uint8_t> into) {
  std::size_t num_read = 0;
  while (num_read < into.size()) {
    const ssize_t got = ::read(fd_, into.data() + num_read, into.size() - num_read);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read", name_, errno);
    if (got == 0) break;
    num_read += static_cast<std::size_t>(got);
    // From a terminal, each line is sent at once.
    if (is_terminal()) break;
  }
  return num_read;
}

std::optional<std::uint64_t> Source::size() const {
  struct stat info;
  if (fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(info.st_size);
}

bool Source::is_terminal() const { return isatty(fd_) == 1; }

Result<Sink, Error> Sink::open(const std::string& path) {
  if (path.empty()) return Sink(Descriptor(), STDOUT_FILENO, {}, {});
  struct stat info;
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) {
    Descriptor special(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (special.get() < 0) return failed("cannot write", path, errno);
    const int fd = special.get();
    return Sink(std::move(special), fd, path, {});
  }
  const std::string target = resolved(path);
  std::string temporary;
  Descriptor file(make_temporary(target, &temporary));
  if (file.get() < 0) return failed("cannot write", path, errno);
  if (fchmod(file.get(), mode_for(target)) != 0) {
    const int error = errno;
    remove_temporary(temporary);
    return failed("cannot write", path, error);
  }
  const int fd = file.get();
  return Sink(std::move(file), fd, target, std::move(temporary));
}

Sink::Sink(Sink&& other) noexcept
    : owned_(std::move(other.owned_)),
      fd_(other.fd_),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

Sink::~Sink() {
  if (!temporary_.empty()) remove_temporary(temporary_);
}

std::optional<Error> Sink::write(ByteView octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(fd_, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return failed("cannot write", path_.empty() ? "standard output" : path_, errno);
    }
    octets = octets.subspan(static_cast<std::size_t>(written));
  }
  return std::nullopt;
}

std::optional<Error> Sink::finish() {
  if (temporary_.empty()) return std::nullopt;
  // We tell the peer that the data is stored, and a full disk may report an error only here.
  if (fsync(fd_) != 0) return failed("cannot write", path_, errno);
  if (!rename_temporary(temporary_, path_)) return failed("cannot write", path_, errno);
  temporary_.clear();
  return std::nullopt;
}

Result<Bytes, Error> read_small_file(const std::string& path, std::size_t max_len) {
  auto source = Source::open(path);
  if (!source) return std::move(source.error());
  Bytes octets(max_len + 1);
  const auto num_read = source->read(octets);
  if (!num_read) return num_read.error();
  if (*num_read > max_len) {
    return Error{shown(path, 4096) + " is longer than " + std::to_string(max_len) + " bytes"};
  }
  octets.resize(*num_read);
  return octets;
}

}  // namespace gssloop::tools
