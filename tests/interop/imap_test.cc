// SPDX-License-Identifier: BSD-2-Clause
//
// GSSAPI inside a protocol of the world outside: our client at Dovecot's IMAP server, and the
// command gsasl(1) at an IMAP server with our module. Neither peer has a security layer.

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/interop/dovecot.h"
#include "tests/interop/login.h"
#include "tests/interop/matrix.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr char kMailLen[] = "200000";
constexpr auto kTimeout = 30s;

Child::Clock::time_point soon() { return Child::Clock::now() + kTimeout; }

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

std::vector<std::string> imap_peer() { return {program("tests/interop/imap_peer")}; }

// ---- Dovecot

class DovecotServer : public ::testing::Test {
 protected:
  // One for all: it takes a second to end.
  static std::unique_ptr<Dovecot> dovecot;
  static void TearDownTestSuite() { dovecot.reset(); }

  void SetUp() override {
    std::string reason = Lab::missing(Peer::kOurs);
    if (reason.empty()) reason = Dovecot::missing();
    if (!reason.empty()) GTEST_SKIP() << reason;
    if (!dovecot) dovecot = std::make_unique<Dovecot>();
  }

  // Our client's whole way: log in, leave a mail, fetch it.
  Outcome log_in(const std::vector<std::string>& window) {
    Lab& lab = Lab::get();
    std::vector<std::string> argv = imap_peer();
    argv.insert(argv.end(), {"--port", std::to_string(dovecot->port()), "--mail-len", kMailLen});
    argv.insert(argv.end(), window.begin(), window.end());
    Child client(argv, lab.environment({}), lab.next_file("imap"));
    Outcome outcome;
    outcome.client_status = client.wait(soon());
    outcome.client = client.output();
    outcome.server = dovecot->log();
    return outcome;
  }
};

std::unique_ptr<Dovecot> DovecotServer::dovecot;

TEST_F(DovecotServer, TakesOurClient) {
  SPEC("R3");
  const Outcome outcome = log_in({"--max-ssf", "256"});
  const bool is_through = outcome.client_status == 0 && has(outcome.client, "there and back");
  add_to_layers({"Dovecot (IMAP)", "server", "GSSAPI", "none",
                 is_through ? "a mail of " + std::string(kMailLen) + " bytes there and back"
                            : "NOT AS IT SHOULD BE"});
  EXPECT_TRUE(is_through) << outcome.text();
  // Dovecot 2.3: "gssapi(alice,127.0.0.1)"; 2.4: "auth(alice,127.0.0.1,sasl:gssapi)".
  EXPECT_TRUE(has(outcome.server, "gssapi(alice,") || has(outcome.server, "auth(alice,"))
      << outcome.text();
}

TEST_F(DovecotServer, HasNoLayerForAClientThatNeedsOne) {
  SPEC("R9");
  const Outcome outcome = log_in({"--min-ssf", "1", "--max-ssf", "256"});
  const bool is_refused = outcome.client_status == 1 && has(outcome.client, "NOT LOGGED IN");
  add_to_layers({"Dovecot (IMAP)", "server", "GSSAPI", "client needs one",
                 is_refused ? "refused by our client: Dovecot 2.3 has no layers in GSSAPI"
                            : "NOT AS IT SHOULD BE"});
  EXPECT_TRUE(is_refused) << outcome.text();
}

// ---- gsasl(1)

TEST(GsaslCommand, LogsInToOurServer) {
  SPEC("R3");
  if (std::string reason = Lab::missing(Peer::kOurs); !reason.empty()) GTEST_SKIP() << reason;
  const std::string gsasl = "/usr/bin/gsasl";
  if (!fs::exists(gsasl)) GTEST_SKIP() << gsasl << " is not there (Debian: gsasl)";
  Lab& lab = Lab::get();
  const std::string port_file = lab.next_file("port");
  std::vector<std::string> argv = imap_peer();
  argv.insert(argv.end(), {"--port-file", port_file, "--max-ssf", "256"});
  Lab::Server server = lab.start_server(argv, lab.environment({}), port_file);
  // --application-data turns the default off: nothing to send is there, and the command ends.
  Child client({gsasl, "--client", "--imap", "--no-starttls", "--mechanism", "GSSAPI",
                "--authentication-id", "alice", "--authorization-id", "", "--connect",
                "localhost:" + std::to_string(server.port), "--application-data"},
               lab.environment({}), lab.next_file("gsasl"));
  const Outcome outcome = lab.finish(&server, &client);
  const bool is_through = outcome.is_login() && has(outcome.server, "LOGGED IN");
  add_to_layers({"gsasl(1) (IMAP)", "client", "GSSAPI", "none",
                 is_through ? "login" : "NOT AS IT SHOULD BE"});
  EXPECT_TRUE(is_through) << outcome.text();
  EXPECT_EQ(outcome.authid(), "alice") << outcome.text();
}

}  // namespace
}  // namespace gssloop::testing
