// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "gssloop/base/descriptor.h"
#include "gssloop/base/file_stamp.h"

namespace gssloop::authz {
namespace {

constexpr std::size_t kMaxFileLen = 1 << 20;  // octets
constexpr std::size_t kMaxFiles = 256;

// The files on disk, and the stamps that show a later change.
struct OnDisk {
  std::vector<PolicyText> files;
  std::vector<FileStamp> stamps;  // of `files`
  FileStamp root;                 // of the file or directory that was named
  std::vector<Diagnostic> diagnostics;
  bool is_absent = false;

  void complain(const std::string& file, std::string message) {
    diagnostics.push_back({{file}, false, std::move(message)});
  }
};

Error error_of_errno(const char* what, int code = errno) {
  return Error{std::string(what) + ": " + std::strerror(code)};
}

// A user who can write a policy decides who may log in.
bool is_writable_by_all(const struct stat& file) noexcept { return (file.st_mode & S_IWOTH) != 0; }

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
  if (is_writable_by_all(before)) {
    return Error{"is writable by every user of this machine; run chmod o-w on it"};
  }
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

// True if the path does not exist; otherwise fills its stamp.
bool is_gone(const std::string& path, FileStamp* stamp) {
  errno = 0;
  *stamp = FileStamp::of(path);
  return *stamp == FileStamp{} && errno == ENOENT;
}

OnDisk read_files(const std::string& path) {
  OnDisk disk;
  struct stat root;
  if (stat(path.c_str(), &root) != 0) {
    disk.is_absent = errno == ENOENT;
    disk.complain(path, error_of_errno("cannot be found").message);
    return disk;
  }
  disk.root = FileStamp::of(root);
  std::vector<std::string> paths = {path};
  if (S_ISDIR(root.st_mode)) {
    auto listed = list(path);
    if (!listed) {
      disk.complain(path, listed.error().message);
      return disk;
    }
    paths = *std::move(listed);
    if (is_writable_by_all(root)) {
      disk.complain(path, "is writable by every user of this machine; run chmod o-w on it");
    }
  }
  for (const std::string& file : paths) {
    FileStamp stamp;
    auto text = read_file(file, &stamp);
    if (!text) disk.complain(file, text.error().message);
    disk.files.push_back({file, text ? *std::move(text) : std::string()});
    disk.stamps.push_back(stamp);
  }
  // The path may have disappeared while it was read.
  FileStamp now;
  if (!disk.diagnostics.empty()) disk.is_absent = is_gone(path, &now);
  return disk;
}

PolicyReading interpret(OnDisk&& disk, PolicyPath::Absence absence,
                        const std::vector<MechanismName>& mechanisms) {
  if (disk.is_absent && absence == PolicyPath::Absence::kIsNoPolicy) return {Policy(), {}};
  if (disk.diagnostics.empty()) return parse_policy(disk.files, mechanisms);
  return {std::nullopt, std::move(disk.diagnostics)};
}

// A file may change twice within one tick of the clock that stamps it: until its time is well in
// the past, an equal stamp does not prove that the file is unchanged.
bool is_settled(const OnDisk& disk) {
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto is_old = [&](const FileStamp& stamp) { return stamp.ctime_ns < now - kSecond; };
  return is_old(disk.root) && std::ranges::all_of(disk.stamps, is_old);
}

}  // namespace

PolicyPath PolicyPath::of(const std::optional<std::string>& named) {
  if (named) return {*named, Absence::kIsError};
  return {GSSLOOP_POLICY_PATH, Absence::kIsNoPolicy};
}

PolicyOnDisk read_policy(const PolicyPath& where, const std::vector<MechanismName>& mechanisms) {
  OnDisk disk = read_files(where.path);
  const bool is_absent = disk.is_absent;
  return {interpret(std::move(disk), where.absence, mechanisms), is_absent};
}

// The result of the last reading.
struct PolicyStore::State {
  OnDisk disk;
  bool is_settled = false;
  std::shared_ptr<const PolicySnapshot> snapshot;

  // True if the stamps of the files, and of the path itself, are unchanged.
  bool has_same_stamps(const FileStamp& root) const {
    if (root != disk.root) return false;
    for (std::size_t i = 0; i < disk.files.size(); ++i) {
      if (FileStamp::of(disk.files[i].file) != disk.stamps[i]) return false;
    }
    return true;
  }
  bool shows_the_same(const OnDisk& other) const {
    const auto same_text = [](const PolicyText& a, const PolicyText& b) {
      return a.file == b.file && a.text == b.text;
    };
    const auto same_diagnostic = [](const Diagnostic& a, const Diagnostic& b) {
      return a.text() == b.text();
    };
    return disk.is_absent == other.is_absent &&
           std::ranges::equal(disk.files, other.files, same_text) &&
           std::ranges::equal(disk.diagnostics, other.diagnostics, same_diagnostic);
  }
};

PolicyStore::PolicyStore(PolicyPath where, std::vector<MechanismName> mechanisms)
    : where_(std::move(where)), mechanisms_(std::move(mechanisms)) {
  state_.store(read(nullptr));
}

PolicyStore::~PolicyStore() = default;

std::shared_ptr<const PolicyStore::State> PolicyStore::read(const State* before) const {
  auto state = std::make_shared<State>();
  state->disk = read_files(where_.path);
  state->is_settled = is_settled(state->disk);
  if (before != nullptr && before->shows_the_same(state->disk)) {
    state->snapshot = before->snapshot;
    return state;
  }
  auto snapshot = std::make_shared<PolicySnapshot>();
  snapshot->is_absent = state->disk.is_absent;
  PolicyReading reading = interpret(OnDisk(state->disk), where_.absence, mechanisms_);
  snapshot->summary = reading.summary();
  snapshot->diagnostics = std::move(reading.diagnostics);
  if (reading.policy) {
    snapshot->policy = std::make_shared<const Policy>(*std::move(reading.policy));
  }
  state->snapshot = std::move(snapshot);
  return state;
}

std::shared_ptr<const PolicySnapshot> PolicyStore::current() {
  auto state = state_.load(std::memory_order_acquire);
  FileStamp root;
  if (is_gone(where_.path, &root)) return state->snapshot;
  const bool is_same = state->has_same_stamps(root);
  if (is_same && state->is_settled) return state->snapshot;
  auto changed = read(state.get());
  // The files were read again only because they are new, and this failed. The server may no longer
  // have the right to read them, for example because it was started by root and has changed its
  // user.
  if (is_same && !changed->disk.diagnostics.empty()) return state->snapshot;
  // The path may have disappeared only now. Then no login may get past the old rules, and the
  // absence must not be stored.
  if (changed->disk.is_absent) return state->snapshot;
  // If two threads read at the same time, the first one stores its result. The other uses its own
  // result for its own login, and the next login checks again.
  state_.compare_exchange_strong(state, changed, std::memory_order_acq_rel);
  return changed->snapshot;
}

}  // namespace gssloop::authz
