// SPDX-License-Identifier: BSD-2-Clause
// `gssloop doctor` as a command: options, output and status.
#include "tools/doctor/doctor_command.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "tests/tools/doctor_fixture.h"
#include "tools/cli.h"
#include "tools/json.h"

namespace gssloop::testing {
namespace {

using tools::Exit;
using tools::Json;

class DoctorCommand : public DoctorTest {
 protected:
  struct Done {
    std::optional<Exit> status;  // none: wrong usage
    std::string out;
  };

  static Done run(std::vector<std::string> line) {
    line.insert(line.begin(), "doctor");
    const tools::Program program{
        .root = {.name = "tested", .help = {}, .subcommands = {tools::doctor_subcommand()}},
        .version = {},
        .footer = {}};
    const tools::ParsedLine parsed = tools::parse(program, std::move(line));
    const auto* command = std::get_if<tools::Command>(&parsed);
    if (command == nullptr) return {};
    tools::Output output(tools::Output::Colour::kNever);
    ::testing::internal::CaptureStdout();
    Done done;
    done.status = (*command)(output);
    output.flush();
    done.out = ::testing::internal::GetCapturedStdout();
    return done;
  }
};

TEST_F(DoctorCommand, SaysWhatIsFine) {
  const Done done = run({"imap@localhost"});
  EXPECT_EQ(done.status, Exit::kDone) << done.out;
  EXPECT_NE(done.out.find("\nok       ticket        alice@EXAMPLE.TEST"), std::string::npos);
  EXPECT_NE(done.out.find("\n0 problems, "), std::string::npos) << done.out;
}

TEST_F(DoctorCommand, SaysWhatIsWrongAndWhatToDo) {
  const Done done =
      run({"imap@localhost", "--server-only", "--keytab", realm().path("no\x1b[31mthing")});
  EXPECT_EQ(done.status, Exit::kFailed) << done.out;
  EXPECT_EQ(done.out.find("problem  keytab        the keytab"), 0U) << done.out;
  EXPECT_NE(done.out.find("\n         why: "), std::string::npos);
  EXPECT_NE(done.out.find("\n         do:  kadmin"), std::string::npos);
  EXPECT_NE(done.out.find("no\\x1b[31mthing"), std::string::npos) << done.out;
  EXPECT_EQ(done.out.find('\x1b'), std::string::npos);
}

TEST_F(DoctorCommand, PrintsJson) {
  set("KRB5CCNAME", "FILE:" + realm().path("no-tickets"));
  const Done done = run({"--json", "imap@localhost"});
  EXPECT_EQ(done.status, Exit::kFailed);
  const auto document = tools::parse_json(done.out);
  ASSERT_TRUE(document) << done.out;
  EXPECT_EQ(document->at("problems").dump(), "1");  // and what it causes
  std::set<std::string> problems;
  for (const Json& finding : document->at("findings").elements()) {
    for (const char* member : {"kind", "check", "what", "why", "remedy", "cause"}) {
      EXPECT_NO_THROW(finding.at(member).text()) << finding.dump();
    }
    if (finding.at("kind").text() == "problem") problems.insert(finding.at("check").text());
  }
  EXPECT_EQ(problems, (std::set<std::string>{"ticket", "login"}));
}

TEST_F(DoctorCommand, TakesWhatTheLineSays) {
  const Done client = run({"imap@localhost", "--client-only", "--json"});
  EXPECT_EQ(client.out.find("\"keytab\""), std::string::npos) << client.out;
  EXPECT_NE(client.out.find("\"ticket\""), std::string::npos);
  const Done server = run({"imap@localhost", "--server-only", "--json", "--policy",
                           realm().path("nothing"), "--sasl-path", realm().path("nowhere")});
  EXPECT_EQ(server.out.find("\"ticket\""), std::string::npos) << server.out;
  EXPECT_NE(server.out.find(realm().path("nothing")), std::string::npos);
  EXPECT_NE(server.out.find(realm().path("nowhere")), std::string::npos);
  const Done other = run({"--app", "tested", "ldap@localhost", "--json"});
  EXPECT_NE(other.out.find("tested.conf"), std::string::npos) << other.out;
  EXPECT_NE(other.out.find("no key for ldap/localhost@EXAMPLE.TEST"), std::string::npos);
}

TEST_F(DoctorCommand, TakesAServiceAsAPrincipalHasIt) {
  const Done done = run({"imap/localhost"});
  EXPECT_EQ(done.status, Exit::kDone) << done.out;
  EXPECT_NE(done.out.find("a trial login to imap@localhost succeeds"), std::string::npos);
}

// The longest line of an output.
std::size_t width_of(const std::string& text) {
  std::istringstream lines(text);
  std::size_t width = 0;
  for (std::string line; std::getline(lines, line);) width = std::max(width, line.size());
  return width;
}

TEST_F(DoctorCommand, FoldsConsequencesUnderTheirCause) {
  const Done done = run({"imap@localhost", "-k", realm().path("nothing")});
  EXPECT_EQ(done.status, Exit::kFailed);
  EXPECT_EQ(done.out.find("problem  keytab "), 0U) << done.out;
  EXPECT_NE(done.out.find("\n         so:  mechanisms: a server of"), std::string::npos)
      << done.out;
  EXPECT_NE(done.out.find("\n         so:  login: no login was tried"), std::string::npos)
      << done.out;
  EXPECT_EQ(done.out.find("\nproblem"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("\n1 problem, "), std::string::npos) << done.out;
  EXPECT_GT(width_of(done.out), 150U) << "no terminal, so lines stay whole";
}

TEST_F(DoctorCommand, WrapsLinesToTheColumnsOfTheTerminal) {
  set("COLUMNS", "120");
  const Done done = run({"imap@localhost", "-k", realm().path("nothing")});
  EXPECT_LE(width_of(done.out), 120U) << done.out;
  EXPECT_NE(done.out.find("\n              "), std::string::npos) << done.out;
  set("COLUMNS", "many");
  EXPECT_GT(width_of(run({"imap@localhost", "-k", realm().path("nothing")}).out), 150U);
}

TEST_F(DoctorCommand, RefusesALineThatMakesNoSense) {
  const std::vector<std::vector<std::string>> kLines = {
      {"imap/a@REALM"},    {"@localhost"},       {"imap@"},
      {"imap@local host"}, {"imap@a", "imap@b"}, {"--client-only", "--server-only"},
      {"--keytab"},        {"--nosuch"},         {"--prefix", "sasl_"},
      {"imap/"},           {"imap/a/b"},         {"--conf", realm().path("no.conf")}};
  for (const auto& line : kLines) EXPECT_FALSE(run(line).status) << line.front();
}

}  // namespace
}  // namespace gssloop::testing
