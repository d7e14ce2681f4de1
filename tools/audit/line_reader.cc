// SPDX-License-Identifier: BSD-2-Clause
#include "tools/audit/line_reader.h"

#include <algorithm>

namespace gssloop::tools {

Result<std::optional<std::string>, Error> LineReader::next() {
  std::optional<std::string> line;
  for (;;) {
    if (at_ == end_) {
      const auto num_read = source_.read(buffer_);
      if (!num_read) return num_read.error();
      at_ = 0;
      end_ = *num_read;
      if (end_ == 0) break;
    }
    if (!line) line.emplace();
    const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto stop = buffer_.begin() + static_cast<std::ptrdiff_t>(end_);
    const auto feed = std::find(begin, stop, '\n');
    const auto len = static_cast<std::size_t>(feed - begin);
    const std::string_view piece = as_text({buffer_.data() + at_, len});
    *line += piece.substr(0, kMaxLen - line->size());
    at_ += len;
    if (feed == stop) continue;
    ++at_;
    break;
  }
  if (line) ++number_;
  return line;
}

}  // namespace gssloop::tools
