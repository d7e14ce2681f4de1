// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_MODEL_MESSAGES_H_
#define GSSLOOP_TESTS_MODEL_MESSAGES_H_

#include <string>

namespace gssloop::testing {

// The octets behind the numbers of gs2.pml. The same for the model and for the replay of its runs.

// kHeaders are what the attacker can put before a token: right headers, headers that are wrong, cut
// or joined.
inline constexpr const char* kHeaders[] = {"n,,",        "y,,",           "p=tls-unique,,",
                                           "n,a=admin,", "y,a=admin,",    "p=tls-unique,a=admin,",
                                           "F,n,,",      "F,n,a=admin,",  "p=tls-exporter,,",
                                           "n,",         "n,a=admin",     "",
                                           "n,a=,",      "n,,n,a=admin,", "p=tls-unique,"};

inline constexpr const char* kOtherUser = "admin";
inline constexpr const char* kBindingType = "tls-unique";

// token_octets are those of a token. They begin like the end of a header, so that a header that was
// cut continues in the token.
inline std::string token_octets(int token) {
  return ",a=" + std::string(kOtherUser) + ",token " + std::to_string(token);
}

// channel_octets are the binding data of a channel. They could be the end of a header, too.
inline std::string channel_octets(int channel) {
  return channel == 0 ? "" : "a=" + std::string(kOtherUser) + ",channel " + std::to_string(channel);
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MODEL_MESSAGES_H_
