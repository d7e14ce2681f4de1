// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_FILES_H_
#define GSSLOOP_TOOLS_TRIAL_FILES_H_

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/base/descriptor.h"
#include "gssloop/base/result.h"

namespace gssloop::tools {

// The input and the output of a command, in pieces: a whole file is never in memory.

// Source is a file or standard input.
class Source {
 public:
  // open takes "-" for standard input. The message of a failure names the file.
  static Result<Source, Error> open(const std::string& path);
  // read returns how many octets it wrote to `into`; 0 at the end.
  Result<std::size_t, Error> read(std::span<std::uint8_t> into);
  // size is the size of a regular file, in octets.
  std::optional<std::uint64_t> size() const;
  bool is_terminal() const;

 private:
  Source(Descriptor owned, int fd, std::string name)
      : owned_(std::move(owned)), fd_(fd), name_(std::move(name)) {}
  Descriptor owned_;
  int fd_;
  std::string name_;
};

// Sink is a file or standard output. It writes data to a temporary file in the same folder, and
// renames that when the data is complete. Until then, the file itself does not change. Sink writes
// to devices and pipes directly.
class Sink {
 public:
  // open takes "" for standard output.
  static Result<Sink, Error> open(const std::string& path);
  Sink(Sink&& other) noexcept;
  Sink& operator=(Sink&&) = delete;
  ~Sink();

  std::optional<Error> write(ByteView octets);
  // finish stores the data and gives it the file's name. Do not call write afterwards.
  std::optional<Error> finish();

 private:
  Sink(Descriptor owned, int fd, std::string path, std::string temporary)
      : owned_(std::move(owned)),
        fd_(fd),
        path_(std::move(path)),
        temporary_(std::move(temporary)) {}
  Descriptor owned_;
  int fd_;
  std::string path_;       // "" is standard output
  std::string temporary_;  // "" if path_ is written to directly
};

// read_small_file reads a whole file of at most `max_len` octets.
Result<Bytes, Error> read_small_file(const std::string& path, std::size_t max_len);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_FILES_H_
