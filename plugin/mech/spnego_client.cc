// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/spnego_client.h"

namespace gssloop::plugin {

Result<SpnegoClient::Plan, LoginError> SpnegoClient::plan() {
  // As with every implementation: the server takes the peer for whom it authenticated. libsasl is
  // told the same, and clients that need to act as others (SASL_NEED_PROXY) get another mechanism.
  if (!authzid().empty()) {
    sasl().log(
        SASL_LOG_NOTE,
        subject() +
            ": GSS-SPNEGO cannot carry an authorization identity, so the client does not send \"" +
            printable(as_bytes(authzid())) + "\"");
  }
  // Nothing is negotiated once the context is there, so confidentiality is asked for only where it
  // fits whatever the session's cipher turns out to be, or where nothing less will do.
  const SsfLimits limits = ssf_limits();
  const bool wants_confidentiality = limits.room() >= kStrongestCipherSsf || limits.need() > 1;
  return plan_by_limits(limits, wants_confidentiality, Flags());
}

StepResult SpnegoClient::on_established() {
  // SPNEGO is to arrive at Kerberos, where an application's own credential knows others, too.
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
