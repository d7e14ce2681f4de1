// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/spnego_server.h"

#include "plugin/application_binding.h"

namespace gssloop::plugin {

SpnegoServer::Progress SpnegoServer::on_first_message(ByteView message) {
  auto bindings = application_binding(facts().params, facts().options);
  if (!bindings) return facts().refuse(Class::kBinding, bindings.error().clause);
  return negotiate(*std::move(bindings), Flags(), message);
}

SpnegoServer::Progress SpnegoServer::on_established() {
  if (auto refusal = judge_unbound()) return *std::move(refusal);
  const bool is_http = (facts().params.flags & SASL_NEED_HTTP) != 0;
  auto layer = layer_by_flags(
      &context(), LayerWindow::of(facts().params.props, facts().params.external_ssf), is_http);
  if (!layer) {
    return facts().refuse(layer.error().what, layer.error().sentence);
  }
  layer_ = *std::move(layer);
  return finish({}, verified_binding());
}

}  // namespace gssloop::plugin
