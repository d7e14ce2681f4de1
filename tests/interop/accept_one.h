// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_ACCEPT_ONE_H_
#define GSSLOOP_TESTS_INTEROP_ACCEPT_ONE_H_

#include <cstdio>
#include <string>

#include "examples/demo/wire.h"

namespace gssloop::testing {

// accept_one listens on a free port of loopback, writes its number to `port_file`, and waits for
// one peer. Says on stderr why it failed.
inline demo::Socket accept_one(const std::string& port_file) {
  const demo::Socket listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t len = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!listener.is_open() || bind(listener.fd(), generic, len) != 0 ||
      listen(listener.fd(), 1) != 0 || getsockname(listener.fd(), generic, &len) != 0) {
    std::perror("cannot listen on 127.0.0.1");
    return demo::Socket(-1);
  }
  // Under another name first: who waits for the file must not read half a number.
  const std::string unfinished = port_file + ".new";
  std::FILE* file = std::fopen(unfinished.c_str(), "we");
  if (file == nullptr) {
    std::perror(unfinished.c_str());
    return demo::Socket(-1);
  }
  std::fprintf(file, "%u\n", unsigned{ntohs(address.sin_port)});
  std::fclose(file);
  if (std::rename(unfinished.c_str(), port_file.c_str()) != 0) {
    std::perror(port_file.c_str());
    return demo::Socket(-1);
  }
  demo::Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (peer.is_open()) demo::set_timeout(peer.fd());
  return peer;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_ACCEPT_ONE_H_
