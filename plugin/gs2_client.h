// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_GS2_CLIENT_H_
#define GSSLOOP_PLUGIN_GS2_CLIENT_H_

#include <optional>
#include <string>

#include "lib/gss/mechanisms.h"
#include "lib/loop/initiator.h"
#include "plugin/client_identity.h"
#include "plugin/gs2_header.h"
#include "plugin/options.h"
#include "plugin/outcome.h"

namespace gssloop::plugin {

// client_header makes the GS2 header for a client: "p=" with channel binding, "y" when it could but
// the server does not offer -PLUS, "n" when it cannot (RFC 5801 section 5; libsasl found out
// which).
Result<Gs2Header, Refusal> client_header(const sasl_client_params_t& params, std::string authzid);

// Gs2Client is one client's exchange of a GS2 mechanism.
class Gs2Client {
 public:
  Gs2Client(const gss::Mechanism& mechanism, const sasl_client_params_t& params)
      : mechanism_(mechanism), host_(params.utils) {}

  // step is libsasl's mech_step: returns SASL_OK, SASL_CONTINUE, SASL_INTERACT or an error code.
  int step(const sasl_client_params_t& params, std::optional<ByteView> server_in,
           sasl_interact_t** prompt_need, const char** client_out, unsigned* client_out_len,
           sasl_out_params_t* oparams);

 private:
  // What a step came to, short of its SASL code for failures.
  using Progress = Result<int, Refusal>;

  Progress begin(const sasl_client_params_t& params, sasl_interact_t** prompt_need);
  Progress start_loop(const sasl_client_params_t& params);
  Progress obey(loop::Step step, const sasl_client_params_t& params, sasl_out_params_t* oparams);
  std::optional<Refusal> put_message(ByteView token);
  std::optional<Refusal> finish(loop::EstablishedContext context,
                                const sasl_client_params_t& params, sasl_out_params_t* oparams);
  std::string subject() const;

  const gss::Mechanism& mechanism_;
  const Host host_;
  ClientIdentity identity_;
  Options options_;
  std::string target_;
  Gs2Header header_;
  bool is_first_message_ = true;
  std::optional<loop::Initiator> initiator_;
  std::optional<loop::EstablishedContext> context_;
  gss::Name local_name_, peer_name_;
  std::string out_;  // what client_out points to
  bool has_out_ = false;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_GS2_CLIENT_H_
