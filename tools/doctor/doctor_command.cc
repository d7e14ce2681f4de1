// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/doctor_command.h"

#include <algorithm>
#include <memory>

#include "tools/doctor/doctor.h"
#include "tools/json.h"

namespace gssloop::tools {
namespace {

// A sentence holds some paths and principals.
constexpr std::size_t kMaxTextLen = 2000;

struct Options {
  std::string target;
  DoctorOptions examined;
  bool client_only = false;
  bool server_only = false;
  bool json = false;
};

std::string text(const std::string& octets) { return shown(octets, kMaxTextLen); }

// understand copies the target and the two flags, or says what is wrong with the target.
Result<DoctorOptions, Error> understand(const Options& options) {
  DoctorOptions examined = options.examined;
  if (!options.target.empty()) {
    const std::size_t at = options.target.find('@');
    examined.service = options.target.substr(0, at);
    if (at != std::string::npos) examined.host = options.target.substr(at + 1);
    const bool is_halved = at != std::string::npos && examined.host.empty();
    if (examined.service.empty() || is_halved ||
        options.target.find_first_of("/ ") != std::string::npos) {
      return Error{"'" + options.target +
                   "' is not SERVICE@HOST, for example imap@mail.example.com"};
    }
  }
  examined.examines_client = !options.server_only;
  examined.examines_server = !options.client_only;
  return examined;
}

std::string counted(std::ptrdiff_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

void print(const Finding& finding, const Output& output) {
  // Columns: the name of a check is short.
  const auto padded = [](std::string word, std::size_t width) {
    word.resize(std::max(word.size(), width), ' ');
    return word;
  };
  const bool is_good = finding.kind == Finding::Kind::kGood;
  const bool is_problem = finding.kind == Finding::Kind::kProblem;
  const Style style = is_good ? Style::kGood : is_problem ? Style::kBad : Style::kNote;
  output.line(output.styled(style, padded(is_good ? "ok" : to_string(finding.kind), 9)) +
              padded(finding.check, 14) + text(finding.what));
  const std::string margin(9, ' ');
  if (!finding.why.empty()) output.line(margin + "why: " + text(finding.why));
  if (!finding.remedy.empty()) output.line(margin + "do:  " + text(finding.remedy));
}

Exit run(const Options& options, const DoctorOptions& examined, const Output& output) {
  const auto findings = examine(examined);
  const auto num_problems = std::ranges::count(findings, Finding::Kind::kProblem, &Finding::kind);
  const auto num_notes = std::ranges::count(findings, Finding::Kind::kNote, &Finding::kind);
  if (options.json) {
    Json list = Json::array();
    for (const Finding& finding : findings) list.push_back(to_json(finding));
    output.json({{"problems", num_problems}, {"notes", num_notes}, {"findings", std::move(list)}});
  } else {
    for (const Finding& finding : findings) print(finding, output);
    output.line(counted(num_problems, "problem") + ", " + counted(num_notes, "note"));
  }
  return num_problems == 0 ? Exit::kDone : Exit::kFailed;
}

std::vector<Option> options_of(Options* options) {
  DoctorOptions* examined = &options->examined;
  return {
      {"SERVICE@HOST", "", "The service to log in to; without HOST, on this machine (host)",
       &options->target},
      {"--app", "NAME", "The SASL application whose NAME.conf is examined", &examined->app},
      {"--sasl-path", "DIR:...", "The folders in which libsasl looks for modules",
       &examined->sasl_path},
      {"-k,--keytab", "NAME", "The keytab to use instead of the default one", &examined->keytab},
      {"--policy", "FILE", "The policy file or folder", &examined->policy},
      {"--client-only", "", "Examine what a client needs", &options->client_only},
      {"--server-only",
       "",
       "Examine what a server needs",
       &options->server_only,
       {.excludes = "--client-only"}},
      {"--json", "", "Print JSON", &options->json}};
}

}  // namespace

Subcommand doctor_subcommand() {
  const auto options = std::make_shared<Options>();
  const auto choose = [=]() -> Result<Command, Error> {
    auto understood = understand(*options);
    if (!understood) return understood.error();
    return Command([options, examined = *std::move(understood)](Output& output) {
      return run(*options, examined, output);
    });
  };
  return {"doctor", "Find out why logins fail on this machine, and what to do",
          options_of(options.get()), choose};
}

}  // namespace gssloop::tools
