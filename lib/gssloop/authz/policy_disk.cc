// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "gssloop/base/descriptor.h"
#include "gssloop/base/file_owner.h"

namespace gssloop::authz {
namespace {

constexpr std::size_t kMaxFileLen = 1 << 20;  // octets
constexpr std::size_t kMaxFiles = 256;
constexpr std::size_t kMaxTotalLen = 4 << 20;  // octets of all files of a directory

// Only the first error of a file or directory counts.
void complain(const std::string& file, std::string message, PolicyFiles* disk) {
  const auto is_same = [&](const Diagnostic& known) { return known.place.file == file; };
  if (std::ranges::any_of(disk->diagnostics, is_same)) return;
  disk->diagnostics.push_back({{file}, false, std::move(message)});
}

// A user who can write a policy decides who may log in.
std::optional<Error> owned_by_other(const struct stat& file, const std::string& path) {
  return gssloop::owned_by_other(file, path, "policy");
}

// writable_by_other returns why another user can write it.
std::optional<Error> writable_by_other(const struct stat& file, const std::string& path) {
  if (auto why = owned_by_other(file, path)) return why;
  if (auto why = writable_by_all(file, path)) return why;
  if ((file.st_mode & S_IWGRP) != 0) {
    return Error{"is writable by its group; run chmod g-w " + path};
  }
  return std::nullopt;
}

std::string parent(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  const std::size_t slash = path.find_last_of('/', end);
  if (end == path.npos || slash == path.npos) return "/";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

// A user who can write the directory of a file can replace the file.
void check_directory(const std::string& path, PolicyFiles* disk) {
  const std::string directory = parent(path);
  struct stat found;
  if (stat(directory.c_str(), &found) != 0) {
    return complain(directory, error_of_errno("cannot be found").message, disk);
  }
  const bool is_sticky = (found.st_mode & S_ISVTX) != 0;
  if (is_sticky && is_trusted_owner(found.st_uid) && lstat(path.c_str(), &found) == 0) {
    // As in /tmp, only the owner of an entry can replace the entry.
    if (auto why = owned_by_other(found, path)) complain(path, std::move(why->message), disk);
  } else if (auto why = writable_by_other(found, directory)) {
    complain(directory, "the directory of the policy " + why->message, disk);
  }
}

// The directory of the path, and the one of the file to which a symbolic link leads.
void check_directories(const std::string& path, PolicyFiles* disk) {
  check_directory(path, disk);
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (real != nullptr && path != real.get()) check_directory(real.get(), disk);
}

Result<std::string, Error> read_whole(int fd, std::size_t len) {
  std::string text(len + 1, '\0');  // one more, to see growth
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t num_read = read(fd, text.data() + have, text.size() - have);
    if (num_read < 0 && errno == EINTR) continue;
    if (num_read < 0) return error_of_errno("cannot be read");
    if (num_read == 0) break;
    have += static_cast<std::size_t>(num_read);
  }
  text.resize(have);
  return text;
}

// Reads one file and its stamp, both of the same moment.
Result<std::string, Error> read_file(const std::string& path, FileStamp* stamp) {
  // O_NONBLOCK: a FIFO must not block the login.
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat before, after;
  if (fd.get() < 0 || fstat(fd.get(), &before) != 0) return error_of_errno("cannot be opened");
  *stamp = FileStamp::of(before);
  if (!S_ISREG(before.st_mode)) return Error{"is not a regular file"};
  if (auto why = writable_by_other(before, path)) return *std::move(why);
  const auto len = static_cast<std::size_t>(before.st_size);
  if (len > kMaxFileLen) return Error{"is larger than 1 MiB"};
  auto text = read_whole(fd.get(), len);
  if (!text) return text;
  if (fstat(fd.get(), &after) != 0 || FileStamp::of(after) != *stamp || text->size() != len) {
    return Error{
        "changed while it was being read; write a new policy to a file of another name, and rename "
        "that file"};
  }
  // A truncated file is empty, and so is a file at the start of a write in place.
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{"is empty; a policy without rules must contain at least a comment"};
  }
  return text;
}

// The *.toml files of a directory in the order of their names.
Result<std::vector<std::string>, Error> list(const std::string& directory) {
  DIR* const stream = opendir(directory.c_str());
  if (stream == nullptr) return error_of_errno("cannot be listed");
  std::vector<std::string> paths;
  errno = 0;  // only errno distinguishes the end from an error of readdir
  while (const dirent* entry = readdir(stream)) {  // NOLINT: the stream is this thread's own
    const std::string_view name = entry->d_name;
    if (name.ends_with(".toml") && !name.starts_with('.')) {
      paths.push_back(directory + "/" + std::string(name));
    }
    errno = 0;
  }
  const int code = errno;
  closedir(stream);
  if (code != 0) return error_of_errno("cannot be listed", code);
  if (paths.empty()) return Error{"contains no *.toml file"};
  if (paths.size() > kMaxFiles) return Error{"contains more than 256 *.toml files"};
  std::ranges::sort(paths);
  return paths;
}

// Finds the files of the policy, and fills the stamp of its path; empty if there is an error.
std::vector<std::string> find_files(const std::string& path, PolicyFiles* disk) {
  struct stat root;
  if (stat(path.c_str(), &root) != 0) {
    struct stat link;
    auto why = error_of_errno("cannot be found");
    if (errno == ENOENT && lstat(path.c_str(), &link) == 0) {
      why.message = "is a symbolic link to a file that does not exist";
    }
    complain(path, std::move(why.message), disk);
    return {};
  }
  disk->root = FileStamp::of(root);
  check_directories(path, disk);
  if (!S_ISDIR(root.st_mode)) return {path};
  auto listed = list(path);
  if (!listed) {
    complain(path, listed.error().message, disk);
    return {};
  }
  if (auto why = writable_by_other(root, path)) complain(path, std::move(why->message), disk);
  for (const std::string& file : *listed) check_directories(file, disk);
  return *std::move(listed);
}

}  // namespace

std::optional<MissingPath> find_missing(const std::string& path) noexcept {
  try {
    for (std::string at = path; at != "/"; at = parent(at)) {
      struct stat found;
      // The directory first: an entry that it gets in between changes the stamp.
      const bool has_directory = stat(parent(at).c_str(), &found) == 0;
      if (!has_directory && errno != ENOENT) return std::nullopt;
      struct stat entry;
      if (lstat(at.c_str(), &entry) == 0 || errno != ENOENT) return std::nullopt;
      if (has_directory) return MissingPath{parent(at), FileStamp::of(found)};
    }
  } catch (const std::bad_alloc&) {
    // Not known, so not missing.
  }
  return std::nullopt;
}

PolicyFiles read_policy_files(const std::string& path) {
  PolicyFiles disk;
  // Otherwise a server that changes its working directory would read another file.
  if (!path.starts_with('/')) {
    complain(path,
             "is not an absolute path: it would be another file if the server changed its working "
             "directory; write the path with a / at its beginning",
             &disk);
    return disk;
  }
  std::size_t total_len = 0;
  for (const std::string& file : find_files(path, &disk)) {
    FileStamp stamp;
    auto text = read_file(file, &stamp);
    if (!text) complain(file, text.error().message, &disk);
    total_len += text ? text->size() : 0;
    disk.files.push_back({file, text ? *std::move(text) : std::string()});
    disk.stamps.push_back(stamp);
    if (total_len > kMaxTotalLen) {
      complain(path, "contains more than 4 MiB in its *.toml files", &disk);
      break;
    }
  }
  // The path may also have disappeared while it was read.
  if (!disk.diagnostics.empty()) disk.missing = find_missing(path);
  return disk;
}

}  // namespace gssloop::authz
