// SPDX-License-Identifier: BSD-2-Clause
//
// hello_cxx serve
// hello_cxx ask SERVICE@HOST PORT
//
// hello_c.c in C++: a server that greets one client by its authenticated name, and the client. Each
// program can talk to the other. Exit status: 0 done, 1 failed.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "gssloop/gss/names.h"
#include "gssloop/io/channel.h"
#include "gssloop/io/driver.h"
#include "gssloop/io/fd_transport.h"

using namespace gssloop;
using namespace std::chrono_literals;

namespace {

// The flags that both sides require: without one of them there is no context (RFC 7546 section 3).
constexpr Flags kRequired =
    Flags(Flag::kMutual) | Flag::kReplay | Flag::kSequence | Flag::kConf | Flag::kInteg;
constexpr auto kPatience = 30s;
constexpr std::size_t kMaxTokenLen = 4096;
constexpr auto kProtection = gss::Protection::kConfidentiality;

int fail(const std::string& reason) {
  std::fprintf(stderr, "hello_cxx: %s\n", reason.c_str());
  return 1;
}

bool send(loop::EstablishedContext& context, io::Transport& transport, std::string_view message) {
  const auto token = context.wrap(kProtection, as_bytes(message));
  if (!token) return false;
  return io::send_frame(transport, io::FrameKind::kData, token->view(),
                        io::Clock::now() + kPatience)
      .is_done();
}

std::optional<std::string> receive(loop::EstablishedContext& context, io::Transport& transport) {
  const auto frame = io::receive_frame(transport, kMaxTokenLen, io::Clock::now() + kPatience);
  if (!frame || frame->kind != io::FrameKind::kData) return std::nullopt;
  const auto message = context.unwrap(kProtection, frame->body);
  if (!message) return std::nullopt;
  return to_string(message->view());
}

int ask(int fd, std::string_view service) {
  auto target = gss::import_name(service, gss::NameForm::kHostbasedService);
  if (!target) return fail(target.error().text());
  gss::InitiatorInput input;
  input.target = std::move(*target);
  input.request = kRequired;
  loop::Initiator initiator(std::move(input), kRequired);
  io::FdTransport transport(fd);
  auto context = io::run(initiator, transport, io::Clock::now() + kPatience);
  if (!context) return fail(context.error().text());
  if (!send(*context, transport, "hello")) return fail("the message could not be sent");
  const auto reply = receive(*context, transport);
  if (!reply) return fail("the server sent no valid reply");
  std::printf("%s\n", reply->c_str());
  return 0;
}

int serve(int fd) {
  loop::Acceptor acceptor({}, kRequired);
  io::FdTransport transport(fd);
  auto context = io::run(acceptor, transport, io::Clock::now() + kPatience);
  if (!context) return fail(context.error().text());
  if (!receive(*context, transport)) return fail("the client sent no valid message");
  // Every client with a ticket gets this far: a real server decides here whether to serve this
  // name.
  const auto name = gss::display(context->source());
  if (!name) return fail(name.error().text());
  const std::string shown =
      name->is_anonymous() ? "anonymous client" : printable(as_bytes(name->text));
  if (!send(*context, transport, "hello, " + shown)) return fail("the reply could not be sent");
  std::printf("greeted %s\n", shown.c_str());
  // Decide by authenticated values only. The server's own policy says what they mean.
  const auto attributes = context->source_attributes();
  if (!attributes) return fail(attributes.error().text());
  for (const Attribute& attribute : attributes->readable) {
    const auto* values = attribute.authenticated();
    std::printf("attribute %s: %zu authenticated values\n",
                printable(as_bytes(attribute.name)).c_str(), values ? values->size() : 0);
  }
  return 0;
}

// Returns a connected socket: to `port`, or, without one, from the first client of a free port that
// it prints.
int open_connection(std::uint16_t port) {
  sockaddr_in address{};
  socklen_t len = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  if (port != 0) return connect(fd, generic, len) == 0 ? fd : -1;
  if (bind(fd, generic, len) != 0 || listen(fd, 1) != 0 || getsockname(fd, generic, &len) != 0) {
    return -1;
  }
  std::printf("%u\n", unsigned{ntohs(address.sin_port)});
  std::fflush(stdout);
  return accept(fd, nullptr, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  const bool serves = argc == 2 && std::string_view(argv[1]) == "serve";
  if (!serves && (argc != 4 || std::string_view(argv[1]) != "ask")) {
    return fail("usage: hello_cxx serve | hello_cxx ask SERVICE@HOST PORT");
  }
  const int fd =
      open_connection(serves ? 0 : static_cast<std::uint16_t>(std::strtoul(argv[3], nullptr, 10)));
  if (fd < 0) return fail("no connection");
  const int status = serves ? serve(fd) : ask(fd, argv[2]);
  close(fd);
  return status;
}
