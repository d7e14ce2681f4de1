// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_TOOLS_FAKE_KDC_H_
#define GSSLOOP_TESTS_TOOLS_FAKE_KDC_H_

#include <sys/types.h>

#include <chrono>
#include <string>

namespace gssloop::testing {

// FakeKdc answers every request with the error that the client is unknown. Its clock is `ahead` of
// ours. It is a process that listens on a free port of 127.0.0.1. It ends with the object or with
// this process. Throws RealmError.
class FakeKdc {
 public:
  enum class Manner {
    kTcp,
    kUdp,
    kSilent,   // accepts TCP connections, and sends nothing
    kChatter,  // answers by TCP with octets that are no Kerberos message
  };
  FakeKdc(const std::string& realm, std::chrono::seconds ahead, Manner manner = Manner::kTcp);
  ~FakeKdc();
  FakeKdc(const FakeKdc&) = delete;
  FakeKdc& operator=(const FakeKdc&) = delete;

  int port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_TOOLS_FAKE_KDC_H_
