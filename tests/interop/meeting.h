// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_MEETING_H_
#define GSSLOOP_TESTS_INTEROP_MEETING_H_

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/arguments.h"
#include "tests/support/socket.h"

namespace gssloop::testing {

// Meeting is where a peer program meets the other one. Each peer takes these two options: the
// server is the one that writes its port.
struct Meeting {
  std::string port_file;
  unsigned port = 0;

  bool is_server() const { return !port_file.empty(); }

  std::vector<Option> rows() {
    return {{"--port-file FILE", &port_file,
             "be the server, on a free port, and write its number to FILE"},
            {"--port N", &port, "be the client of the server at this port"}};
  }

  // The connection with the one peer. Throws std::runtime_error.
  Socket connect() const {
    Socket peer;
    if (is_server()) {
      const Listener listener = listen_on_loopback();
      write_port(port_file, listener.port);
      peer = accept_from(listener.socket);
    } else {
      peer = connect_to_loopback(port);
    }
    if (!peer.is_open()) throw std::runtime_error(std::string("no peer: ") + std::strerror(errno));
    return peer;
  }
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_MEETING_H_
