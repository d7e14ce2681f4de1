// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/spnego_client.h"

namespace gssloop::plugin {

Result<SpnegoClient::Plan, Refusal> SpnegoClient::plan() {
  // As with every implementation: the server takes the peer for whom it authenticated.
  if (!authzid().empty()) {
    host().log(SASL_LOG_NOTE, subject() + ": GSS-SPNEGO carries no authorization identity, so \"" +
                                  printable(as_bytes(authzid())) + "\" is not sent");
  }
  return plan_by_window(window(), Flags());
}

SpnegoClient::Progress SpnegoClient::on_established() {
  auto layer = layer_by_flags(&context(), window(), is_http());
  if (!layer) return refuse(layer.error().what, layer.error().sentence);
  layer_ = *std::move(layer);
  return finish();
}

}  // namespace gssloop::plugin
