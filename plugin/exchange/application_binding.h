// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_APPLICATION_BINDING_H_
#define GSSLOOP_PLUGIN_EXCHANGE_APPLICATION_BINDING_H_

#include <sasl/saslplug.h>

#include <optional>

#include "gssloop/base/result.h"
#include "gssloop/gss/context.h"
#include "plugin/sasl/mechanism.h"
#include "plugin/sasl/options.h"

namespace gssloop::plugin {

// application_binding makes GSS-API channel bindings from only the application's binding: GSSAPI
// and GSS-SPNEGO have no header that says whether the client binds. RFC 4752 section 3.1 has no
// bindings. But Active Directory requires them over TLS, and Cyrus SASL's own modules pass them
// whenever the application sets some. This module does the same (R2). Returns nothing if the
// application set none, or if gssloop_channel_binding is no. Fails if the option is no and the
// application requires a binding. `Params` is libsasl's for a client or a server.
template <class Params>
Result<std::optional<gss::ChannelBindings>, Error> application_binding(const Params& params,
                                                                       const Options& options) {
  std::optional<gss::ChannelBindings> bindings;
  if (!SASL_CB_PRESENT(&params)) return bindings;
  if (options.binds_channels) {
    bindings.emplace(to_bytes(ByteView(params.cbinding->data, params.cbinding->len)));
  } else if (SASL_CB_CRITICAL(&params)) {
    return Error{
        "the application requires channel binding, but gssloop_channel_binding is set to no"};
  }
  return bindings;
}

// server_binding does the same for a server. The server listed the -PLUS names if the option was
// yes when the module was loaded. A client that chose such a name relies on the binding.
inline Result<std::optional<gss::ChannelBindings>, Error> server_binding(
    const sasl_server_params_t& params, const Options& options, const SaslMechanism& mechanism) {
  if (SASL_CB_PRESENT(&params) && mechanism.binds_channels && !options.binds_channels) {
    return Error{
        "gssloop_channel_binding was set to no after libsasl was initialised, so the server still "
        "offers " +
        mechanism.sasl_name + "-PLUS: set the option in the server's SASL configuration file"};
  }
  return application_binding(params, options);
}

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_APPLICATION_BINDING_H_
