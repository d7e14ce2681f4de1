// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_FILE_STAMP_H_
#define GSSLOOP_BASE_FILE_STAMP_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace gssloop {

// FileStamp shows whether a file has changed. All zero if there is no file.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;  // of its content, and of its owner and mode as well

  static FileStamp of(const struct stat& file) noexcept {
    const auto ns = [](const struct timespec& time) {
      return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    };
    return {file.st_dev, file.st_ino, static_cast<std::uint64_t>(file.st_size), ns(file.st_mtim),
            ns(file.st_ctim)};
  }
  // If there is no file, errno has the reason.
  static FileStamp of(const std::string& path) noexcept {
    struct stat file;
    return stat(path.c_str(), &file) == 0 ? of(file) : FileStamp{};
  }
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_FILE_STAMP_H_
