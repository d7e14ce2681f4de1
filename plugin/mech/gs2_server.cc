// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/gs2_server.h"

#include "gssloop/gss/initial_token.h"

namespace gssloop::plugin {

std::optional<LoginError> check_binding(const sasl_server_params_t& params,
                                        const Gs2Header& header) {
  switch (header.cb_flag) {
    case CbFlag::kNotSupported:
      if (SASL_CB_CRITICAL(&params)) {
        return LoginError{
            ErrorKind::kBinding,
            "this server requires channel binding, but the client does not support it"};
      }
      return std::nullopt;
    case CbFlag::kServerLacksIt:
      // An attacker may have removed the -PLUS names from the list.
      if (SASL_CB_PRESENT(&params)) {
        return LoginError{ErrorKind::kBinding,
                          "the client says that this server does not support channel binding, but "
                          "it does: an attacker may have removed the -PLUS mechanism from the "
                          "list, or the client did not see it"};
      }
      return std::nullopt;
    case CbFlag::kUsed:
      break;
  }
  if (!SASL_CB_PRESENT(&params) || header.cb_name != params.cbinding->name) {
    return LoginError{
        ErrorKind::kBinding,
        "the client used the channel binding type " + in_quotes(header.cb_name, 64) +
            ", but this server has " +
            (SASL_CB_PRESENT(&params) ? std::string("\"") + params.cbinding->name + "\"" : "none")};
  }
  return std::nullopt;
}

Result<Gs2Server::Opening, LoginError> Gs2Server::open(ByteView message) {
  auto parsed = parse_gs2_message(message);
  if (!parsed) {
    return login().login_error(ErrorKind::kProtocol,
                               "the GS2 header is malformed: " + parsed.error().message);
  }
  header_ = parsed->header;
  login().note_authzid(header_.authzid);
  if (auto error = check_header()) return *std::move(error);

  ByteView binding_data;
  if (header_.cb_flag == CbFlag::kUsed) {
    binding_data = ByteView(login().params.cbinding->data, login().params.cbinding->len);
  }
  // RFC 5801 section 8 requires mutual authentication. Only the flag CHANNEL_BOUND says that the
  // mechanism verified the bindings, and so the header: an acceptor ignores its own bindings if the
  // initiator sent none.
  Flags required = Flag::kMutual;
  if (!login().options.allows_unbound(login().mechanism.sasl_name)) {
    required = required | Flag::kChannelBound;
  }
  // Section 4: the RFC 2743 header MUST be restored, except when "F" says that there was none. An
  // empty token gets no header: the mechanism must see that it is empty (loop section 2.5).
  Bytes framed;
  if (!header_.is_nonstandard && !parsed->token.empty()) {
    framed = gss::restore_initial_header(parsed->token, login().mechanism.gss_mechanism.oid);
  }
  const ByteView token = framed.empty() ? parsed->token : ByteView(framed);
  return Opening{gs2_bindings(parsed->bound_header, binding_data), required, token,
                 std::move(framed)};
}

// Returns the error in a header that parses.
std::optional<LoginError> Gs2Server::check_header() const {
  // Section 4: "F" is for mechanisms whose tokens never have the RFC 2743 header. With other
  // mechanisms the flag would let a token choose its own mechanism.
  if (header_.is_nonstandard && login().mechanism.gss_mechanism.is_framed) {
    return login().login_error(
        ErrorKind::kProtocol,
        "the GS2 header has the flag \"F\", which this mechanism does not allow");
  }
  if (auto error = check_binding(login().params, header_)) {
    return login().login_error(error->kind, error->sentence);
  }
  return login().check_authzid(header_.authzid);
}

// gssloop_allow_unbound admits contexts whose mechanism does not report that it verified the
// header. Nothing that an attacker gains by a forged header may depend on it then: not the claim
// that the channel is bound, and no other user's name. EAP's acceptor fails if the initiator passed
// no bindings (tests/federation/eap_attack_test.py), so that its contexts vouch for the header.
std::optional<LoginError> Gs2Server::check_unreported() {
  if (context().flags().has(Flag::kChannelBound)) return std::nullopt;
  if (SASL_CB_CRITICAL(&login().params)) {
    return login().login_error(ErrorKind::kBinding,
                               "this server requires channel binding, but the mechanism does not "
                               "report whether it verified one");
  }
  if (!header_.authzid.empty() && !login().mechanism.gss_mechanism.oid.is_eap()) {
    return login().login_error(ErrorKind::kUnbound,
                               "the mechanism does not report whether it verified the GS2 header, "
                               "so the client cannot request an authorization identity in it");
  }
  return std::nullopt;
}

Gs2Server::Next Gs2Server::on_established() {
  if (auto error = check_unreported()) return *std::move(error);
  // If the mechanism did not verify the binding, it was not used, whatever the header says.
  Binding binding;
  if (header_.cb_flag == CbFlag::kUsed && context().flags().has(Flag::kChannelBound)) {
    binding = {SASL_CB_DISP_USED, header_.cb_name};
  } else if (header_.cb_flag == CbFlag::kServerLacksIt) {
    binding.disposition = SASL_CB_DISP_WANT;
  }
  return Completion{header_.authzid, std::move(binding)};
}

}  // namespace gssloop::plugin
