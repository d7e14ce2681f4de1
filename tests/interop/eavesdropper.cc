// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/eavesdropper.h"

#include "examples/demo/wire.h"
#include "tests/kdc/realm_error.h"

namespace gssloop::testing {
namespace {

using demo::Frame;
using demo::Kind;
using demo::Socket;

std::optional<Frame> pass(const Socket& from, const Socket& to) {
  std::optional<Frame> frame = demo::receive_frame(from.fd());
  if (frame && !demo::send_frame(to.fd(), frame->kind, frame->body)) return std::nullopt;
  return frame;
}

}  // namespace

Eavesdropper::Eavesdropper(int server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t len = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, generic, len) != 0 || listen(listener_, 1) != 0 ||
      getsockname(listener_, generic, &len) != 0) {
    throw RealmError("cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, server_port] { run(server_port); });
}

Eavesdropper::~Eavesdropper() {
  // Wakes the thread if nobody ever connected.
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void Eavesdropper::run(int server_port) {
  const Socket client(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
  if (!client.is_open()) return;
  demo::set_timeout(client.fd());
  const std::string port = std::to_string(server_port);
  // The greeting is the client's to see before it says anything, and the server serves one at a
  // time: the client gets a copy, and the server's second greeting is dropped.
  std::optional<Frame> start;
  {
    const Socket server = demo::connect_to("localhost", port);
    if (!server.is_open() || !pass(server, client)) return;
    start = demo::receive_frame(client.fd());
    if (!start) return;
    demo::send_frame(server.fd(), start->kind, start->body);
    const std::optional<Frame> answer = demo::receive_frame(server.fd());
    got_in_ = answer && answer->kind == Kind::kSuccess;
  }
  const Socket server = demo::connect_to("localhost", port);
  if (!server.is_open() || !demo::receive_frame(server.fd())) return;
  if (!demo::send_frame(server.fd(), start->kind, start->body)) return;
  for (;;) {
    const std::optional<Frame> answer = pass(server, client);
    if (!answer || answer->kind != Kind::kChallenge || !pass(client, server)) return;
  }
}

}  // namespace gssloop::testing
