// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/spnego_server.h"

#include "gssloop/gss/initial_token.h"
#include "plugin/exchange/application_binding.h"
#include "plugin/mech/kerberos_negotiation.h"

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

std::optional<LoginError> SpnegoServer::check_token(ByteView token) {
  const std::string why = why_not_kerberos(token);
  if (why.empty()) return std::nullopt;
  return login().login_error(ErrorKind::kCredential, why);
}

SpnegoServer::Next SpnegoServer::on_established() {
  if (auto error = check_unbound()) return *std::move(error);
  SsfLimits limits = SsfLimits::of(login().params.props, login().params.external_ssf);
  // R10 EXCEPTION: the strength of TLS is not subtracted from max_ssf. The client alone decides
  // whether there is a layer, and the clients of other implementations request one even over TLS.
  // They could not log in to a server with a max_ssf of 256, which is common.
  limits.is_max_apart = true;
  const bool is_http = (login().params.flags & SASL_NEED_HTTP) != 0;
  auto layer = layer_by_flags(&context(), limits, is_http);
  if (!layer) return login().login_error(layer.error().kind, layer.error().sentence);
  set_layer(*std::move(layer));
  return Completion{{}, verified_binding()};
}

}  // namespace gssloop::plugin
