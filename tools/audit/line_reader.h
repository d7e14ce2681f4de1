// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_AUDIT_LINE_READER_H_
#define GSSLOOP_TOOLS_AUDIT_LINE_READER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"
#include "tools/trial/files.h"

namespace gssloop::tools {

// LineReader reads a file line by line. It keeps no more of a line than kMaxLen bytes.
class LineReader {
 public:
  // More than the longest line of a trail, also within the JSON of journalctl.
  static constexpr std::size_t kMaxLen = 262144;

  explicit LineReader(Source source) : source_(std::move(source)), buffer_(65536) {}

  // next returns the next line without its end, or its first kMaxLen bytes; nullopt at the end of
  // the file. The last line need not have an end. Fails if the file cannot be read.
  Result<std::optional<std::string>, Error> next();
  // number is that of the line that next returned, from 1.
  std::size_t number() const noexcept { return number_; }

 private:
  Source source_;
  Bytes buffer_;
  std::size_t at_ = 0, end_ = 0;  // what is read and not yet returned
  std::size_t number_ = 0;
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_AUDIT_LINE_READER_H_
