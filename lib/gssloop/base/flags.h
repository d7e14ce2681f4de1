// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_FLAGS_H_
#define GSSLOOP_BASE_FLAGS_H_

#include <cstdint>
#include <string>

namespace gssloop {

// Flag is one of the context flags of RFC 2744 section 5.19 (req_flags, ret_flags), and MIT's
// GSS_C_CHANNEL_BOUND_FLAG. gssloop/gss asserts that the numbers are those of the GSS-API headers.
enum class Flag : std::uint32_t {
  kDeleg = 1,
  kMutual = 2,
  kReplay = 4,
  kSequence = 8,
  kConf = 16,
  kInteg = 32,
  kAnon = 64,
  kProtReady = 128,
  kTrans = 256,
  kChannelBound = 2048,
  kDelegPolicy = 32768,
};

// Flags is a set of Flag; bits without a name here are kept unchanged.
class Flags {
 public:
  constexpr Flags() = default;
  // A set of one: a Flag converts to Flags.
  constexpr Flags(Flag flag) : bits_(static_cast<std::uint32_t>(flag)) {}
  // from_bits makes a set from a number that a GSS-API call returned.
  static constexpr Flags from_bits(std::uint32_t bits) { return Flags(bits); }

  // bits is that number; empty: no bit of it is set, has: this one is.
  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(Flag flag) const { return (bits_ & static_cast<std::uint32_t>(flag)) != 0; }
  // missing returns those of `wanted` that are not in this set.
  constexpr Flags missing(Flags wanted) const { return Flags(wanted.bits_ & ~bits_); }

  // operator| is the union of two sets.
  friend constexpr Flags operator|(Flags a, Flags b) { return Flags(a.bits_ | b.bits_); }
  friend constexpr bool operator==(Flags, Flags) = default;

 private:
  constexpr explicit Flags(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

// operator| makes a set of two flags.
constexpr Flags operator|(Flag a, Flag b) { return Flags(a) | Flags(b); }

// to_string names the flags for people: "mutual, integ"; "none" for the empty set.
std::string to_string(Flags flags);

}  // namespace gssloop

#endif  // GSSLOOP_BASE_FLAGS_H_
