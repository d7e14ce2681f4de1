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

// Where a command's data comes from and goes to, in pieces: never a whole file in memory.

// Source is a file or standard input.
class Source {
 public:
  // open takes "-" for standard input. Fails with a message that names the file.
  static Result<Source, Error> open(const std::string& path);
  // read fills `into` as far as there is data; 0 is the end.
  Result<std::size_t, Error> read(std::span<std::uint8_t> into);
  // size is how many octets a regular file has.
  std::optional<std::uint64_t> size() const;
  bool is_terminal() const;

 private:
  Source(Descriptor owned, int fd, std::string name)
      : owned_(std::move(owned)), fd_(fd), name_(std::move(name)) {}
  Descriptor owned_;
  int fd_;
  std::string name_;
};

// Sink is a file or standard output. What goes to a file stands under a temporary name beside it
// and gets the file's name when it is whole: before, and if it never is, the file is as it was.
// Devices and pipes are written to as they are.
class Sink {
 public:
  // open takes "" for standard output.
  static Result<Sink, Error> open(const std::string& path);
  Sink(Sink&& other) noexcept;
  Sink& operator=(Sink&&) = delete;
  ~Sink();

  std::optional<Error> write(ByteView octets);
  // finish makes what was written last, under its name. Nothing may be written afterwards.
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
  std::string temporary_;  // "" where path_ is written to directly
};

// read_small_file reads a whole file of at most `max_len` octets.
Result<Bytes, Error> read_small_file(const std::string& path, std::size_t max_len);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_FILES_H_
