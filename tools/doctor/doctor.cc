// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>

#include "gssloop/base/bytes.h"
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

// The order is that of dependence: a cause is found before what it causes. The name is the one in
// the findings.
constexpr Check kChecks[] = {
    {"application", check_application, false, true},
    {"module", check_module, true, true},
    {"policy", check_policy, false, true},
    {"user", check_user, false, true},
    {"krb5.conf", check_configuration, true, true},
    {"host", check_host, true, true},
    {"kdc", check_kdc, true, true},
    {"ticket", check_ticket, true, false},
    {"keytab", check_keytab, false, true},
    {"mechanisms", check_mechanisms, true, true},
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
    exam->is_name_changed = !equals_ignoring_case(exam->service.host, exam->options.host);
  } else {
    const auto failure = read_json(outcome.output, [](const Json& json) { return json.text(); });
    exam->service_failure = failure.value_or("no answer");
  }
}

Examination make_examination(const DoctorOptions& options) {
  Examination exam;
  exam.options = with_known_files(options);
  DoctorOptions& chosen = exam.options;
  if (chosen.host.empty()) chosen.host = this_machine();
  if (!chosen.policy.empty()) chosen.policy = *absolute_policy(chosen.policy);
  exam.question = {.app = chosen.conf.empty() ? chosen.app : "",
                   .service = chosen.service,
                   .host = chosen.host,
                   .path = chosen.sasl_path,
                   .keytab = chosen.keytab,
                   .is_server = chosen.examines_server,
                   .is_client = chosen.examines_client,
                   .options = {}};
  if (!chosen.conf.empty()) exam.application = read_application(chosen, {});
  exam.question.options = answers_of(chosen, exam.application);
  exam.sasl = survey_sasl(exam.question);
  if (chosen.conf.empty()) exam.application = read_application(chosen, exam.sasl.config_files);
  if (chosen.keytab.empty()) chosen.keytab = exam.option("keytab");
  if (chosen.policy.empty()) chosen.policy = exam.option("gssloop_policy");
  name_service(&exam);
  return exam;
}

// in_order puts each problem without a cause before those that it causes.
Findings in_order(Findings found) {
  Findings ordered;
  std::set<std::string> done;
  const auto take = [&](const auto& is_wanted) {
    for (const Finding& finding : found) {
      if (is_wanted(finding)) ordered.push_back(finding);
    }
  };
  const auto is_problem = [](const Finding& finding) {
    return finding.kind == Finding::Kind::kProblem;
  };
  for (const Finding& cause : found) {
    if (!is_problem(cause) || !cause.cause.empty() || !done.insert(cause.check).second) continue;
    take([&](const Finding& finding) {
      return is_problem(finding) && finding.cause.empty() && finding.check == cause.check;
    });
    take([&](const Finding& finding) {
      return is_problem(finding) && finding.cause == cause.check;
    });
  }
  for (const auto kind : {Finding::Kind::kNote, Finding::Kind::kGood}) {
    take([kind](const Finding& finding) { return finding.kind == kind; });
  }
  return ordered;
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
          {"remedy", finding.remedy},
          {"cause", finding.cause}};
}

Finding finding_from(const Json& json) {
  for (const auto kind : {Finding::Kind::kGood, Finding::Kind::kNote, Finding::Kind::kProblem}) {
    if (json.at("kind").text() != to_string(kind)) continue;
    return {kind,
            json.at("check").text(),
            json.at("what").text(),
            json.at("why").text(),
            json.at("remedy").text(),
            json.at("cause").text()};
  }
  throw JsonMismatch();
}

std::string Examination::cause_among(std::initializer_list<const char*> checks) const {
  for (const char* check : checks) {
    if (const auto found = problems.find(check); found != problems.end()) return found->second;
  }
  return {};
}

std::vector<Finding> examine(const DoctorOptions& options) {
  Examination exam = make_examination(options);
  Findings all;
  for (const Check& check : kChecks) {
    const bool is_wanted = (options.examines_client && check.is_for_client) ||
                           (options.examines_server && check.is_for_server);
    if (!is_wanted) continue;
    for (Finding& finding : run_apart(check, exam)) {
      if (finding.kind == Finding::Kind::kProblem) {
        exam.problems.emplace(finding.check, finding.cause.empty() ? finding.check : finding.cause);
      }
      all.push_back(std::move(finding));
    }
  }
  return in_order(std::move(all));
}

bool has_problem(const std::vector<Finding>& findings) noexcept {
  return std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.kind == Finding::Kind::kProblem; });
}

}  // namespace gssloop::tools
