// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tools/doctor/checks.h"
#include "tools/doctor/child.h"
#include "tools/doctor/format.h"
#include "tools/policy/policy_login.h"

namespace gssloop::tools {

namespace {

// Enough for some KDCs that do not answer, and for a resolver to give up.
constexpr std::chrono::seconds kDeadline{30};

struct Check {
  const char* name;
  Findings (*run)(const Examination&);
  bool is_for_client;
  bool is_for_server;
};

// The order is that of dependence. The name is the one in the findings.
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

Json to_json(const Findings& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) list.push_back(to_json(finding));
  return list;
}

Findings findings_from(const Json& json) {
  Findings findings;
  for (const Json& element : json.elements()) findings.push_back(finding_from(element));
  return findings;
}

Findings run_apart(const Check& check, const Examination& exam) {
  const ChildOutcome outcome =
      run_in_child(kDeadline, [&] { return to_json(check.run(exam)).dump(); });
  if (outcome.is_done()) {
    if (auto findings = read_json(outcome.output, findings_from)) return *std::move(findings);
  }
  Report report(check.name);
  report.problem("the check could not be completed: " + outcome.text(),
                 "programs are likely to crash or hang at the same place",
                 "read the other findings; `KRB5_TRACE=/dev/stderr gssloop doctor` shows what "
                 "Kerberos did last");
  return report.take();
}

std::string this_machine() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 && *name != '\0' ? name : "localhost";
}

Json to_json(const Service& service) {
  return {{"principal", service.principal}, {"host", service.host}, {"realm", service.realm}};
}

Service service_from(const Json& json) {
  return {json.at("principal").text(), json.at("host").text(), json.at("realm").text()};
}

// libkrb5 may look the name up in the network. So this is done in a process that can be killed.
void name_service(Examination* exam) {
  const ChildOutcome outcome = run_in_child(kDeadline, [&] {
    const auto service = service_principal(exam->options.service, exam->options.host);
    return service ? to_json(*service).dump() : Json(service.error().message).dump();
  });
  exam->service_failure = outcome.text();
  if (!outcome.is_done()) return;
  if (auto service = read_json(outcome.output, service_from)) {
    exam->service = *std::move(service);
  } else {
    const auto failure = read_json(outcome.output, [](const Json& json) { return json.text(); });
    exam->service_failure = failure.value_or("no answer");
  }
}

// libsasl reads the first file that exists.
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
  exam.options.policy = exam.options.policy.empty() ? exam.app.option("gssloop_policy")
                                                    : *absolute_policy(exam.options.policy);
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

Json to_json(const Finding& finding) {
  return {{"kind", to_string(finding.kind)},
          {"check", finding.check},
          {"what", finding.what},
          {"why", finding.why},
          {"remedy", finding.remedy}};
}

Finding finding_from(const Json& json) {
  for (const auto kind : {Finding::Kind::kGood, Finding::Kind::kNote, Finding::Kind::kProblem}) {
    if (json.at("kind").text() != to_string(kind)) continue;
    return {kind, json.at("check").text(), json.at("what").text(), json.at("why").text(),
            json.at("remedy").text()};
  }
  throw JsonMismatch();
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
