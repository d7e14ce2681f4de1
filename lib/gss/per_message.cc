// SPDX-License-Identifier: BSD-2-Clause
#include "lib/gss/per_message.h"

namespace gssloop::gss {
namespace {

int conf_req(Protection protection) noexcept {
  return protection == Protection::kConfidentiality ? 1 : 0;
}

}  // namespace

Result<Buffer> wrap(const Context& context, Protection protection, ByteView message) {
  BufferView input(message);
  Buffer token;
  int conf_state = 0;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_wrap(&minor, context.get(), conf_req(protection), GSS_C_QOP_DEFAULT,
                                   input.desc(), &conf_state, token.out());
  if (major != GSS_S_COMPLETE) return Status("gss_wrap", major, minor);
  // loop section 3.1: applications that need confidentiality must check conf_state.
  if (protection == Protection::kConfidentiality && conf_state == 0) {
    return Status("gss_wrap: message was not encrypted", GSS_S_FAILURE, 0);
  }
  return token;
}

Result<Buffer> unwrap(const Context& context, Protection expected, ByteView token) {
  BufferView input(token);
  Buffer message;
  int conf_state = 0;
  gss_qop_t qop = GSS_C_QOP_DEFAULT;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_unwrap(&minor, context.get(), input.desc(), message.out(), &conf_state, &qop);
  if (major != GSS_S_COMPLETE) return Status("gss_unwrap", major, minor);
  if (expected == Protection::kConfidentiality && conf_state == 0) {
    return Status("gss_unwrap: message was not encrypted", GSS_S_FAILURE, 0);
  }
  return message;
}

Result<Buffer> get_mic(const Context& context, ByteView message) {
  BufferView input(message);
  Buffer mic;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_get_mic(&minor, context.get(), GSS_C_QOP_DEFAULT, input.desc(), mic.out());
  if (major != GSS_S_COMPLETE) return Status("gss_get_mic", major, minor);
  return mic;
}

Status verify_mic(const Context& context, ByteView message, ByteView mic) {
  BufferView input(message);
  BufferView token(mic);
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_verify_mic(&minor, context.get(), input.desc(), token.desc(), nullptr);
  return Status("gss_verify_mic", major, minor);
}

Result<OM_uint32> wrap_size_limit(const Context& context, Protection protection,
                                  OM_uint32 max_token_len) {
  OM_uint32 max_message_len = 0;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_wrap_size_limit(&minor, context.get(), conf_req(protection),
                                              GSS_C_QOP_DEFAULT, max_token_len, &max_message_len);
  if (major != GSS_S_COMPLETE) return Status("gss_wrap_size_limit", major, minor);
  return max_message_len;
}

}  // namespace gssloop::gss
