// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_EAVESDROPPER_H_
#define GSSLOOP_TESTS_INTEROP_EAVESDROPPER_H_

#include <atomic>
#include <thread>

namespace gssloop::testing {

// Eavesdropper stands between one client and a server (the demo's protocol). It copies the client's
// first message, logs in with it on a connection of its own, and only then lets the client's own
// pass: to the server, which must notice, the client is the one who replays.
class Eavesdropper {
 public:
  explicit Eavesdropper(int server_port);
  Eavesdropper(const Eavesdropper&) = delete;
  Eavesdropper& operator=(const Eavesdropper&) = delete;
  ~Eavesdropper();

  int port() const { return port_; }
  // Whether the server took the stolen message. Known once the client has ended.
  bool got_in() const { return got_in_; }

 private:
  void run(int server_port);

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> got_in_ = false;
  std::thread thread_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_EAVESDROPPER_H_
