// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/gss_proxy.h"

#include "gssloop/gss/interposer.h"
#include "gssloop/gss/names.h"
#include "tools/doctor/format.h"
#include "tools/output.h"

namespace gssloop::tools {
namespace {

using gss::Oid;

std::string principal_of(gss_cred_id_t credential) {
  const auto name = gss::credential_name(credential);
  return name ? shown(name->text, 1024) : "an unknown principal";
}

}  // namespace

gss::Result<gss::Credential> acceptor_credential(const Examination& exam) {
  const TicketShield shield;
  const std::string named = exam.option("service_principal");
  if (named == "*" || named == "**") {
    return gss::acquire_acceptor(GSS_C_NO_NAME, Oid::krb5(), exam.options.keytab);
  }
  const bool is_principal = named.find('/') != std::string::npos;
  const auto name = gss::import_name(
      named.empty() ? exam.options.service + "@" + exam.options.host : named,
      is_principal ? gss::NameForm::kKerberosPrincipal : gss::NameForm::kHostbasedService);
  if (!name) return name.error();
  return gss::acquire_acceptor(name->get(), Oid::krb5(), exam.options.keytab);
}

bool has_keys_of_proxy(const Examination& exam) {
  if (!gss::is_behind_gss_proxy()) return false;
  const auto credential = acceptor_credential(exam);
  return credential && !gss::is_held_here(credential->get());
}

bool report_keys_of_proxy(const Examination& exam, Report* report) {
  if (!gss::is_behind_gss_proxy()) return false;
  const auto credential = acceptor_credential(exam);
  if (!credential || gss::is_held_here(credential->get())) {
    report->note("GSS_USE_PROXY is set, but the server gets no key from GSS-Proxy",
                 "the server then uses a keytab of its own, as without GSS-Proxy",
                 "check that gssproxy runs, that its configuration has a service for " +
                     this_user() + ", and that GSSPROXY_SOCKET, if it is set, names its socket");
    return false;
  }
  report->good("GSS-Proxy has the key of " + principal_of(credential->get()) +
               ": the server needs no keytab");
  report->note(
      std::string(gss::kGssProxyHidesAttributes) + ": to the policy, attributes are unknown",
      "a rule that uses an attribute refuses the login, and none is published",
      "if attributes are needed: let the server read a keytab of its own, without "
      "GSS_USE_PROXY");
  return true;
}

bool report_ticket_of_proxy(Report* report) {
  if (!gss::is_behind_gss_proxy()) return false;
  const TicketShield shield;
  const auto credential = gss::acquire_initiator(GSS_C_NO_NAME, Oid::krb5());
  if (!credential || gss::is_held_here(credential->get())) return false;
  report->good("GSS-Proxy has a ticket of " + principal_of(credential->get()) +
               ": the client needs none of its own");
  return true;
}

}  // namespace gssloop::tools
