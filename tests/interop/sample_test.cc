// SPDX-License-Identifier: BSD-2-Clause
//
// Cyrus SASL's sample client and server, as Debian builds them, with our module in the one, in the
// other, and in both: applications of which we changed nothing.

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/interop/lines.h"
#include "tests/interop/matrix.h"
#include "tests/kdc/process.h"
#include "tests/support/sanitizer.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

struct Case {
  Peer client;
  Peer server;
  const char* mechanism;
  const char* layer;
  const char* window;  // the client's, as the program takes it
  const char* ssf;     // on our side
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << name_of(value.client) << " to " << name_of(value.server) << ", " << value.mechanism
       << ", " << value.layer;
}

constexpr char kClient[] = "/usr/bin/sasl-sample-client";
constexpr char kServer[] = "/usr/sbin/sasl-sample-server";

std::vector<Case> cases() {
  const Peer kPairs[][2] = {
      {Peer::kOurs, Peer::kOurs}, {Peer::kOurs, Peer::kStock}, {Peer::kStock, Peer::kOurs}};
  std::vector<Case> all;
  for (const auto& [client, server] : kPairs) {
    for (const char* mechanism : {"GSSAPI", "GSS-SPNEGO"}) {
      const bool is_gssapi = mechanism == std::string("GSSAPI");
      // See layer_test.cc: there Cyrus SASL's client takes more than it may.
      const bool is_over = !is_gssapi && client == Peer::kStock;
      all.push_back({client, server, mechanism, "none", "max=0", "0"});
      all.push_back({client, server, mechanism, "integrity", "min=1,max=1", is_over ? "256" : "1"});
      all.push_back({client, server, mechanism, "confidentiality", "min=56,max=256", "256"});
    }
  }
  return all;
}

class SamplePrograms : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    std::string reason = Lab::missing(GetParam().client);
    if (reason.empty()) reason = Lab::missing(GetParam().server);
    if (reason.empty() && !std::filesystem::exists(kServer)) {
      reason = std::string(kServer) + " is not there (Debian: sasl2-bin)";
    }
    if (kHasSanitizer) reason = "this build has a sanitizer, Debian's programs have not";
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
};

// They leave what they say in the buffer until it is full, where the other waits for it.
std::vector<std::string> line_by_line(const std::vector<std::string>& argv) {
  std::vector<std::string> all = {find_program("stdbuf"), "-oL"};
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

Outcome run(const Case& value) {
  Lab& lab = Lab::get();
  const Command server = {
      line_by_line({kServer, "-s", "imap", "-d", "localhost", "-p", lab.folder(value.server)}),
      lab.environment({value.server})};
  const Command client = {
      line_by_line({kClient, "-s", "imap", "-n", "localhost", "-m", value.mechanism, "-b",
                    value.window, "-p", lab.folder(value.client), "-u", "alice", "-a", "alice"}),
      lab.environment({value.client})};
  return talk(server, client);
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST_P(SamplePrograms, LogInAndExchangeMessages) {
  SPEC(GetParam().mechanism == std::string("GSSAPI") ? "R3 R9" : "R9 R10");
  const Case& value = GetParam();
  const Outcome outcome = run(value);
  SCOPED_TRACE(outcome.text());
  const bool is_through = outcome.is_login() &&
                          has(outcome.client, "recieved decoded message 'srv message 1'") &&
                          has(outcome.server, "recieved decoded message 'client message 1'");
  const std::string ssf = std::string("\nSSF: ") + value.ssf + "\n";
  const bool is_in_both = value.client == value.server;
  const bool is_in_server = value.client == Peer::kStock;
  add_to_layers({is_in_both ? "sample programs" : "sample, Cyrus SASL",
                 is_in_both     ? "both"
                 : is_in_server ? "client"
                                : "server",
                 value.mechanism, value.layer,
                 is_through ? std::string("ssf ") + value.ssf + ", a message there and back"
                            : "NOT AS IT SHOULD BE"});
  EXPECT_TRUE(is_through);
  EXPECT_TRUE(value.client != Peer::kOurs || has(outcome.client, ssf));
  EXPECT_TRUE(value.server != Peer::kOurs || has(outcome.server, ssf));
  EXPECT_TRUE(has(outcome.server, "\nUsername: alice\n"));
}

INSTANTIATE_TEST_SUITE_P(Rows, SamplePrograms, ::testing::ValuesIn(cases()));

}  // namespace
}  // namespace gssloop::testing
