// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/spnego_server.h"

#include "gssloop/gss/initial_token.h"
#include "plugin/exchange/application_binding.h"

namespace gssloop::plugin {

Result<SpnegoServer::Opening, LoginError> SpnegoServer::open(ByteView message) {
  if (!message.empty() &&
      !gss::strip_initial_header(message, login().mechanism.gss_mechanism.oid)) {
    return login().login_error(ErrorKind::kProtocol, "the first message is not a SPNEGO token");
  }
  auto bindings = server_binding(login().params, login().options, login().mechanism);
  if (!bindings) return login().login_error(ErrorKind::kBinding, bindings.error().message);
  return Opening{*std::move(bindings), Flags(), message};
}

SpnegoServer::Next SpnegoServer::on_established() {
  if (auto error = check_unbound()) return *std::move(error);
  SsfLimits limits = SsfLimits::of(login().params.props, login().params.external_ssf);
  // R10 EXCEPTION: what TLS provides is not taken off max_ssf. The client decides alone whether
  // there is a layer, and others' clients ask for one whatever TLS provides: they could not log in
  // where max_ssf is 256, as it is in many servers.
  limits.is_max_apart = true;
  const bool is_http = (login().params.flags & SASL_NEED_HTTP) != 0;
  auto layer = layer_by_flags(&context(), limits, is_http);
  if (!layer) return login().login_error(layer.error().kind, layer.error().sentence);
  set_layer(*std::move(layer));
  return Completion{{}, verified_binding()};
}

}  // namespace gssloop::plugin
