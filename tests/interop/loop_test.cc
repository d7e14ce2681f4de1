// SPDX-License-Identifier: BSD-2-Clause
//
// The bare loop over gssloop/io's frames, with python3-gssapi at the other end: each side in turn.

#include <gtest/gtest.h>

#include "tests/interop/login.h"
#include "tests/interop/matrix.h"
#include "tests/kdc/process.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

using Arguments = std::vector<std::string>;

constexpr char kPython[] = "/usr/bin/python3";  // Debian's, which finds Debian's modules

struct Case {
  bool python_initiates;
  const char* mech;
  const char* protection;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << (value.python_initiates ? "python initiates, " : "python accepts, ") << value.mech << ", "
       << value.protection;
}

Arguments ours() { return {program("tests/interop/loop_peer")}; }
Arguments python() { return {kPython, "-B", source_file("tests/interop/loop_peer.py")}; }

class LoopWithPython : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    std::string reason = Realm::missing();
    if (reason.empty() && !has_module()) {
      reason = "/usr/bin/python3 has no module gssapi (Debian: python3-gssapi)";
    }
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

 private:
  static bool has_module() {
    static const bool has =
        run_program({kPython, "-c", "import gssapi"}, environment_with({})).exit_code == 0;
    return has;
  }
};

Outcome run(const Case& value) {
  Lab& lab = Lab::get();
  const std::string port_file = lab.next_file("port");
  Arguments acceptor = value.python_initiates ? ours() : python();
  acceptor.insert(acceptor.end(), {"--port-file", port_file, "--protection", value.protection});
  Lab::Server server = lab.start_server(acceptor, lab.environment({}), port_file);
  Arguments initiator = value.python_initiates ? python() : ours();
  initiator.insert(initiator.end(), {"--port", std::to_string(server.port), "--mech", value.mech,
                                     "--protection", value.protection});
  Child client(initiator, lab.environment({}), lab.next_file("initiator"));
  return lab.finish(&server, &client);
}

TEST_P(LoopWithPython, GivesAContextThatCarriesData) {
  SPEC("L8 L12 L13 L22 L27");
  const Outcome outcome = run(GetParam());
  const std::string wanted = std::string("LAYER ") + GetParam().protection + ": 200000 bytes";
  const bool is_through = outcome.is_login() && outcome.client.find(wanted) != std::string::npos &&
                          outcome.server.find(wanted) != std::string::npos;
  EXPECT_TRUE(is_through) << outcome.text();
  EXPECT_EQ(outcome.authid(), "alice@EXAMPLE.TEST") << outcome.text();
  add_to_layers({"python3-gssapi", GetParam().python_initiates ? "client" : "server",
                 std::string("loop, ") + GetParam().mech, GetParam().protection,
                 is_through ? "200000 bytes there and back" : "NOT AS IT SHOULD BE"});
}

const Case kCases[] = {
    {true, "krb5", "integrity"},    {true, "krb5", "confidentiality"},
    {true, "spnego", "integrity"},  {true, "spnego", "confidentiality"},
    {false, "krb5", "integrity"},   {false, "krb5", "confidentiality"},
    {false, "spnego", "integrity"}, {false, "spnego", "confidentiality"},
};
INSTANTIATE_TEST_SUITE_P(Rows, LoopWithPython, ::testing::ValuesIn(kCases));

}  // namespace
}  // namespace gssloop::testing
