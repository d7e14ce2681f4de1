// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <cstdlib>

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"
#include "gssloop/gss/pac_verification.h"
#include "gssloop/loop/explain.h"
#include "gssloop/loop/initiator.h"
#include "tools/doctor/checks.h"
#include "tools/doctor/format.h"
#include "tools/doctor/gss_proxy.h"
#include "tools/doctor/sasl_login.h"
#include "tools/policy/policy_login.h"
#include "tools/trial/peer_report.h"
#include "tools/trial/self_login.h"

namespace gssloop::tools {
namespace {

using gss::Oid;

std::string name_of(const Examination& exam) {
  return exam.options.service + "@" + exam.options.host;
}

std::string explain_command(const Examination& exam) {
  return "gssloop policy explain --service " + exam.options.service +
         (exam.options.policy.empty() ? "" : " --policy " + exam.options.policy) +
         (exam.options.keytab.empty() ? "" : " --keytab " + exam.options.keytab);
}

// The causes of a failed login that other checks find, the first ones before the others.
std::string cause_of_failure(const Examination& exam) {
  return exam.cause_among({"krb5.conf", "application", "module", "host", "clock", "kdc", "keytab",
                           "ticket", "key", "replay-cache", "policy", "mechanisms"});
}

// Reports a failure with its advice. Some failures have none.
template <class Failure>
void report_failure(const Examination& exam, const std::string& what, const Failure& failure,
                    Report* report) {
  const std::string advice = loop::advice(failure);
  report->consequence(
      cause_of_failure(exam), what + ": " + failure.text(), "programs will fail in the same way",
      advice.empty() ? "KRB5_TRACE=/dev/stderr gssloop doctor shows what Kerberos did last"
                     : advice);
}

gss::Result<gss::InitiatorInput> initiator_input(const Examination& exam) {
  auto target = gss::import_name(name_of(exam), gss::NameForm::kHostbasedService);
  if (!target) return target.error();
  gss::InitiatorInput input;
  input.target = *std::move(target);
  input.mech = Oid::krb5();
  input.request = Flag::kMutual;
  return input;
}

std::string peer_name(const loop::EstablishedContext& acceptor) {
  const auto peer = acceptor.peer();
  return peer ? peer->text : "a client whose name is unknown";
}

// A PAC that the module cannot verify is unknown to rules.
void report_pac(const PeerReport& peer, Report* report) {
  for (const UnreadableAttribute& it : peer.attributes.unreadable) {
    if (!gss::is_pac_attribute(it.name)) continue;
    return report->note("the PAC of that login is unknown to rules: " + shown(it.reason, 4096),
                        "no rule that uses a urn:mspac: attribute admits this user",
                        "check that the keytab has every key of the service that a ticket may use");
  }
}

// Without libsasl and its modules: both ends in this process.
void log_in_directly(const Examination& exam, Report* report) {
  auto input = initiator_input(exam);
  if (!input) {
    return report_failure(exam, "cannot try a login to " + name_of(exam), input.error(), report);
  }
  const auto credential = acceptor_credential(exam);
  if (!credential) {
    return report_failure(exam, "a server of " + name_of(exam) + " cannot accept logins",
                          credential.error(), report);
  }
  const auto login = log_in_to_self(
      *std::move(input), {credential->get(), std::nullopt, exam.options.keytab}, Flag::kMutual);
  if (login) {
    return report->good("a trial login to " + name_of(exam) + " without libsasl succeeds, as " +
                        peer_name(login->acceptor));
  }
  const auto& failed = login.error();
  const char* side = failed.side == loop::Role::kInitiator ? "client" : "server";
  report_failure(exam, "a trial login to " + name_of(exam) + " fails on the " + side,
                 failed.failure, report);
}

void get_ticket(const Examination& exam, Report* report) {
  auto input = initiator_input(exam);
  if (!input) {
    return report_failure(exam, "cannot try a login to " + name_of(exam), input.error(), report);
  }
  loop::Initiator initiator(*std::move(input), {});
  const loop::Step step = initiator.start();
  if (!step.is_failed()) {
    report->good("a client gets a ticket for " + name_of(exam));
    return;
  }
  report_failure(exam, "a client cannot log in to " + name_of(exam), step.failure(), report);
}

// A server has no ticket to log in with, so its policy decides about no login here.
void report_untried(const Examination& exam, Report* report) {
  const auto read = read_policy_at(exam.named_policy());
  if (!read.reading.policy || read.is_absent) return;
  report->note(
      "the policy decided about no login (--server-only)", "it may still refuse every user",
      "kinit as a user that it should admit, and run the doctor without --server-only; or `" +
          explain_command(exam) + "`");
}

void get_key(const Examination& exam, Report* report) {
  const auto credential = acceptor_credential(exam);
  if (credential) {
    report->good("a server of " + name_of(exam) + " can accept logins");
    return report_untried(exam, report);
  }
  report_failure(exam, "a server of " + name_of(exam) + " cannot accept logins", credential.error(),
                 report);
}

// ---- Through libsasl

using End = SaslLogin::End;

// The module's own mechanisms that a server offers to this client.
std::vector<std::string> mechanisms_of(const Examination& exam) {
  std::vector<std::string> names;
  for (const ModuleMechanism& mechanism : exam.sasl.server_mechanisms) {
    const bool is_offered =
        std::ranges::find(exam.sasl.offered, mechanism.name) != exam.sasl.offered.end();
    if (mechanism.module == "gssloop_sasl" && is_offered) names.push_back(mechanism.name);
  }
  return names;
}

std::string client_name() {
  const auto ccache = read_ccache();
  return ccache ? ccache->client : "this user";
}

// The module's sentences have "MECHANISM login to SERVICE failed: " in front of the reason, and a
// client's sentence has libsasl's text for the code before that.
std::string reason_of(const SaslLogin& login) {
  constexpr std::string_view kFailed = " failed: ";
  const std::size_t begin = login.sentence.find(login.mechanism + " login to ");
  if (begin == std::string::npos) return login.sentence;
  const std::size_t end = login.sentence.find(kFailed, begin);
  return end == std::string::npos ? login.sentence : login.sentence.substr(end + kFailed.size());
}

// Logins with the same result, and the names of their mechanisms.
struct Outcome {
  SaslLogin login;
  std::vector<std::string> mechanisms;
};

std::vector<Outcome> grouped(const std::vector<SaslLogin>& logins) {
  std::vector<Outcome> outcomes;
  for (const SaslLogin& login : logins) {
    const auto same = std::ranges::find_if(outcomes, [&](const Outcome& outcome) {
      const SaslLogin& other = outcome.login;
      return other.end == login.end && other.is_bound == login.is_bound &&
             other.authid == login.authid && reason_of(other) == reason_of(login);
    });
    if (same != outcomes.end()) {
      same->mechanisms.push_back(login.mechanism);
    } else {
      outcomes.push_back({login, {login.mechanism}});
    }
  }
  return outcomes;
}

// A PAC that the module cannot verify is unknown to rules.
void report_unknown_pac(const Examination& exam, Report* report) {
  auto input = initiator_input(exam);
  const auto credential = acceptor_credential(exam);
  if (!input || !credential) return;
  const auto login = log_in_to_self(
      *std::move(input), {credential->get(), std::nullopt, exam.options.keytab}, Flag::kMutual);
  if (login) report_pac(peer_report_of(login->acceptor), report);
}

void report_admitted(const Examination& exam, const Outcome& outcome, bool is_only_bound,
                     Report* report) {
  const SaslLogin& login = outcome.login;
  const auto named = exam.named_policy();
  const auto read = read_policy_at(named);
  const bool has_policy = read.reading.policy && !read.is_absent;
  const std::string who = login.peer.empty() ? client_name() : shown(login.peer, 1024);
  const std::string as = who + " as " + shown(login.authid, 1024);
  const std::string decision =
      has_policy ? "this policy (" + named.value_or(GSSLOOP_POLICY_PATH) + ") admits " + as
                 : "the server admits " + as + " (there is no policy)";
  const std::string what = "a trial login to " + name_of(exam) + " succeeds (" +
                           joined(outcome.mechanisms) + "): " + decision;
  if (!is_only_bound) return report->good(what);
  report->note(what + ", but only with a channel binding",
               "the policy refuses clients that log in without one",
               "let clients use TLS and a mechanism with a channel binding (" +
                   outcome.mechanisms.front() + "-PLUS)");
}

void report_refused(const Examination& exam, const Outcome& outcome, bool is_partial,
                    Report* report) {
  const std::string what = "the server refuses " + client_name() + " (" +
                           joined(outcome.mechanisms) +
                           (outcome.login.is_bound ? ", with a channel binding" : "") +
                           "): " + shown(reason_of(outcome.login), 4096);
  const std::string remedy = "if this user may log in, change that rule; " + explain_command(exam) +
                             " shows what each rule decides";
  if (is_partial) {
    report->note(what, "the policy admits this user in another way", remedy);
  } else {
    report->consequence(exam.cause_among({"policy"}), what,
                        "the server refuses every login of this user", remedy);
  }
}

void report_failed(const Examination& exam, const Outcome& outcome, Report* report) {
  const char* side = outcome.login.end == End::kServerFailed ? "server" : "client";
  report->consequence(cause_of_failure(exam),
                      "a trial login to " + name_of(exam) + " fails on the " + side + " (" +
                          joined(outcome.mechanisms) +
                          "): " + shown(reason_of(outcome.login), 4096),
                      "programs will fail in the same way",
                      "docs/troubleshooting.md has a heading for each such sentence");
}

void report_logins(const Examination& exam, const std::vector<SaslLogin>& logins, Report* report) {
  const auto outcomes = grouped(logins);
  const auto has = [&](End end, bool is_bound) {
    return std::ranges::any_of(outcomes, [&](const Outcome& outcome) {
      return outcome.login.end == end && outcome.login.is_bound == is_bound;
    });
  };
  const bool is_admitted = has(End::kAdmitted, false), is_bound = has(End::kAdmitted, true);
  for (const Outcome& outcome : outcomes) {
    if (outcome.login.end == End::kAdmitted) {
      report_admitted(exam, outcome, outcome.login.is_bound, report);
    } else if (outcome.login.end == End::kRefused) {
      // The same refusal without a binding says no more.
      const bool is_same = outcome.login.is_bound && !is_admitted && !is_bound;
      if (!is_same) report_refused(exam, outcome, is_admitted || is_bound, report);
    } else {
      report_failed(exam, outcome, report);
    }
  }
  if (has(End::kRefused, false)) report_unknown_pac(exam, report);
}

void log_in_through_libsasl(const Examination& exam, Report* report) {
  const auto mechanisms = mechanisms_of(exam);
  if (mechanisms.empty()) {
    return report->consequence(
        cause_of_failure(exam),
        "no login was tried: a server of " + name_of(exam) + " offers no mechanism of this module",
        "no user can log in through this module", "run `gssloop mechanisms`");
  }
  report_logins(exam, try_logins(exam.question, mechanisms), report);
}

}  // namespace

Findings check_login(const Examination& exam) {
  Report report("login");
  const TicketShield shield(TicketShield::When::kAlways, exam.service.principal);
  // A replay cache that cannot be used makes the login fail; one that can is not written.
  if (!exam.has_problem("replay-cache")) setenv("KRB5RCACHENAME", "none:", 1);
  const bool is_without_libsasl = exam.has_problem("module") || !exam.sasl.failure.empty();
  if (!krb_configuration()) {
    report.consequence(exam.cause_among({"krb5.conf"}), "no login can be tried",
                       "Kerberos cannot use its configuration", "correct krb5.conf");
  } else if (exam.options.examines_client && exam.options.examines_server) {
    is_without_libsasl ? log_in_directly(exam, &report) : log_in_through_libsasl(exam, &report);
  } else if (exam.options.examines_client) {
    get_ticket(exam, &report);
  } else {
    get_key(exam, &report);
  }
  return report.take();
}

}  // namespace gssloop::tools
