// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_FUZZ_TARGETS_H_
#define GSSLOOP_FUZZ_TARGETS_H_

#include "gssloop/base/bytes.h"

namespace gssloop::fuzz {

// Each target takes any octets, and aborts when its parser breaks a rule: reads past the
// end (sanitizers see that), accepts what it does not write back to the same octets, or grows
// beyond its input.
void gs2_message(ByteView input);
void initial_token(ByteView input);
void frames(ByteView input);
void layer_message(ByteView input);
void policy(ByteView input);  // as a policy file, and as a rule
// The buffers of a PAC; pac_logon_info also takes its input as what the headers enclose, which no
// mutation would get right.
void pac_logon_info(ByteView input);
void pac_client_info(ByteView input);
void pac_upn(ByteView input);
void pac_requestor(ByteView input);

// require aborts and says what a target found wrong.
void require(bool condition, const char* what);

struct Target {
  const char* name;
  void (*run)(ByteView input);
};
inline constexpr Target kTargets[] = {{"gs2_message", gs2_message},
                                      {"initial_token", initial_token},
                                      {"frames", frames},
                                      {"layer_message", layer_message},
                                      {"pac_logon_info", pac_logon_info},
                                      {"pac_client_info", pac_client_info},
                                      {"pac_upn", pac_upn},
                                      {"pac_requestor", pac_requestor},
                                      {"policy", policy}};

}  // namespace gssloop::fuzz

#endif  // GSSLOOP_FUZZ_TARGETS_H_
