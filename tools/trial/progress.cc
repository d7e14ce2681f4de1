// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace gssloop::tools {
namespace {

using namespace std::chrono_literals;

std::string mebibytes(std::uint64_t num_octets) {
  const std::uint64_t tenths = num_octets / (std::uint64_t{1024} * 1024 / 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

}  // namespace

Progress::Progress(std::string what, std::optional<std::uint64_t> total)
    : what_(std::move(what)),
      total_(total),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + 2s) {}

Progress::~Progress() {
  if (has_shown_) std::fputs("\r\033[K", stderr);
}

void Progress::at(std::uint64_t num_octets) {
  if (!is_terminal_ || Clock::now() < next_) return;
  next_ = Clock::now() + 200ms;
  has_shown_ = true;
  const std::string of = total_ ? " of " + mebibytes(*total_) : "";
  std::fprintf(stderr, "\r%s %s%s\033[K", what_.c_str(), mebibytes(num_octets).c_str(), of.c_str());
}

}  // namespace gssloop::tools
