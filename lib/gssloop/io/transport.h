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

// Deadlines are points of a clock that nobody can set.
using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;                       // nothing is awaited after it
inline constexpr Deadline kNoDeadline = Deadline::max();  // waits as long as it takes

// IoResult is how one read or write ended.
struct IoResult {
  // Kind is what the caller acts on.
  enum class Kind {
    kDone,      // read: num_octets > 0 arrived; write: all of it was handed over
    kClosed,    // the peer closed the channel, or is gone
    kTimedOut,  // the deadline passed first
    kError,     // anything else; `error` says what
  };
  Kind kind = Kind::kDone;     // also of a read or write of no octets
  std::size_t num_octets = 0;  // read, or written before the end; never more than asked for
  std::string error;           // "recv: Bad file descriptor"; empty unless kError

  // is_done: nothing went wrong.
  bool is_done() const noexcept { return kind == Kind::kDone; }
};

// Transport carries octets between two parties, in order. Both calls wait, but never beyond the
// deadline; one that has passed still lets through what needs no waiting, so that a party whose
// time is up can say so. One thread at a time for each direction.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // read_some waits for octets and takes as many as are there and fit. An empty `into` is done with
  // none, without a look at the channel.
  virtual IoResult read_some(std::span<std::uint8_t> into, Deadline deadline) = 0;

  // write_all hands over all octets. After any other end than kDone a part of them may have left:
  // whoever frames messages must not write another one then.
  virtual IoResult write_all(ByteView octets, Deadline deadline) = 0;
};

}  // namespace gssloop::io

#endif  // GSSLOOP_IO_TRANSPORT_H_
