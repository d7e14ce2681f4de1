// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/gs2_client.h"

#include "gssloop/gss/initial_token.h"

namespace gssloop::plugin {

Result<Gs2Header, LoginError> client_header(const sasl_client_params_t& params,
                                            std::string authzid) {
  Gs2Header header;
  header.authzid = std::move(authzid);
  switch (params.cbindingdisp) {
    case SASL_CB_DISP_USED:
      if (!SASL_CB_PRESENT(&params)) {
        return LoginError{
            ErrorKind::kBinding,
            "a -PLUS mechanism was chosen, but the application set no channel binding"};
      }
      header.cb_flag = CbFlag::kUsed;
      header.cb_name = params.cbinding->name;
      break;
    case SASL_CB_DISP_WANT:
      header.cb_flag = CbFlag::kServerLacksIt;
      break;
    default:
      header.cb_flag = CbFlag::kNotSupported;
      break;
  }
  // RFC 5801 section 5: a client that requires channel binding MUST use "p".
  if (SASL_CB_CRITICAL(&params) && header.cb_flag != CbFlag::kUsed) {
    return LoginError{ErrorKind::kBinding,
                      "the application requires channel binding, but the server does not offer it"};
  }
  return header;
}

Result<Gs2Client::Plan, LoginError> Gs2Client::plan() {
  auto header = client_header(params(), authzid());
  if (!header) return std::move(header).error();
  header_ = *std::move(header);
  auto bound_header = header_.serialize();  // without "F,", which is not known yet and not bound
  if (!bound_header) return login_error(ErrorKind::kMisuse, bound_header.error().message);
  ByteView binding_data;
  if (header_.cb_flag == CbFlag::kUsed) {
    binding_data = ByteView(params().cbinding->data, params().cbinding->len);
  }
  // RFC 5801 section 8: mutual_req_flag MUST be set, per-message flags SHOULD NOT. G11 EXCEPTION:
  // Cyrus SASL's own gs2 server refuses a context without sequence, so the client requests it.
  // Neither this client nor this module's server requires it.
  return Plan{Flag::kSequence, gs2_bindings(as_bytes(*bound_header), binding_data)};
}

// RFC 5801 section 4: the header goes before the first token, whose RFC 2743 header is removed. A
// token without that header is sent with the flag "F". Later tokens are sent unchanged.
std::optional<LoginError> Gs2Client::put_token(ByteView token) {
  if (!is_first_message_) return ClientExchange::put_token(token);
  is_first_message_ = false;
  const auto inner = gss::strip_initial_header(token, mechanism().gss_mechanism.oid);
  header_.is_nonstandard = !inner;
  auto text = header_.serialize();
  if (!text) return login_error(ErrorKind::kMisuse, text.error().message);
  put(as_bytes(*text + to_string(inner.value_or(token))));
  return std::nullopt;
}

}  // namespace gssloop::plugin
