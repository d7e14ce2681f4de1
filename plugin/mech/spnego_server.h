// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_SPNEGO_SERVER_H_
#define GSSLOOP_PLUGIN_MECH_SPNEGO_SERVER_H_

#include "plugin/exchange/server_exchange.h"

namespace gssloop::plugin {

// SpnegoServer is what "GSS-SPNEGO" ([MS-SPNG]) adds to an exchange on a server. It has no message
// of its own. The security layer is the strongest that the context's flags allow; in HTTP (RFC
// 4559) there is none.
class SpnegoServer final : public ServerExchange {
 public:
  SpnegoServer(ServerPlugin* plugin, const SaslMechanism& mechanism,
               const sasl_server_params_t& params)
      : ServerExchange(plugin, mechanism, params) {}

 private:
  Result<Opening, LoginError> open(ByteView message) override;
  std::optional<LoginError> check_token(ByteView token) override;
  Next on_established() override;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_SPNEGO_SERVER_H_
