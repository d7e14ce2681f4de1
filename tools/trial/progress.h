// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_PROGRESS_H_
#define GSSLOOP_TOOLS_TRIAL_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace gssloop::tools {

// Progress shows on standard error how far a transfer is, in one line that it erases at the end. It
// does so on a terminal only, and for transfers of more than two seconds.
class Progress {
 public:
  // `what` is the verb: "sent". `total` is the number of octets, if it is known.
  Progress(std::string what, std::optional<std::uint64_t> total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void at(std::uint64_t num_octets);

 private:
  using Clock = std::chrono::steady_clock;
  const std::string what_;
  const std::optional<std::uint64_t> total_;
  const bool is_terminal_;
  Clock::time_point next_;
  bool has_shown_ = false;
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_PROGRESS_H_
