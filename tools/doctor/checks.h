// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_CHECKS_H_
#define GSSLOOP_TOOLS_DOCTOR_CHECKS_H_

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tools/doctor/doctor.h"
#include "tools/doctor/sasl.h"
#include "tools/doctor/sasl_configuration.h"
#include "tools/kerberos/kerberos.h"

namespace gssloop::tools {

// The checks of `gssloop doctor`, in groups, and what they have in common.

using Findings = std::vector<Finding>;

// Examination holds the facts that all checks use. It is made before the first check runs.
struct Examination {
  DoctorOptions options;  // with this machine's name, and settings of `app`
  Service service;        // by its Kerberos name; empty if there is none
  std::string service_failure;
  SaslSurvey sasl;
  std::string app_file;     // the configuration file that libsasl reads; empty: there is none
  std::string app_failure;  // why it cannot be used
  SaslConfiguration app;
  std::set<std::string> problems;  // the names of the checks that found problems so far

  bool has_problem(const char* check) const { return problems.contains(check); }
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
  bool has_problem() const noexcept { return tools::has_problem(findings_); }
  Findings take() { return std::exchange(findings_, {}); }

 private:
  void add(Finding::Kind kind, std::string what, std::string why, std::string remedy) {
    findings_.push_back({kind, check_, std::move(what), std::move(why), std::move(remedy)});
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
