// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_MEMORY_TRANSPORT_H_
#define GSSLOOP_TESTS_SUPPORT_MEMORY_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "gssloop/io/transport.h"

namespace gssloop::test {

// MemoryFaults is what goes wrong in one direction. Positions count the octets that were written in
// it, from 0.
struct MemoryFaults {
  std::size_t max_read_len = SIZE_MAX;  // 1 trickles octet by octet
  std::size_t capacity = 1 << 20;       // a writer waits while this much is unread
  std::optional<std::size_t> drop_at;   // this octet vanishes
  std::optional<std::size_t> flip_bit;  // bit n % 8 of octet n / 8 arrives flipped
  std::optional<std::size_t> cut_at;    // the direction ends before this octet, for both sides
  std::optional<std::size_t> stall_at;  // from this octet on nothing arrives, nor does the end
};

using MemoryEnds = std::pair<std::unique_ptr<io::Transport>, std::unique_ptr<io::Transport>>;

// memory_pair makes two connected ends, for one thread or two. They keep io::Transport's contract:
// deadlines, what a passed one still lets through, and that destroying an end closes it (the other
// reads what is under way, then kClosed, and writes get kClosed).
MemoryEnds memory_pair(MemoryFaults first_to_second = {}, MemoryFaults second_to_first = {});

}  // namespace gssloop::test

#endif  // GSSLOOP_TESTS_SUPPORT_MEMORY_TRANSPORT_H_
