// SPDX-License-Identifier: BSD-2-Clause
//
// Logins with GSSAPI between our module and the JDK's javax.security.sasl, each side in turn. The
// start of a Java machine takes longer than all logins together: one makes all those of a role.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/interop/login.h"
#include "tests/interop/matrix.h"
#include "tests/kdc/process.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

using Arguments = std::vector<std::string>;

constexpr char kName[] = "JDK";
constexpr char kMechanism[] = "GSSAPI";
constexpr char kPassed[] = "200000 bytes";
constexpr int kRefused = -1;

struct Row {
  const char* jdk;    // a LOGIN of JdkPeer.java
  Arguments ours;     // our client's window
  const char* layer;  // for the matrix
  int ssf;            // that ours must have
  const char* specs = "R3 R8 R9";
  unsigned max_piece_len = 65536;  // what ours may send at most
};

const Row kClientRows[] = {
    {"auth", {}, "auth, not mutual (the default)", 0, "R2 R3"},
    {"auth/mutual=true", {}, "auth", 0, "R3"},
    {"auth-int/mutual=true", {}, "auth-int", 1},
    {"auth-conf/mutual=true", {}, "auth-conf", 256},
    {"auth-conf,auth-int,auth", {}, "auth-conf preferred, the rest too", 256},
    {"auth-conf/maxbuf=4096", {}, "auth-conf, maxbuf 4096", 256, "R8", 4095},
    {"auth-int/maxbuf=4096", {}, "auth-int, maxbuf 4096", 1, "R8", 4095},
};

const Arguments kNone = {"--max-ssf", "0"};
const Arguments kIntegrity = {"--min-ssf", "1", "--max-ssf", "1"};
const Arguments kEncryption = {"--min-ssf", "56", "--max-ssf", "256"};
const Arguments kAny = {"--max-ssf", "256"};
const Row kServerRows[] = {
    {"auth-conf,auth-int,auth", kNone, "auth", 0, "R3"},
    {"auth-conf,auth-int,auth", kIntegrity, "auth-int", 1},
    {"auth-conf,auth-int,auth", kEncryption, "auth-conf", 256},
    {"auth-int", kAny, "auth-int, the server's wish", 1},
    {"auth", kAny, "auth, the server's wish", 0, "R3"},
    {"auth-conf/maxbuf=4096", kAny, "auth-conf, maxbuf 4096", 256, "R8", 4095},
    {"auth-int", kEncryption, "client encrypts, server does not", kRefused, "R9"},
};

// ---- The logins

struct Login {
  std::string jdk;
  std::string ours;
  int status;  // of our process
};

std::string java() {
  const char* home = std::getenv("JAVA_HOME");
  if (home != nullptr && *home != '\0') return std::string(home) + "/bin/java";
  try {
    return find_program("java");
  } catch (const RealmError&) {
    return "";
  }
}

std::string missing() {
  if (std::string reason = Lab::missing(Peer::kOurs); !reason.empty()) return reason;
  // A program from its source takes the compiler, which a mere JRE lacks.
  const std::filesystem::path program = java();
  std::error_code ignored;
  const auto home = std::filesystem::canonical(program, ignored).parent_path().parent_path();
  if (!std::filesystem::exists(home / "bin/javac")) {
    return "there is no JDK (Debian: default-jdk-headless)";
  }
  return "";
}

// Quick to start, and without a file outside the realm's folder.
Arguments jdk_command(const char* role) {
  return {java(),
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-XX:-UsePerfData",
          "-Djava.io.tmpdir=" + Lab::get().realm().dir(),
          source_file("tests/interop/JdkPeer.java"),
          role};
}

// The part of `text` after the n-th `mark`, up to the next one.
std::string section(const std::string& text, const std::string& mark, std::size_t n) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= n; ++i) {
    begin = text.find(mark, begin);
    if (begin == std::string::npos) return "";
    begin += mark.size();
  }
  return text.substr(begin, text.find(mark, begin) - begin);
}

std::vector<Login> run_clients() {
  Lab& lab = Lab::get();
  constexpr int kNumLogins = std::size(kClientRows);
  Lab::Server server = lab.start_server({Peer::kOurs, {"--max-ssf", "256"}}, kNumLogins);
  Arguments argv = jdk_command("client");
  argv.insert(argv.end(), {"localhost", std::to_string(server.port)});
  for (const Row& row : kClientRows) argv.push_back(row.jdk);
  Child client(argv, lab.environment({}), lab.next_file("jdk"));
  const Outcome outcome = lab.finish(&server, &client);
  std::vector<Login> sides;
  for (std::size_t i = 0; i < std::size(kClientRows); ++i) {
    sides.push_back({section(outcome.client, "=== ", i),
                     section(outcome.server, "server  a client connects", i),
                     outcome.server_status});
  }
  return sides;
}

std::vector<Login> run_servers() {
  Lab& lab = Lab::get();
  const std::string port_file = lab.next_file("port");
  Arguments argv = jdk_command("server");
  argv.push_back(port_file);
  for (const Row& row : kServerRows) argv.push_back(row.jdk);
  const Lab::Server server = lab.start_server(argv, lab.environment({}), port_file);
  std::vector<Login> sides;
  for (const Row& row : kServerRows) {
    Arguments arguments = {"--mechanism", kMechanism, "--exchange", "200000"};
    arguments.insert(arguments.end(), row.ours.begin(), row.ours.end());
    const auto client = lab.start_client({Peer::kOurs, arguments}, server.port);
    const int status = client->wait(Child::Clock::now() + std::chrono::seconds(30));
    sides.push_back({"", client->output(), status});
  }
  server.process->wait(Child::Clock::now() + std::chrono::seconds(30));
  for (std::size_t i = 0; i < sides.size(); ++i) {
    sides[i].jdk = section(server.process->output(), "=== ", i);
  }
  return sides;
}

// ---- The tests

unsigned number_after(const std::string& text, const std::string& word) {
  const std::size_t found = text.rfind(word);
  if (found == std::string::npos) return 0;
  return static_cast<unsigned>(std::atoi(text.c_str() + found + word.size()));
}

bool has(const std::string& text, const char* word) { return text.find(word) != std::string::npos; }

void check(const Row& row, const Login& login, const char* jdk_role) {
  SPEC(row.specs);
  SCOPED_TRACE("jdk:\n" + login.jdk + "\nours:\n" + login.ours);
  const bool is_through = has(login.jdk, kPassed) && has(login.ours, kPassed);
  const bool is_refused = has(login.jdk, "NOT LOGGED IN") && has(login.ours, "NOT LOGGED IN");
  const unsigned ssf = number_after(login.ours, "LAYER ssf ");
  const std::string went = is_through
                               ? "ssf " + std::to_string(ssf) + ", 200000 bytes there and back"
                           : is_refused ? "refused"
                                        : "NOT AS IT SHOULD BE";
  add_to_layers({kName, jdk_role, kMechanism, row.layer, went});
  if (row.ssf == kRefused) {
    EXPECT_TRUE(is_refused);
    EXPECT_EQ(login.status, 1);
    return;
  }
  ASSERT_TRUE(is_through);
  EXPECT_EQ(login.status, 0);
  EXPECT_EQ(ssf, static_cast<unsigned>(row.ssf));
  EXPECT_LE(number_after(login.ours, ", maxoutbuf "), row.max_piece_len);
}

class Jdk : public ::testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    const std::string reason = missing();
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
};
class JdkClient : public Jdk {};
class JdkServer : public Jdk {};

TEST_P(JdkClient, LogsInToOurServer) {
  static const std::vector<Login> logins = run_clients();
  const Login& login = logins[GetParam()];
  check(kClientRows[GetParam()], login, "client");
  EXPECT_TRUE(has(login.ours, "authid  alice\n")) << login.ours;
}

TEST_P(JdkServer, TakesOurClient) {
  static const std::vector<Login> logins = run_servers();
  check(kServerRows[GetParam()], logins[GetParam()], "server");
}

INSTANTIATE_TEST_SUITE_P(Rows, JdkClient, ::testing::Range(size_t{0}, std::size(kClientRows)));
INSTANTIATE_TEST_SUITE_P(Rows, JdkServer, ::testing::Range(size_t{0}, std::size(kServerRows)));

}  // namespace
}  // namespace gssloop::testing
