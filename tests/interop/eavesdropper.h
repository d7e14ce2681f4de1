// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_EAVESDROPPER_H_
#define GSSLOOP_TESTS_INTEROP_EAVESDROPPER_H_

#include <atomic>
#include <thread>

#include "tests/support/socket.h"

namespace gssloop::testing {

// Eavesdropper is between one client and a server. It copies the client's first message, logs in
// with it on a connection of its own, and only then lets the client's own message pass. To the
// server, which must notice, the client's message is the replay.
class Eavesdropper {
 public:
  explicit Eavesdropper(int server_port);
  Eavesdropper(const Eavesdropper&) = delete;
  Eavesdropper& operator=(const Eavesdropper&) = delete;
  ~Eavesdropper();

  int port() const { return static_cast<int>(listener_.port); }
  // Whether the server took the stolen message. Known once the client has ended.
  bool got_in() const { return got_in_; }

 private:
  void run(unsigned server_port);

  const Listener listener_;
  std::atomic<bool> got_in_ = false;
  std::thread thread_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_EAVESDROPPER_H_
