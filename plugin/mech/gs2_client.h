// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_GS2_CLIENT_H_
#define GSSLOOP_PLUGIN_MECH_GS2_CLIENT_H_

#include <optional>
#include <string>

#include "plugin/exchange/client_exchange.h"
#include "plugin/mech/gs2_header.h"

namespace gssloop::plugin {

// client_header makes the GS2 header for a client: "p=" with channel binding, "y" if the client
// supports it but the server does not offer -PLUS, "n" if the client does not support it (RFC 5801
// section 5). libsasl decides which.
Result<Gs2Header, LoginError> client_header(const sasl_client_params_t& params,
                                            std::string authzid);

// Gs2Client is what a GS2 mechanism adds to a client's exchange: the header before the first token.
class Gs2Client final : public ClientExchange {
 public:
  using ClientExchange::ClientExchange;

 private:
  Result<Plan, LoginError> plan() override;
  std::optional<LoginError> put_token(ByteView token) override;
  // RFC 5801 section 12: no security layer.
  StepResult on_established() override { return finish(authzid()); }

  Gs2Header header_;
  bool is_first_message_ = true;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_GS2_CLIENT_H_
