// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/self_report.h"

#include <cstdlib>
#include <utility>

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/kerberos.h"
#include "gssloop/gss/names.h"
#include "gssloop/loop/explain.h"
#include "tools/kerberos/kerberos.h"
#include "tools/trial/login_options.h"
#include "tools/trial/login_report.h"
#include "tools/trial/self_login.h"

namespace gssloop::tools {
namespace {

Exit report_failure(const Output& output, const std::string& what, const gss::Status& status) {
  output.error(what + ": " + shown(loop::explain(status), 4096));
  return Exit::kNotTried;
}

}  // namespace

void add_credential_options(SelfLoginOptions* options, std::vector<Option>* list) {
  list->insert(
      list->end(),
      {{"-k,--keytab", "NAME", "The keytab to use instead of the default one", &options->keytab},
       {"-c,--ccache", "NAME", "The credentials cache to use instead of the default one",
        &options->ccache}});
}

void use_credentials(const SelfLoginOptions& options) {
  if (!options.keytab.empty()) setenv("KRB5_KTNAME", options.keytab.c_str(), 1);
  if (!options.ccache.empty()) setenv("KRB5CCNAME", options.ccache.c_str(), 1);
}

// The initiator's tickets remain for it.
static gss::Result<gss::Credential> acceptor_credential(const gss::Oid& mech) {
  const TicketShield shield;
  return gss::acquire_acceptor(GSS_C_NO_NAME, mech, {});
}

Result<PeerReport, Exit> report_by_self_login(const SelfLoginOptions& options, const gss::Oid& mech,
                                              const Output& output) {
  use_credentials(options);
  const TicketShield shield;
  const std::string& service = options.service;
  auto target = target_name(service, {});
  if (!target) return report_failure(output, "cannot log in to " + shown(service), target.error());
  std::string called = service;
  if (const auto canonical = gss::canonicalize(target->get(), mech)) {
    if (const auto displayed = gss::display(canonical->get())) called = displayed->text;
  }
  auto credential = acceptor_credential(mech);
  if (!credential) {
    const std::string keytab = gss::default_keytab_name();
    return report_failure(output, "cannot accept logins with the keytab " + shown(keytab),
                          credential.error());
  }
  gss::InitiatorInput input;
  input.target = *std::move(target);
  input.mech = mech;
  input.request = Flag::kMutual;
  const auto login = log_in_to_self(
      std::move(input), {credential->get(), std::nullopt, std::string()}, Flag::kMutual);
  if (login) return peer_report_of(login->acceptor);
  const SelfLoginFailure& failed = login.error();
  const char* side = failed.side == loop::Role::kInitiator ? "login to " : "acceptance as ";
  output.error(sentence(side + shown(called), failed.failure));
  return exit_of(failed.failure);
}

}  // namespace gssloop::tools
