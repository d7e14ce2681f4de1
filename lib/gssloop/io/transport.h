// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_IO_TRANSPORT_H_
#define GSSLOOP_IO_TRANSPORT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "gssloop/base/bytes.h"

namespace gssloop::io {

// Deadlines are times of a monotonic clock.
using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;                       // no call waits after it
inline constexpr Deadline kNoDeadline = Deadline::max();  // waits without a limit

// IoResult is the result of one read or write.
struct IoResult {
  // Kind is for the caller's decision.
  enum class Kind {
    kDone,      // read: num_octets > 0 arrived; write: all octets were written
    kClosed,    // the peer closed the channel or disappeared
    kTimedOut,  // the deadline passed first
    kError,     // any other error; `error` describes it
  };
  Kind kind = Kind::kDone;     // also of a read or write of no octets
  std::size_t num_octets = 0;  // read, or written before the failure; never more than requested
  std::string error;           // "recv: Bad file descriptor"; empty unless kError

  // is_done: no failure.
  bool is_done() const noexcept { return kind == Kind::kDone; }
};

// Transport carries octets between two parties, in order. Both calls wait, but never beyond the
// deadline. After the deadline they still do what needs no wait, so that a side whose time is over
// can tell the peer. One thread at a time for each direction.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // read_some waits for octets and reads as many as are available and fit. An empty `into` returns
  // kDone at once, without a read.
  virtual IoResult read_some(std::span<std::uint8_t> into, Deadline deadline) = 0;

  // write_all writes all octets. After any result but kDone a part of them may have been written: a
  // caller that frames messages must not write another one then.
  virtual IoResult write_all(ByteView octets, Deadline deadline) = 0;
};

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_TRANSPORT_H_
