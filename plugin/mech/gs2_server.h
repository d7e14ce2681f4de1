// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_GS2_SERVER_H_
#define GSSLOOP_PLUGIN_MECH_GS2_SERVER_H_

#include <optional>

#include "plugin/exchange/server_exchange.h"
#include "plugin/mech/gs2_header.h"

namespace gssloop::plugin {

// check_binding says what is wrong with a client's channel-binding flag, before anything else is
// looked at (RFC 5801 section 5): "y" while the server offers -PLUS, "p" with a binding that it
// does not have, "n" where the application requires binding.
std::optional<LoginError> check_binding(const sasl_server_params_t& params,
                                        const Gs2Header& header);

// Gs2Server is what a GS2 mechanism adds to an exchange on a server: the header before the first
// token, and the channel bindings that make the token vouch for it.
class Gs2Server final : public ServerExchange {
 public:
  Gs2Server(ServerPlugin* plugin, const SaslMechanism& mechanism,
            const sasl_server_params_t& params)
      : ServerExchange(plugin, mechanism, params) {}

 private:
  Result<Opening, LoginError> open(ByteView message) override;
  Next on_established() override;
  std::optional<LoginError> check_header() const;

  Gs2Header header_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_GS2_SERVER_H_
