// SPDX-License-Identifier: BSD-2-Clause
//
// loop_sample [--anonymous] SERVICE@HOST
//
// The sample program of draft-kaduk-kitten-gss-loop-02, section 4: a process and its child
// establish a security context over a socket pair, as a regular or as an anonymous initiator. The
// parent accepts with the default credential (KRB5_KTNAME), the child initiates with the default
// one (KRB5CCNAME). Exit status: 0 both have the context, 1 at least one has not.

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string_view>

#include "gssloop/gss/names.h"
#include "gssloop/io/driver.h"
#include "gssloop/io/fd_transport.h"

using namespace gssloop;
using namespace std::chrono_literals;

namespace {

// What both sides insist on: without one of these there is no context (section 3).
constexpr Flags kRequired = Flags(Flag::kMutual) | Flag::kConf | Flag::kInteg;
constexpr auto kPatience = 30s;

int fail(const char* role, const std::string& reason) {
  std::fprintf(stderr, "%s: %s\n", role, reason.c_str());
  return 1;
}

int initiate(int fd, std::string_view service, bool is_anonymous) {
  auto target = gss::import_name(service, gss::NameForm::kHostbasedService);
  if (!target) return fail("initiator", target.error().text());
  gss::InitiatorInput input;
  input.target = std::move(*target);
  input.request = is_anonymous ? kRequired | Flag::kAnon : kRequired;

  io::FdTransport transport(fd);
  loop::Initiator initiator(std::move(input), kRequired);
  const auto context = io::run(initiator, transport, io::Clock::now() + kPatience);
  if (!context && context.error().fault == loop::Fault::kAnonymityLost) {
    // section 2.1: the name would leave with the token, so that is looked at before it is sent.
    return fail("initiator", "anonymity is not granted, so nothing that would name us was sent");
  }
  if (!context) return fail("initiator", context.error().text());
  std::printf("initiator: context with %.*s established (%s)\n", static_cast<int>(service.size()),
              service.data(), to_string(context->flags()).c_str());
  return 0;
}

int accept_one(int fd) {
  io::FdTransport transport(fd);
  loop::Acceptor acceptor({}, kRequired);
  const auto context = io::run(acceptor, transport, io::Clock::now() + kPatience);
  if (!context) return fail("acceptor", context.error().text());
  // Whoever has a ticket gets this far: a server now decides whether this name may go on, be it
  // anonymous or of a foreign realm (RFC 7546 section 3.1).
  const auto name = gss::display(context->source());
  if (!name) return fail("acceptor", name.error().text());
  std::printf("acceptor: context with %s established (%s)\n",
              name->is_anonymous() ? "an anonymous initiator" : name->text.c_str(),
              to_string(context->flags()).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_anonymous = argc == 3 && std::string_view(argv[1]) == "--anonymous";
  if (argc != 2 && !is_anonymous) return fail("usage", "loop_sample [--anonymous] SERVICE@HOST");
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return fail("socketpair", "no socket pair");
  const pid_t child = fork();
  if (child < 0) return fail("fork", "no child process");
  // Each side closes the other's end, so that it sees when the other is gone.
  close(fds[child == 0 ? 1 : 0]);
  // Both return from main: what the GSS-API library holds is released on every way out.
  if (child == 0) return initiate(fds[0], argv[argc - 1], is_anonymous);
  const int accepted = accept_one(fds[1]);
  close(fds[1]);
  int initiated = 1;
  if (waitpid(child, &initiated, 0) != child) return 1;
  return accepted == 0 && initiated == 0 ? 0 : 1;
}
