// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/eavesdropper.h"

#include <sys/socket.h>

#include "tests/support/wire.h"

namespace gssloop::testing {
namespace {

using wire::Frame;
using wire::Kind;

std::optional<Frame> pass(const Socket& from, const Socket& to) {
  std::optional<Frame> frame = wire::receive_frame(from.fd());
  if (frame && !wire::send_frame(to.fd(), frame->kind, frame->body)) return std::nullopt;
  return frame;
}

}  // namespace

Eavesdropper::Eavesdropper(int server_port) : listener_(listen_on_loopback()) {
  thread_ = std::thread([this, server_port] { run(static_cast<unsigned>(server_port)); });
}

Eavesdropper::~Eavesdropper() {
  // Wakes the thread if no client ever connected.
  shutdown(listener_.socket.fd(), SHUT_RDWR);
  thread_.join();
}

void Eavesdropper::run(unsigned server_port) {
  const Socket client = accept_from(listener_.socket);
  if (!client.is_open()) return;
  // The greeting is the client's to see before it says anything, and the server serves one at a
  // time: the client gets a copy, and the server's second greeting is dropped.
  std::optional<Frame> start;
  {
    const Socket server = connect_to_loopback(server_port);
    if (!server.is_open() || !pass(server, client)) return;
    start = wire::receive_frame(client.fd());
    if (!start) return;
    wire::send_frame(server.fd(), start->kind, start->body);
    const std::optional<Frame> answer = wire::receive_frame(server.fd());
    got_in_ = answer && answer->kind == Kind::kSuccess;
  }
  const Socket server = connect_to_loopback(server_port);
  if (!server.is_open() || !wire::receive_frame(server.fd())) return;
  if (!wire::send_frame(server.fd(), start->kind, start->body)) return;
  for (;;) {
    const std::optional<Frame> answer = pass(server, client);
    if (!answer || answer->kind != Kind::kChallenge || !pass(client, server)) return;
  }
}

}  // namespace gssloop::testing
