// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_IDLE_MEMORY_H_
#define GSSLOOP_TESTS_SUPPORT_IDLE_MEMORY_H_

#include <string>

namespace gssloop::testing {

// IdleMemory is what a server keeps in memory for a client that logged in and does nothing. Octets.
struct IdleMemory {
  long of_login = 0;  // what the login added to a connection of sasl_server_new
  // What the mechanism alone keeps: the acceptor's context and the name of its peer. With a
  // security layer the context protected a message in each direction, as in a login with GSSAPI.
  long of_context = 0;
  double ratio() const { return static_cast<double>(of_login) / static_cast<double>(of_context); }
};

// idle_memory is the mean of many connections of the default user to imap@localhost. It needs
// libsasl's client and server, and a process without a replay cache. Throws std::runtime_error.
IdleMemory idle_memory(const std::string& mechanism);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_IDLE_MEMORY_H_
