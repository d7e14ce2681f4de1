// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/decision.h"
#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"
#include "gssloop/gss/pac_verification.h"
#include "gssloop/loop/explain.h"
#include "gssloop/loop/initiator.h"
#include "tools/doctor/checks.h"
#include "tools/doctor/gss_proxy.h"
#include "tools/policy/policy_login.h"
#include "tools/trial/peer_report.h"
#include "tools/trial/self_login.h"

namespace gssloop::tools {
namespace {

using gss::Oid;

std::string name_of(const Examination& exam) {
  return exam.options.service + "@" + exam.options.host;
}

// Reports a failure with its advice. Some failures have none.
template <class Failure>
void report_failure(const std::string& what, const Failure& failure, Report* report) {
  const std::string advice = loop::advice(failure);
  report->problem(what + ": " + failure.text(), "programs will fail in the same way",
                  advice.empty() ? "read the findings above" : advice);
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

// What the server's policy decides about the trial login. check_policy reports a policy that cannot
// be used.
void report_decision(const Examination& exam, const loop::EstablishedContext& acceptor,
                     Report* report) {
  const auto read = read_policy_at(exam.named_policy());
  if (!read.reading.policy) return;
  const PeerReport peer = peer_report_of(acceptor);
  report_pac(peer, report);
  authz::RuleContext login(*read.reading.policy, peer_info_of(peer, exam.options.service));
  const auto decision = authz::decide_login(&login, {});
  if (decision.is_admitted()) {
    report->good("the policy admits that login, as " + shown(decision.authid, 1024));
    return;
  }
  report->note(
      "the policy refuses that login: " + shown(decision.reason, 4096),
      "the trial login is not bound to a channel and has no security layer: the server may decide "
      "otherwise about a client that uses one",
      "gssloop policy explain --service " + exam.options.service + " shows what each rule decides");
}

// Both ends in this process: the result of all that the other checks examined one by one.
void log_in(const Examination& exam, Report* report) {
  auto input = initiator_input(exam);
  if (!input) {
    return report_failure("cannot try a login to " + name_of(exam), input.error(), report);
  }
  const auto credential = acceptor_credential(exam);
  if (!credential) {
    return report_failure("a server of " + name_of(exam) + " cannot accept logins",
                          credential.error(), report);
  }
  const auto login = log_in_to_self(
      *std::move(input), {credential->get(), std::nullopt, exam.options.keytab}, Flag::kMutual);
  if (login) {
    report->good("a trial login to " + name_of(exam) + " succeeds, as " +
                 peer_name(login->acceptor));
    return report_decision(exam, login->acceptor, report);
  }
  const auto& failed = login.error();
  const char* side = failed.side == loop::Role::kInitiator ? "client" : "server";
  report_failure("a trial login to " + name_of(exam) + " fails on the " + side, failed.failure,
                 report);
}

void get_ticket(const Examination& exam, Report* report) {
  auto input = initiator_input(exam);
  if (!input) {
    return report_failure("cannot try a login to " + name_of(exam), input.error(), report);
  }
  loop::Initiator initiator(*std::move(input), {});
  const loop::Step step = initiator.start();
  if (!step.is_failed()) {
    report->good("a client gets a ticket for " + name_of(exam));
    return;
  }
  report_failure("a client cannot log in to " + name_of(exam), step.failure(), report);
}

void get_key(const Examination& exam, Report* report) {
  const auto credential = acceptor_credential(exam);
  if (credential) return report->good("a server of " + name_of(exam) + " can accept logins");
  report_failure("a server of " + name_of(exam) + " cannot accept logins", credential.error(),
                 report);
}

}  // namespace

Findings check_login(const Examination& exam) {
  Report report("login");
  const TicketShield shield;
  if (exam.options.examines_client && exam.options.examines_server) {
    log_in(exam, &report);
  } else if (exam.options.examines_client) {
    get_ticket(exam, &report);
  } else {
    get_key(exam, &report);
  }
  return report.take();
}

}  // namespace gssloop::tools
