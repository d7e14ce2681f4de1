// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_CHECKS_H_
#define GSSLOOP_TOOLS_DOCTOR_CHECKS_H_

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/doctor/application.h"
#include "tools/doctor/doctor.h"
#include "tools/doctor/sasl.h"
#include "tools/kerberos/kerberos.h"

namespace gssloop::tools {

// The checks of `gssloop doctor`, in groups, and what they have in common.

using Findings = std::vector<Finding>;

// Examination holds the facts that all checks use. It is made before the first check runs.
struct Examination {
  DoctorOptions options;  // with this machine's name, and settings of the application
  Service service;        // by its Kerberos name; empty if there is none
  std::string service_failure;
  // Kerberos' name for the host is not the one that was asked for.
  bool is_name_changed = false;
  SaslSurvey sasl;
  Application application;
  SaslQuestion question;  // what the application tells libsasl
  // The checks that found problems so far, and the check that is the cause: itself, or another.
  std::map<std::string, std::string> problems;

  bool has_problem(const char* check) const { return problems.contains(check); }
  // cause_among is the cause of the problems of the first of these checks that has one; "" if none
  // has.
  std::string cause_among(std::initializer_list<const char*> checks) const;
  // option is an option of the application; "" if it is not set, or not known.
  std::string option(const std::string& name) const { return application.options.option(name); }
  // named_policy is the policy that an option names; nullopt: the compiled-in path.
  std::optional<std::string> named_policy() const {
    if (options.policy.empty()) return std::nullopt;
    return options.policy;
  }
};

// Report collects the findings of one check.
class Report {
 public:
  explicit Report(std::string check) : check_(std::move(check)) {}

  void good(std::string what) { add(Finding::Kind::kGood, std::move(what), {}, {}); }
  void note(std::string what, std::string why, std::string remedy) {
    add(Finding::Kind::kNote, std::move(what), std::move(why), std::move(remedy));
  }
  void problem(std::string what, std::string why, std::string remedy) {
    add(Finding::Kind::kProblem, std::move(what), std::move(why), std::move(remedy));
  }
  // consequence reports a problem that the problem of the check `cause` explains, or, if that is
  // empty, a problem of its own.
  void consequence(const std::string& cause, std::string what, std::string why,
                   std::string remedy) {
    if (cause.empty()) return problem(std::move(what), std::move(why), std::move(remedy));
    const std::string seen = "the finding \"" + cause + "\"";
    problem(std::move(what), "it follows from " + seen, "see " + seen);
    findings_.back().cause = cause;
  }
  bool has_problem() const noexcept { return tools::has_problem(findings_); }
  Findings take() { return std::exchange(findings_, {}); }

 private:
  void add(Finding::Kind kind, std::string what, std::string why, std::string remedy) {
    findings_.push_back({kind, check_, std::move(what), std::move(why), std::move(remedy), {}});
  }

  const std::string check_;
  Findings findings_;
};

// check_module.cc: the SASL module, and how libsasl uses it.
Findings check_module(const Examination& exam);
Findings check_mechanisms(const Examination& exam);
// check_application.cc
Findings check_application(const Examination& exam);
Findings check_user(const Examination& exam);
Findings check_policy(const Examination& exam);
// check_network.cc
Findings check_configuration(const Examination& exam);
Findings check_host(const Examination& exam);
Findings check_kdc(const Examination& exam);  // the clock as well
// check_kerberos.cc
Findings check_ticket(const Examination& exam);
Findings check_keytab(const Examination& exam);
Findings check_key(const Examination& exam);
// check_replay_cache.cc
Findings check_replay_cache(const Examination& exam);
// check_login.cc
Findings check_login(const Examination& exam);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_CHECKS_H_
