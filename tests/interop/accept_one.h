// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_ACCEPT_ONE_H_
#define GSSLOOP_TESTS_INTEROP_ACCEPT_ONE_H_

#include <string>

#include "examples/demo/wire.h"

namespace gssloop::testing {

// accept_one listens on a free port of loopback, writes its number to `port_file`, and waits for
// one peer. Says on stderr why it failed.
inline demo::Socket accept_one(const std::string& port_file) {
  unsigned port = 0;
  const demo::Socket listener = demo::listen_on_loopback(port_file, &port);
  if (!listener.is_open()) return demo::Socket(-1);
  demo::Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (peer.is_open()) demo::set_timeout(peer.fd());
  return peer;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_ACCEPT_ONE_H_
