// SPDX-License-Identifier: BSD-2-Clause

// gssloop.h over file descriptors.

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tests/spec/c_exchange.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

constexpr std::uint32_t kPatienceMs = 20000;

// Two ends of a connection; one is of the test.
class Connection {
 public:
  Connection() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds_), 0); }
  ~Connection() {
    hang_up();
    close(fds_[0]);
  }
  int fd() const { return fds_[0]; }
  int other() const { return fds_[1]; }
  void send(const std::string& octets) const {
    EXPECT_EQ(::write(fds_[1], octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  }
  void hang_up() {
    if (fds_[1] >= 0) close(fds_[1]);
    fds_[1] = -1;
  }

 private:
  int fds_[2] = {-1, -1};
};

std::string frame(char kind, const std::string& body) {
  return kind + "\0\0\0"s + static_cast<char>(body.size()) + body;
}

// run_both carries a negotiation over a connection, the acceptor in a thread of its own.
void run_both(const Connection& connection, CPair* pair) {
  Side initiator(kProtection), acceptor(kProtection);
  initiator.initiates();
  acceptor.accepts();
  std::thread other([&] {
    EXPECT_EQ(gssloop_negotiation_run_fd(acceptor.negotiation.get(), connection.other(),
                                         connection.other(), kPatienceMs, pair->acceptor.out(),
                                         acceptor.error.out()),
              GSSLOOP_OK)
        << text_of(acceptor.error);
  });
  EXPECT_EQ(
      gssloop_negotiation_run_fd(initiator.negotiation.get(), connection.fd(), connection.fd(),
                                 kPatienceMs, pair->initiator.out(), initiator.error.out()),
      GSSLOOP_OK)
      << text_of(initiator.error);
  other.join();
  ASSERT_TRUE(pair->ok());
  // The negotiation is used up, and the context lives on without it.
  CContext again;
  EXPECT_EQ(gssloop_negotiation_run_fd(initiator.negotiation.get(), connection.fd(),
                                       connection.fd(), 0, again.out(), nullptr),
            GSSLOOP_INVALID);
}

TEST_F(CSpec, ContextsAndMessagesTravelOverSockets) {
  Script script;
  script.initiator = {go_on("hello"), complete()};
  script.acceptor = {complete("answer")};
  scripted().play(script);
  const Connection connection;
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(run_both(connection, &pair));
  CError error;
  CBuffer message;
  ASSERT_EQ(gssloop_send_fd(pair.initiator.get(), GSSLOOP_CONFIDENTIALITY, "message", 7,
                            connection.fd(), kPatienceMs, error.out()),
            GSSLOOP_OK)
      << text_of(error);
  ASSERT_EQ(gssloop_receive_fd(pair.acceptor.get(), GSSLOOP_CONFIDENTIALITY, 1000,
                               connection.other(), kPatienceMs, message.out(), error.out()),
            GSSLOOP_OK)
      << text_of(error);
  EXPECT_EQ(message.text(), "message");
}

TEST_F(CSpec, WhatComesInsteadOfAMessageIsTold) {
  const std::string too_long(101, 'x');
  const struct {
    const char* what;
    std::string octets;
    bool hangs_up;
    int fault;
  } rows[] = {
      {"silence", "", false, GSSLOOP_FAULT_TIMED_OUT},
      {"the end", "", true, GSSLOOP_FAULT_PEER_REJECTED},
      {"half a frame", frame('D', "ab").substr(0, 6), true, GSSLOOP_FAULT_PEER_REJECTED},
      {"a notice of failure", frame('F', ""), false, GSSLOOP_FAULT_PEER_REJECTED},
      {"a context token", frame('T', "ab"), false, GSSLOOP_FAULT_PEER_PROTOCOL},
      {"no frame", "HTTP/1.1 200 OK\r\n", false, GSSLOOP_FAULT_PEER_PROTOCOL},
      {"too much", frame('D', too_long), false, GSSLOOP_FAULT_PEER_PROTOCOL},
      {"what nobody wrapped", frame('D', "ab"), false, GSSLOOP_FAULT_PEER_PROTOCOL},
  };
  for (const auto& row : rows) {
    scripted().reset();
    CPair pair;
    ASSERT_NO_FATAL_FAILURE(establish(&pair, kProtection));
    Connection connection;
    connection.send(row.octets);
    if (row.hangs_up) connection.hang_up();
    CBuffer message;
    CError error;
    EXPECT_EQ(gssloop_receive_fd(pair.acceptor.get(), GSSLOOP_INTEGRITY, 100, connection.fd(), 50,
                                 message.out(), error.out()),
              GSSLOOP_FAILED)
        << row.what;
    EXPECT_EQ(fault_of(error), row.fault) << row.what << ": " << text_of(error);
    EXPECT_EQ(message.get().data, nullptr);
  }
}

TEST_F(CSpec, ANegotiationOverASocketFailsInTimeAndWithAFault) {
  for (const bool hangs_up : {false, true}) {
    Connection connection;
    if (hangs_up) connection.hang_up();
    Side side;
    side.accepts();
    CContext context;
    EXPECT_EQ(gssloop_negotiation_run_fd(side.negotiation.get(), connection.fd(), connection.fd(),
                                         50, context.out(), side.error.out()),
              GSSLOOP_FAILED);
    EXPECT_EQ(fault_of(side.error),
              hangs_up ? GSSLOOP_FAULT_PEER_REJECTED : GSSLOOP_FAULT_TIMED_OUT);
    EXPECT_EQ(context.get(), nullptr);
  }
  Side side;
  side.accepts();
  CContext context;
  EXPECT_EQ(
      gssloop_negotiation_run_fd(side.negotiation.get(), -1, 0, 0, context.out(), side.error.out()),
      GSSLOOP_INVALID);
}

TEST_F(CSpec, SendingToAPeerThatIsGoneFails) {
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(establish(&pair, kProtection));
  Connection connection;
  connection.hang_up();
  CError error;
  EXPECT_EQ(gssloop_send_fd(pair.initiator.get(), GSSLOOP_INTEGRITY, "m", 1, connection.fd(), 50,
                            error.out()),
            GSSLOOP_FAILED);
  EXPECT_EQ(fault_of(error), GSSLOOP_FAULT_PEER_REJECTED);
  EXPECT_EQ(gssloop_send_fd(pair.initiator.get(), GSSLOOP_INTEGRITY, "m", 1, -1, 50, error.out()),
            GSSLOOP_INVALID);
}

}  // namespace
}  // namespace gssloop::testing
