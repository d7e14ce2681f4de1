// SPDX-License-Identifier: BSD-2-Clause
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>

#include "gssloop/gss/interposer.h"
#include "gssloop/gss/pac_verification.h"
#include "gssloop/gss/sasl_mechanism.h"
#include "tools/doctor/checks.h"
#include "tools/doctor/format.h"
#include "tools/policy/policy_login.h"

namespace gssloop::tools {
namespace {

// others lists the mechanisms that a server offers from other modules. "X-PLUS" belongs to X.
std::vector<std::string> others(const SaslSurvey& sasl) {
  std::vector<std::string> names;
  for (const std::string& name : sasl.offered) {
    const std::string base(gss::without_plus(name));
    // libsasl uses the first mechanism of that name.
    const auto used = std::ranges::find(sasl.server_mechanisms, base, &ModuleMechanism::name);
    const bool is_ours = used != sasl.server_mechanisms.end() && used->module == "gssloop_sasl";
    if (!is_ours) names.push_back(name);
  }
  return names;
}

void report_others(const Examination& exam, Report* report) {
  const std::string list = exam.app.option("mech_list");
  const auto names = others(exam.sasl);
  const std::string where = exam.app_file.empty() ? "" : " (" + exam.app_file + ")";
  const std::string shown_list =
      list.empty() ? "mech_list is not set" + where : "mech_list is \"" + list + "\"" + where;
  if (names.empty()) {
    report->good(shown_list + ": the server offers only this module's mechanisms");
    return;
  }
  report->note(shown_list + ": the server also offers " + joined(names),
               "this module's rules and checks apply only to its own mechanisms, not to these",
               exam.options.app.empty()
                   ? "name the application (--app NAME) to see what its configuration offers"
                   : "set mech_list to the mechanisms you want, for example \"mech_list: "
                     "GS2-KRB5 GSSAPI\"");
}

// A list that has a mechanism with "-PLUS" alone looks like a demand for channel binding.
void report_plus(const Examination& exam, Report* report) {
  std::istringstream words(exam.app.option("mech_list"));
  const std::vector<std::string> names{std::istream_iterator<std::string>(words), {}};
  for (const std::string& name : names) {
    const std::string base(gss::without_plus(name));
    if (base.empty() || base == name || gss::lists(names, base)) continue;
    report->note("mech_list in " + exam.app_file + " names " + name + ", but not " + base,
                 "libsasl takes both for the same name there, so clients without a channel binding "
                 "log in as well",
                 "to require channel binding, let the policy do so: require = "
                 "[\"peer.channel-bound=yes\"]");
  }
}

void report_file(const Examination& exam, Report* report) {
  const auto& files = exam.sasl.config_files;
  if (!exam.app_failure.empty()) {
    report->problem("the configuration " + exam.app_file + " cannot be used: " + exam.app_failure,
                    "libsasl fails to start, or ignores the file",
                    "write each line of " + exam.app_file +
                        " as \"option: value\", and let the server's user read the file");
  } else if (exam.app_file.empty()) {
    report->note(
        "libsasl finds no configuration of " + exam.options.app + ": " + joined(files),
        "libsasl uses its defaults: every mechanism of every module, and the default "
        "keytab. (Some programs use another name or folder, or their own file: Cyrus IMAP "
        "uses imapd.conf, OpenLDAP's server a folder of its own)",
        files.empty() ? std::string("set ") + kConfigurationsVariable : "write " + files.front());
  } else {
    report->good("libsasl reads " + exam.app_file);
  }
  for (const auto& option : exam.app.unknown_options()) {
    report->note("line " + std::to_string(option.line) + " of " + exam.app_file +
                     ": the module has no option " + gssloop::quoted(option.name),
                 "libsasl ignores options that no module reads, so the line has no effect",
                 "write " + option.nearest +
                     " if you mean that option; gssloop-sasl(7) has the list of all options");
  }
}

// needs: a rule, the identity or a published property uses an attribute of a Kerberos name for
// which `is_wanted` is true.
template <class IsWanted>
bool needs(const authz::Policy& policy, const std::string& service, IsWanted is_wanted) {
  const authz::Scope& scope = policy.scope(service, "krb5");
  return std::ranges::any_of(policy.definitions(), [&](const authz::Definition& definition) {
    if (!scope.uses(definition.name) && !scope.publish.adds(definition.name)) return false;
    return std::ranges::any_of(definition.sources, [&](const authz::Source& source) {
      return source.mechanism == "krb5" && is_wanted(source.name);
    });
  });
}

// GSS-Proxy hides all attributes. Without it, the module verifies a PAC with the keys of the
// keytab.
void report_attributes(const Examination& exam, const authz::Policy& policy, Report* report) {
  const std::string& service = exam.options.service;
  if (!needs(policy, service, [](const std::string&) { return true; })) return;
  if (gss::is_behind_gss_proxy()) {
    report->note("the policy uses attributes of the client's name, and GSS_USE_PROXY is set",
                 std::string(gss::kGssProxyHidesAttributes) +
                     ", so a rule that uses one refuses the login, and none is published",
                 "let the server read a keytab of its own, without GSS_USE_PROXY");
    return;
  }
  if (!needs(policy, service, gss::is_pac_attribute)) return;
  report->good(
      "the policy uses the PAC of tickets: the module verifies it with the keytab (an application "
      "that passes a credential of its own, SASL_GSS_CREDS, needs the option keytab)");
}

}  // namespace

Findings check_application(const Examination& exam) {
  Report report("application");
  if (!exam.options.app.empty()) report_file(exam, &report);
  if (exam.app_failure.empty()) report_plus(exam, &report);
  if (exam.sasl.failure.empty() && exam.app_failure.empty()) report_others(exam, &report);
  return report.take();
}

Findings check_user(const Examination&) {
  Report report("user");
  if (geteuid() == 0) {
    report.note("this runs as root",
                "root can read every file, and uses another replay cache than the server",
                "run it as the server's user, for example `sudo -u imap gssloop doctor imap@HOST`");
  }
  return report.take();
}

Findings check_policy(const Examination& exam) {
  Report report("policy");
  const auto named = exam.named_policy();
  const std::string path = named.value_or(GSSLOOP_POLICY_PATH);
  const auto read = read_policy_at(named);
  if (read.is_absent && read.reading.policy) {
    report.good(
        "no policy (" + path +
        "): applications can request attributes, but attributes do not decide about logins");
    return report.take();
  }
  for (const authz::Diagnostic& diagnostic : read.reading.diagnostics) {
    if (diagnostic.is_warning) {
      report.note(diagnostic.text(), "the policy is in effect, but may not do what you intended",
                  "see gssloop-policy(5), \"What a client can hide\"");
    } else {
      report.problem(diagnostic.text(),
                     "the server refuses every login while the policy has an error or " +
                         this_user() + " cannot read it",
                     read.is_absent ? "write " + path + ", or remove gssloop_policy"
                                    : "correct it, and run `gssloop policy check " + path + "`");
    }
  }
  if (read.reading.policy) {
    report.good("the policy " + path +
                " can be read and has no errors; rules: " + read.reading.policy->summary());
    report_attributes(exam, *read.reading.policy, &report);
  }
  return report.take();
}

}  // namespace gssloop::tools
