// SPDX-License-Identifier: BSD-2-Clause
#include "tests/tools/fake_kdc.h"

#include <krb5/krb5.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include "tests/kdc/realm_error.h"

namespace gssloop::testing {
namespace {

using Manner = FakeKdc::Manner;

struct Service {
  int fd;
  Manner manner;
  std::string realm;
  std::chrono::seconds ahead;
};

std::string error_now(const Service& service) {
  krb5_context context;
  krb5_principal server;
  krb5_error error{};
  krb5_data octets{};
  if (krb5_init_context(&context) != 0 ||
      krb5_build_principal(context, &server, static_cast<unsigned>(service.realm.size()),
                           service.realm.c_str(), "krbtgt", service.realm.c_str(),
                           static_cast<char*>(nullptr)) != 0) {
    _exit(1);
  }
  error.error = static_cast<krb5_ui_4>(KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN - ERROR_TABLE_BASE_krb5);
  error.server = server;
  error.stime = static_cast<krb5_timestamp>(std::time(nullptr) + service.ahead.count());
  if (krb5_mk_error(context, &error, &octets) != 0) _exit(1);
  return std::string(octets.data, octets.length);
}

void answer_tcp(const Service& service) {
  const int peer = accept(service.fd, nullptr, nullptr);
  if (peer < 0 || service.manner == Manner::kSilent) return;  // the connection stays open
  char request[4096];
  if (recv(peer, request, sizeof request, 0) > 0) {
    const std::string body = service.manner == Manner::kChatter ? "hello" : error_now(service);
    const std::string head = {0, 0, static_cast<char>(body.size() >> 8),
                              static_cast<char>(body.size() & 0xff)};
    const std::string framed = head + body;
    // In two pieces, as a network may deliver them.
    if (send(peer, framed.data(), 3, MSG_NOSIGNAL) == 3) {
      usleep(1000);
      send(peer, framed.data() + 3, framed.size() - 3, MSG_NOSIGNAL);
    }
  }
  close(peer);
}

void answer_udp(const Service& service) {
  char request[4096];
  sockaddr_in peer{};
  socklen_t len = sizeof peer;
  auto* address = reinterpret_cast<sockaddr*>(&peer);
  if (recvfrom(service.fd, request, sizeof request, 0, address, &len) <= 0) return;
  const std::string body = error_now(service);
  sendto(service.fd, body.data(), body.size(), 0, address, len);
}

[[noreturn]] void serve(const Service& service) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) service.manner == Manner::kUdp ? answer_udp(service) : answer_tcp(service);
}

}  // namespace

FakeKdc::FakeKdc(const std::string& realm, std::chrono::seconds ahead, Manner manner) {
  const int type = manner == Manner::kUdp ? SOCK_DGRAM : SOCK_STREAM;
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t len = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, generic, len) != 0 || (manner != Manner::kUdp && listen(fd, 5) != 0) ||
      getsockname(fd, generic, &len) != 0) {
    throw RealmError("no port for a fake KDC");
  }
  port_ = ntohs(address.sin_port);
  pid_ = fork();
  if (pid_ == 0) serve({fd, manner, realm, ahead});
  close(fd);
  if (pid_ < 0) throw RealmError("no process for a fake KDC");
}

FakeKdc::~FakeKdc() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace gssloop::testing
