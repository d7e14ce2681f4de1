// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_SYSLOGD_SOCKET_H_
#define GSSLOOP_TESTS_LIVE_SYSLOGD_SOCKET_H_

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/live/user_namespace.h"

namespace gssloop::testing {

// syslogd_socket is the socket that syslog(3) sends to, in a /dev that only this process sees and
// that lies in the new folder `dev`. It does not block. Not for a process with threads. -1 if this
// user may not mount a /dev.
inline int syslogd_socket(const std::string& dev) {
  std::filesystem::create_directories(dev);
  if (!enter_namespaces(CLONE_NEWNS) ||
      mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", dev.c_str(), "tmpfs", 0, nullptr) != 0) {
    return -1;
  }
  for (const char* device : {"null", "random", "urandom"}) {
    const std::string own = dev + "/" + device, shared = std::string("/dev/") + device;
    std::ofstream(own).flush();
    if (mount(shared.c_str(), own.c_str(), nullptr, MS_BIND, nullptr) != 0) return -1;
  }
  if (mount(dev.c_str(), "/dev", nullptr, MS_BIND | MS_REC, nullptr) != 0) return -1;
  const int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const sockaddr_un address{AF_UNIX, "/dev/log"};
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  return bind(listener, name, sizeof address) == 0 ? listener : -1;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_SYSLOGD_SOCKET_H_
