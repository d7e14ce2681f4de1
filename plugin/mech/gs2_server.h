// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_GS2_SERVER_H_
#define GSSLOOP_PLUGIN_MECH_GS2_SERVER_H_

#include <optional>

#include "plugin/exchange/server_exchange.h"
#include "plugin/mech/gs2_header.h"

namespace gssloop::plugin {

// check_binding returns the error in a client's channel-binding flag, before any other check (RFC
// 5801 section 5): "y" although the server offers -PLUS, "p" with a binding type that the server
// does not have, "n" although the application requires channel binding.
std::optional<LoginError> check_binding(const sasl_server_params_t& params,
                                        const Gs2Header& header);

// Gs2Server is what a GS2 mechanism adds to an exchange on a server: the header before the first
// token, and the channel bindings with which the token protects the header.
class Gs2Server final : public ServerExchange {
 public:
  Gs2Server(ServerPlugin* plugin, const SaslMechanism& mechanism,
            const sasl_server_params_t& params)
      : ServerExchange(plugin, mechanism, params) {}

 private:
  Result<Opening, LoginError> open(ByteView message) override;
  Next on_established() override;
  std::optional<LoginError> check_header() const;
  std::optional<LoginError> check_unreported();

  Gs2Header header_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_GS2_SERVER_H_
