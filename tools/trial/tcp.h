// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_TCP_H_
#define GSSLOOP_TOOLS_TRIAL_TCP_H_

#include <string>

#include "gssloop/base/result.h"
#include "gssloop/io/transport.h"
#include "tools/trial/files.h"

namespace gssloop::tools {

// TCP, for IPv4 and IPv6. The message of an error names the address.

// connect_to tries all addresses of `host` in turn, until the deadline.
Result<Descriptor, Error> connect_to(const std::string& host, const std::string& port,
                                     io::Deadline deadline);

// Listener waits for connections at one address.
class Listener {
 public:
  // `port` "0" takes a free one.
  static Result<Listener, Error> open(const std::string& address, const std::string& port);
  // address is the address of the listener: "127.0.0.1 port 4711".
  const std::string& address() const noexcept { return address_; }
  // next waits for a connection without limit. *peer receives the address of its sender.
  Result<Descriptor, Error> next(std::string* peer);

 private:
  Listener(Descriptor socket, std::string address)
      : socket_(std::move(socket)), address_(std::move(address)) {}
  Descriptor socket_;
  std::string address_;
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_TCP_H_
