// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/doctor/checks.h"
#include "tools/doctor/child.h"

namespace gssloop::tools {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Finding, kind, check, what, why, remedy)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Service, principal, host, realm)

namespace {

using nlohmann::json;

// Long enough for some KDCs that do not answer, and for a resolver that gives up.
constexpr std::chrono::seconds kDeadline{30};

struct Check {
  const char* name;
  Findings (*run)(const Examination&);
  bool is_for_client;
  bool is_for_server;
};

// In the order in which things depend on one another. A name is that of the findings.
constexpr Check kChecks[] = {
    {"module", check_module, true, true},
    {"mechanisms", check_mechanisms, true, true},
    {"application", check_application, false, true},
    {"policy", check_policy, false, true},
    {"user", check_user, false, true},
    {"krb5.conf", check_configuration, true, true},
    {"host", check_host, true, true},
    {"kdc", check_kdc, true, true},
    {"ticket", check_ticket, true, false},
    {"keytab", check_keytab, false, true},
    {"key", check_key, false, true},
    {"replay-cache", check_replay_cache, false, true},
    {"login", check_login, true, true},
};

// What is not UTF-8 is replaced: findings are for people.
std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Findings run_apart(const Check& check, const Examination& exam) {
  const ChildOutcome outcome = run_in_child(kDeadline, [&] { return to_text(check.run(exam)); });
  if (outcome.is_done()) {
    const json parsed = json::parse(outcome.output, nullptr, false);
    if (!parsed.is_discarded()) return parsed.get<Findings>();
  }
  Report report(check.name);
  report.problem("the check could not be carried out: " + outcome.text(),
                 "what it crashes or hangs on is likely to do the same to programs",
                 "look at the other findings; `KRB5_TRACE=/dev/stderr gssloop doctor` shows what "
                 "Kerberos did last");
  return report.take();
}

std::string this_machine() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 && *name != '\0' ? name : "localhost";
}

// The name may have to be looked up, so it is asked for in a process that can be ended.
void name_service(Examination* exam) {
  const ChildOutcome outcome = run_in_child(kDeadline, [&] {
    const auto service = service_principal(exam->options.service, exam->options.host);
    return service ? to_text(json(*service)) : to_text(json(service.error().message));
  });
  exam->service_failure = outcome.text();
  if (!outcome.is_done()) return;
  const json answer = json::parse(outcome.output, nullptr, false);
  if (answer.is_object()) {
    exam->service = answer.get<Service>();
  } else {
    exam->service_failure = answer.is_string() ? answer.get<std::string>() : "no answer";
  }
}

// The first that exists is the one that libsasl reads.
void read_app(Examination* exam) {
  for (const std::string& file : exam->sasl.config_files) {
    if (access(file.c_str(), F_OK) != 0) continue;
    exam->app_file = file;
    std::ifstream stream(file);
    std::stringstream text;
    text << stream.rdbuf();
    auto parsed = SaslConfiguration::parse(text.str());
    if (!stream) {
      exam->app_failure = this_user() + " cannot read it";
    } else if (!parsed) {
      exam->app_failure = parsed.error().message;
    } else {
      exam->app = *std::move(parsed);
    }
    return;
  }
}

Examination make_examination(const DoctorOptions& options) {
  Examination exam;
  exam.options = options;
  if (exam.options.host.empty()) exam.options.host = this_machine();
  exam.sasl = survey_sasl({options.app, options.service, exam.options.host, options.sasl_path,
                           options.keytab, options.examines_server, options.examines_client});
  read_app(&exam);
  if (exam.options.keytab.empty()) exam.options.keytab = exam.app.option("keytab");
  if (exam.options.policy.empty()) exam.options.policy = exam.app.option("gssloop_policy");
  name_service(&exam);
  return exam;
}

}  // namespace

const char* to_string(Finding::Kind kind) noexcept {
  switch (kind) {
    case Finding::Kind::kGood:
      return "good";
    case Finding::Kind::kNote:
      return "note";
    case Finding::Kind::kProblem:
      break;
  }
  return "problem";
}

std::vector<Finding> examine(const DoctorOptions& options) {
  Examination exam = make_examination(options);
  Findings all;
  for (const Check& check : kChecks) {
    const bool is_wanted = (options.examines_client && check.is_for_client) ||
                           (options.examines_server && check.is_for_server);
    if (!is_wanted) continue;
    for (Finding& finding : run_apart(check, exam)) {
      if (finding.kind == Finding::Kind::kProblem) exam.problems.insert(finding.check);
      all.push_back(std::move(finding));
    }
  }
  return all;
}

bool has_problem(const std::vector<Finding>& findings) noexcept {
  return std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.kind == Finding::Kind::kProblem; });
}

}  // namespace gssloop::tools
