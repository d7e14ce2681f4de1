// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/spnego_client.h"

#include "plugin/mech/kerberos_negotiation.h"

namespace gssloop::plugin {

Result<SpnegoClient::Plan, LoginError> SpnegoClient::plan() {
  // In every implementation the server uses the authenticated name. The mechanism's features tell
  // libsasl so, and a client that must act as another user (SASL_NEED_PROXY) gets another
  // mechanism.
  if (!authzid().empty()) {
    sasl().log(
        SASL_LOG_NOTE,
        subject() +
            ": GSS-SPNEGO cannot carry an authorization identity, so the client does not send " +
            in_quotes(authzid()));
  }
  // After the context is complete there is no negotiation. So the client requests confidentiality
  // only if every cipher is within its limits, or if a weaker layer is not.
  const SsfLimits limits = ssf_limits();
  const bool wants_confidentiality = limits.room() >= kStrongestCipherSsf || limits.need() > 1;
  return plan_by_limits(limits, wants_confidentiality, Flags());
}

std::optional<LoginError> SpnegoClient::put_token(ByteView token) {
  const std::string why = why_not_kerberos(token);
  if (!why.empty()) return login_error(ErrorKind::kCredential, why);
  return ClientExchange::put_token(token);
}

StepResult SpnegoClient::on_established() {
  // SPNEGO must negotiate Kerberos, even if an application's own credential has other mechanisms.
  if (context().mech() != arrives_at(mechanism().gss_mechanism.oid)) {
    return login_error(ErrorKind::kProtocol,
                       "the server selected another mechanism, " + context().mech().dotted());
  }
  auto layer = layer_by_flags(&context(), ssf_limits(), is_http());
  if (!layer) return login_error(layer.error().kind, layer.error().sentence);
  set_layer(*std::move(layer));
  return finish({});
}

}  // namespace gssloop::plugin
