// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/lines.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "tests/support/socket.h"

namespace gssloop::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 30s;

// One of the two programs: the process, our end of its standard input and output, what it wrote.
class Speaker {
 public:
  Speaker(const Command& command, const std::string& error_file, std::string mark)
      : mark_(std::move(mark)) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
      throw RealmError("cannot make a socket pair");
    }
    ours_ = std::make_unique<Socket>(fds[0]);
    const Socket theirs(fds[1]);
    process_ = std::make_unique<Child>(command.argv, command.env, error_file,
                                       Child::Streams{theirs.fd(), theirs.fd()});
  }

  int fd() const { return ours_->fd(); }

  // Takes what the program wrote and passes the lines that are meant for `to` on. False once there
  // is no more to come.
  bool relay(const Speaker& to) {
    char part[4096];
    const ssize_t len = recv(fd(), part, sizeof part, 0);
    if (len <= 0) {
      shutdown(to.fd(), SHUT_WR);
      return false;
    }
    said_.append(part, static_cast<std::size_t>(len));
    for (std::size_t end; (end = said_.find('\n', num_relayed_)) != std::string::npos;) {
      const std::string line = said_.substr(num_relayed_, end + 1 - num_relayed_);
      if (line.rfind(mark_, 0) == 0) send_all(to.fd(), line.data(), line.size());
      num_relayed_ = end + 1;
    }
    return true;
  }

  int wait(Child::Clock::time_point deadline) { return process_->wait(deadline); }
  std::string text() const { return said_ + process_->output(); }

 private:
  const std::string mark_;
  std::unique_ptr<Socket> ours_;
  std::unique_ptr<Child> process_;
  std::string said_;
  std::size_t num_relayed_ = 0;
};

}  // namespace

Outcome talk(const Command& server_command, const Command& client_command) {
  const auto deadline = Child::Clock::now() + kTimeout;
  Lab& lab = Lab::get();
  Speaker server(server_command, lab.next_file("server"), "S: ");
  Speaker client(client_command, lab.next_file("client"), "C: ");
  pollfd polled[] = {{server.fd(), POLLIN, 0}, {client.fd(), POLLIN, 0}};
  while ((polled[0].fd >= 0 || polled[1].fd >= 0) && Child::Clock::now() < deadline) {
    if (poll(polled, 2, 100) <= 0) continue;
    if (polled[0].revents != 0 && !server.relay(client)) polled[0].fd = -1;
    if (polled[1].revents != 0 && !client.relay(server)) polled[1].fd = -1;
  }
  Outcome outcome;
  outcome.client_status = client.wait(deadline);
  outcome.server_status = server.wait(deadline);
  outcome.client = client.text();
  outcome.server = server.text();
  return outcome;
}

}  // namespace gssloop::testing
