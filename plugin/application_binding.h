// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_APPLICATION_BINDING_H_
#define GSSLOOP_PLUGIN_APPLICATION_BINDING_H_

#include <sasl/saslplug.h>

#include <optional>

#include "lib/base/result.h"
#include "lib/gss/context.h"
#include "plugin/options.h"

namespace gssloop::plugin {

// application_binding makes GSS-API channel bindings of what the application set, alone: GSSAPI and
// GSS-SPNEGO have no header that would say whether there are any. RFC 4752 section 3.1 knows none
// at all; Active Directory demands them over TLS, and Cyrus SASL's own modules pass them whenever
// the application sets some, and so do we (R2). Nothing where the application set none, or
// gssloop_channel_binding is off; fails where it is off and the application insists. `Params` is
// libsasl's for a client or a server.
template <class Params>
Result<std::optional<gss::ChannelBindings>, Mistake> application_binding(const Params& params,
                                                                         const Options& options) {
  std::optional<gss::ChannelBindings> bindings;
  if (!SASL_CB_PRESENT(&params)) return bindings;
  if (options.binds_channels) {
    bindings.emplace(to_bytes(ByteView(params.cbinding->data, params.cbinding->len)));
  } else if (SASL_CB_CRITICAL(&params)) {
    return Mistake{
        "the application requires channel binding, which gssloop_channel_binding = no "
        "turns off"};
  }
  return bindings;
}

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_APPLICATION_BINDING_H_
