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
#include "plugin/audit/file.h"
#include "tools/doctor/checks.h"
#include "tools/doctor/format.h"
#include "tools/doctor/option_check.h"
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
  const auto names = others(exam.sasl);
  const std::string list = exam.application.text_of("mech_list");
  const bool is_known = exam.application.unknown.empty() || !exam.option("mech_list").empty();
  if (names.empty()) {
    report->good(list + (is_known ? ": the server" : ": by default, a server") +
                 " offers only this module's mechanisms");
    return;
  }
  report->note(list + ": " +
                   (is_known ? "the server also offers " : "without it, a server offers ") +
                   joined(names) + (is_known ? "" : " as well"),
               "this module's rules and checks apply only to its own mechanisms, not to these",
               is_known ? "set mech_list to the mechanisms you want, for example \"mech_list: "
                          "GS2-KRB5 GSSAPI\""
                        : "name the application (--app NAME) or its file (--conf FILE) to see what "
                          "its configuration offers");
}

// A list that has a mechanism with "-PLUS" alone looks like a demand for channel binding.
void report_plus(const Examination& exam, Report* report) {
  std::istringstream words(exam.option("mech_list"));
  const std::vector<std::string> names{std::istream_iterator<std::string>(words), {}};
  for (const std::string& name : names) {
    const std::string base(gss::without_plus(name));
    if (base.empty() || base == name || gss::lists(names, base)) continue;
    report->note("mech_list in " + exam.application.file + " names " + name + ", but not " + base,
                 "libsasl takes both for the same name there, so clients without a channel binding "
                 "log in as well",
                 "to require channel binding, let the policy do so: require = "
                 "[\"peer.channel-bound=yes\"]");
  }
}

void report_unread(const Examination& exam, Report* report) {
  const Application& application = exam.application;
  if (application.file.empty()) {
    const auto& files = exam.sasl.config_files;
    report->note(
        "the options of " + exam.options.app + " are not known: " + application.unknown + " (" +
            joined(files) + ")",
        "the doctor tries libsasl's defaults: every mechanism of every module, and the "
        "default keytab",
        "name the file that has the options (--conf FILE, and --prefix if each name begins "
        "with one; Cyrus IMAP: --app cyrus-imapd), or " +
            (files.empty() ? std::string("set ") + kConfigurationsVariable
                           : "write " + files.front()));
  } else {
    report->note("the options in " + application.file + " are not known: " + application.unknown,
                 "the doctor tries libsasl's defaults. The server may have other options, and may "
                 "refuse logins that the doctor admits",
                 "run the doctor as the server's user: " + again_as_server(exam.options));
  }
}

void report_options(const Examination& exam, Report* report) {
  const Application& application = exam.application;
  const std::string& file = application.file;
  const auto place = [&](int line) { return "line " + std::to_string(line) + " of " + file; };
  for (const auto& option : application.options.unknown_options()) {
    report->note(
        place(option.line) + ": the module has no option " + gssloop::in_quotes(option.name),
        "libsasl ignores options that no module reads, so the line has no effect",
        "write " + exam.options.prefix + option.nearest +
            " if you mean that option; gssloop-sasl(7) has the list of all options");
  }
  OptionCheck checked = check_options(application.options.options());
  std::ranges::sort(checked.wrong, {}, [&](const WrongOption& option) {
    return application.options.line_of(option.name);
  });
  for (const WrongOption& option : checked.wrong) {
    report->problem(place(application.options.line_of(option.name)) + ": " + option.sentence,
                    "the module refuses every login while an option has a wrong value",
                    "correct the value; gssloop-sasl(7) describes " + option.name);
  }
  for (const std::string& name : checked.unknown_mechanisms) {
    report->note(place(application.options.line_of("gssloop_mechanisms")) +
                     ": gssloop_mechanisms names " + gssloop::in_quotes(name) +
                     ", which is no mechanism of this machine",
                 "the module does not offer it", "this machine has " + checked.known_mechanisms);
  }
}

// The module opens the file at the end of each login.
void report_audit(const Examination& exam, Report* report) {
  const std::string path = exam.option("gssloop_audit");
  const auto options = read_audit_options(exam.application.options.options());
  if (!options) return;  // report_options names the wrong one
  const std::string place = "line " +
                            std::to_string(exam.application.options.line_of("gssloop_audit")) +
                            " of " + exam.application.file + ": ";
  if (const auto error = options->check()) {
    return report->problem(error->message, "the module refuses every login",
                           "write the path of a file in " + exam.options.prefix +
                               "gssloop_audit, or remove gssloop_audit_required");
  }
  if (options->to != plugin::AuditOptions::To::kFile) return;
  const auto error = plugin::audit::check_file(path);
  if (!error) return report->good("the audit trail " + path + " can be written");
  report->problem(place + "the audit trail " + path + " " + error->message,
                  options->is_required
                      ? "the module refuses every login, because gssloop_audit_required is yes"
                      : "the server admits users without a line in the trail",
                  "let the server's user write " + path + ", in a folder that exists");
}

// Cyrus IMAP ends at once if an option is in its file twice.
void report_repeated(const Examination& exam, Report* report) {
  if (!exam.application.is_cyrus_imapd) return;
  for (const auto& repeated : exam.application.options.repeated()) {
    if (repeated.name == "@include") continue;
    report->problem(exam.application.file + " has the option " + gssloop::in_quotes(repeated.name) +
                        " twice, in the lines " + std::to_string(repeated.first_line) + " and " +
                        std::to_string(repeated.line),
                    "Cyrus IMAP does not start", "remove one of the two lines");
  }
}

void report_file(const Examination& exam, Report* report) {
  const Application& application = exam.application;
  if (!application.failure.empty()) {
    report->problem(
        "the configuration " + application.file + " cannot be used: " + application.failure,
        "the server fails to start, or ignores the file",
        "write each option in " + application.file + " as \"option: value\"");
    return;
  }
  if (!application.unknown.empty()) report_unread(exam, report);
  if (application.file.empty()) return;
  if (application.unknown.empty()) {
    report->good(application.is_own_file ? "the options are in " + application.file
                                         : "libsasl reads " + application.file);
  }
  report_options(exam, report);
  report_audit(exam, report);
  report_repeated(exam, report);
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
  if (!exam.options.app.empty() || exam.application.is_own_file) report_file(exam, &report);
  if (!exam.application.failure.empty()) return report.take();
  report_plus(exam, &report);
  if (exam.sasl.failure.empty()) report_others(exam, &report);
  return report.take();
}

Findings check_user(const Examination& exam) {
  Report report("user");
  if (geteuid() == 0) {
    report.note("this runs as root",
                "root can read every file, and uses another replay cache than the server",
                "run it as the server's user: " + again_as_server(exam.options));
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
