// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_GSSAPI_CLIENT_H_
#define GSSLOOP_PLUGIN_MECH_GSSAPI_CLIENT_H_

#include "plugin/exchange/client_exchange.h"
#include "plugin/layer/layer_terms.h"

namespace gssloop::plugin {

// GssapiClient is what "GSSAPI" (RFC 4752 section 3.1) adds to a client's exchange: after the
// context the server offers security layers, and the client chooses one and sends its authorization
// identity.
class GssapiClient final : public ClientExchange {
 public:
  using ClientExchange::ClientExchange;

 private:
  Result<Plan, LoginError> plan() override;
  StepResult on_established() override;
  StepResult on_later_message(ByteView message) override;
  std::optional<LoginError> choose(const LayerMessage& offered);
  LayerMessage choice(Layers offered) const;

  SsfLimits limits_;
  Layer chosen_ = Layer::kNone;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_GSSAPI_CLIENT_H_
