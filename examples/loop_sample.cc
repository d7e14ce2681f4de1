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

// The flags that both sides require: without one of them there is no context (section 3).
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
    // Section 2.1: check before the token is sent, because the token would reveal the name.
    return fail("initiator",
                "the mechanism does not grant anonymity, so nothing that names the user was sent");
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
  // Every client with a ticket gets this far, even an anonymous one or one of a foreign realm: a
  // real server decides here whether to serve this name (RFC 7546 section 3.1).
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
  // Each process closes the end of the other, so that it notices when the other ends.
  close(fds[child == 0 ? 1 : 0]);
  // Both processes return from main, so that every handle of the GSS-API is released.
  if (child == 0) return initiate(fds[0], argv[argc - 1], is_anonymous);
  const int accepted = accept_one(fds[1]);
  close(fds[1]);
  int initiated = 1;
  if (waitpid(child, &initiated, 0) != child) return 1;
  return accepted == 0 && initiated == 0 ? 0 : 1;
}
