// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_GSSAPI_SERVER_H_
#define GSSLOOP_PLUGIN_MECH_GSSAPI_SERVER_H_

#include "plugin/exchange/server_exchange.h"
#include "plugin/layer/layer_terms.h"

namespace gssloop::plugin {

// GssapiServer is what "GSSAPI" (RFC 4752 section 3.2) adds to an exchange on a server: after the
// context it offers security layers, and the client chooses one and sends its authorization
// identity.
class GssapiServer final : public ServerExchange {
 public:
  GssapiServer(ServerPlugin* plugin, const SaslMechanism& mechanism,
               const sasl_server_params_t& params)
      : ServerExchange(plugin, mechanism, params) {}

 private:
  enum class Awaited { kEmptyResponse, kChoice };

  Result<Opening, LoginError> open(ByteView message) override;
  Next on_established() override;
  Next on_later_message(ByteView message) override;
  Next send_offer();
  Next on_choice(ByteView message);
  std::optional<LoginError> agree_on(Layer layer, std::uint32_t max_send_len);

  Awaited awaited_ = Awaited::kEmptyResponse;
  SsfLimits limits_;
  LayerStrength strength_;
  Layers offered_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_GSSAPI_SERVER_H_
