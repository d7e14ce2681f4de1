// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_SPNEGO_CLIENT_H_
#define GSSLOOP_PLUGIN_MECH_SPNEGO_CLIENT_H_

#include "plugin/exchange/client_exchange.h"

namespace gssloop::plugin {

// SpnegoClient is what "GSS-SPNEGO" ([MS-SPNG]) adds to a client's exchange: no message of its own,
// and so no authorization identity. The requested flags select the security layer; in HTTP (RFC
// 4559) there is none.
class SpnegoClient final : public ClientExchange {
 public:
  using ClientExchange::ClientExchange;

 private:
  Result<Plan, LoginError> plan() override;
  std::optional<LoginError> put_token(ByteView token) override;
  StepResult on_established() override;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_SPNEGO_CLIENT_H_
