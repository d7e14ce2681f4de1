// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/doctor_command.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "tools/doctor/doctor.h"
#include "tools/doctor/format.h"
#include "tools/json.h"
#include "tools/policy/policy_login.h"

namespace gssloop::tools {
namespace {

// A sentence holds some paths and principals.
constexpr std::size_t kMaxTextLen = 4096;

// Columns: of a finding's check, and of its texts.
constexpr std::size_t kCheckColumn = 9, kReasonColumn = 14, kTextColumn = 23;

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
    // "imap/host", as in a principal, means the same as "imap@host".
    const std::size_t at = options.target.find_first_of("@/");
    examined.service = options.target.substr(0, at);
    if (at != std::string::npos) examined.host = options.target.substr(at + 1);
    const bool is_halved = at != std::string::npos && examined.host.empty();
    if (examined.service.empty() || is_halved ||
        examined.host.find_first_of("/@ ") != std::string::npos ||
        examined.service.find(' ') != std::string::npos) {
      return Error{"'" + options.target +
                   "' is not SERVICE@HOST, for example imap@mail.example.com"};
    }
  }
  if (!examined.prefix.empty() && examined.conf.empty()) {
    return Error{"--prefix needs --conf: the file in which options begin with the prefix"};
  }
  if (!examined.conf.empty()) examined.conf = absolute_policy(examined.conf).value_or("");
  // What cannot be looked at may be there.
  std::error_code unknown;
  if (!examined.conf.empty() && !std::filesystem::exists(examined.conf, unknown) && !unknown) {
    return Error{"there is no file " + gssloop::in_quotes(examined.conf) +
                 ": name the one that has the application's options with --conf"};
  }
  examined.examines_client = !options.server_only;
  examined.examines_server = !options.client_only;
  return examined;
}

std::string counted(std::ptrdiff_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string padded(std::string word, std::size_t width) {
  word.resize(std::max(word.size(), width), ' ');
  return word;
}

// One line of a finding, or more: what is in front of the text, and the text.
void print_line(const std::string& front, const std::string& octets, std::size_t column,
                const Output& output) {
  output.line(front + wrapped(text(octets), Output::width(), column));
}

void print(const Finding& finding, const Output& output) {
  const std::string margin(kCheckColumn, ' ');
  if (!finding.cause.empty()) {
    const std::string front = "so:  " + finding.check + ": ";
    print_line(margin + front, finding.what, kCheckColumn + front.size(), output);
    return;
  }
  const bool is_good = finding.kind == Finding::Kind::kGood;
  const bool is_problem = finding.kind == Finding::Kind::kProblem;
  const Style style = is_good ? Style::kGood : is_problem ? Style::kBad : Style::kNote;
  const std::string kind = padded(is_good ? "ok" : to_string(finding.kind), kCheckColumn);
  print_line(output.styled(style, kind) + padded(finding.check, kTextColumn - kCheckColumn),
             finding.what, kTextColumn, output);
  if (!finding.why.empty()) print_line(margin + "why: ", finding.why, kReasonColumn, output);
  if (!finding.remedy.empty()) print_line(margin + "do:  ", finding.remedy, kReasonColumn, output);
}

Exit run(const Options& options, const DoctorOptions& examined, const Output& output) {
  const auto findings = examine(examined);
  const auto num_problems = std::ranges::count_if(findings, [](const Finding& finding) {
    return finding.kind == Finding::Kind::kProblem && finding.cause.empty();
  });
  const auto num_notes = std::ranges::count(findings, Finding::Kind::kNote, &Finding::kind);
  if (options.json) {
    Json list = Json::array();
    for (const Finding& finding : findings) list.push_back(to_json(finding));
    output.json({{"problems", num_problems}, {"notes", num_notes}, {"findings", std::move(list)}});
  } else {
    for (const Finding& finding : findings) print(finding, output);
    output.line(counted(num_problems, "problem") + ", " + counted(num_notes, "note"));
  }
  return has_problem(findings) ? Exit::kFailed : Exit::kDone;
}

std::vector<Option> options_of(Options* options) {
  DoctorOptions* examined = &options->examined;
  return {
      {"SERVICE@HOST", "", "The service to log in to; without HOST, on this machine (host)",
       &options->target},
      {"--app", "NAME", "The application of libsasl's NAME.conf, or cyrus-imapd", &examined->app},
      {"--conf", "FILE", "The file that has the application's options for SASL", &examined->conf},
      {"--prefix", "TEXT", "In front of each option in that file (Cyrus IMAP: sasl_)",
       &examined->prefix},
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
