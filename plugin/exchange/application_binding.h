// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_APPLICATION_BINDING_H_
#define GSSLOOP_PLUGIN_EXCHANGE_APPLICATION_BINDING_H_

#include <sasl/saslplug.h>

#include <optional>
#include <string>

#include "gssloop/base/result.h"
#include "gssloop/gss/context.h"
#include "plugin/sasl/mechanism.h"
#include "plugin/sasl/options.h"

namespace gssloop::plugin {

// check_application_binding returns the error in a binding that an application set; null: none. An
// application may set a structure that it did not fill. libsasl compares the names of bindings
// without a look at null pointers.
inline std::optional<Error> check_application_binding(const sasl_channel_binding_t* binding) {
  // The longest of RFC 5929, tls-server-end-point, has 64 octets.
  constexpr std::size_t kMaxLen = 65536;
  if (binding == nullptr) return std::nullopt;
  if (binding->name == nullptr || *binding->name == '\0') {
    return Error{"the application set a channel binding without a name (SASL_CHANNEL_BINDING)"};
  }
  if (binding->len > kMaxLen || (binding->data == nullptr && binding->len != 0)) {
    return Error{"the application set a channel binding of " + std::to_string(binding->len) +
                 " bytes (SASL_CHANNEL_BINDING); the limit is " + std::to_string(kMaxLen) +
                 (binding->data == nullptr ? ", and there are no data" : "")};
  }
  return std::nullopt;
}

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
