// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_FUZZ_TARGETS_H_
#define GSSLOOP_FUZZ_TARGETS_H_

#include "gssloop/base/bytes.h"

namespace gssloop::fuzz {

// Each target takes any octets, and aborts when its parser does what it must not: reads past the
// end (sanitizers see that), accepts what it does not write back to the same octets, or grows
// beyond its input.
void gs2_message(ByteView input);
void initial_token(ByteView input);
void frames(ByteView input);
void layer_message(ByteView input);

struct Target {
  const char* name;
  void (*run)(ByteView input);
};
inline constexpr Target kTargets[] = {{"gs2_message", gs2_message},
                                      {"initial_token", initial_token},
                                      {"frames", frames},
                                      {"layer_message", layer_message}};

}  // namespace gssloop::fuzz

#endif  // GSSLOOP_FUZZ_TARGETS_H_
