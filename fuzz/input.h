// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_FUZZ_INPUT_H_
#define GSSLOOP_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "gssloop/base/bytes.h"

namespace gssloop::fuzz {

// Input reads a target's octets as a program: what is missing at the end is zero.
class Input {
 public:
  explicit Input(ByteView octets) : rest_(octets) {}

  bool is_empty() const { return rest_.empty(); }
  std::uint8_t octet() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  // below is a number from 0 to bound - 1.
  std::size_t below(std::size_t bound) { return octet() % bound; }
  // octets are as many as one octet says.
  ByteView octets() {
    const std::size_t wanted = octet();  // before the size of the rest is taken
    const std::size_t len = std::min(wanted, rest_.size());
    const ByteView taken = rest_.first(len);
    rest_ = rest_.subspan(len);
    return taken;
  }
  std::string text() { return to_string(octets()); }

 private:
  ByteView rest_;
};

}  // namespace gssloop::fuzz

#endif  // GSSLOOP_FUZZ_INPUT_H_
