// SPDX-License-Identifier: BSD-2-Clause
#include "tests/live/raw_context.h"

#include <gtest/gtest.h>

namespace gssloop::testing {
namespace {

gss_buffer_desc view(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

std::string text_of(const gss::Buffer& buffer) { return to_string(buffer.view()); }

// One without the flags that MIT grants unasked.
gss::Credential plain_credential() {
  OM_uint32 minor = 0;
  gss::Credential credential;
  EXPECT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
                             GSS_C_INITIATE, credential.out(), nullptr, nullptr),
            0U);
  gss_buffer_desc none = GSS_C_EMPTY_BUFFER;
  EXPECT_EQ(gss_set_cred_option(&minor, credential.in_out(),
                                const_cast<gss_OID>(GSS_KRB5_CRED_NO_CI_FLAGS_X), &none),
            0U);
  return credential;
}

}  // namespace

gss_OID spnego_oid() {
  static gss_OID_desc oid = {6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};
  return &oid;
}

gss_OID iakerb_oid() {
  static gss_OID_desc oid = {6, const_cast<char*>("\x2b\x06\x01\x05\x02\x05")};
  return &oid;
}

std::string RawContext::begin(const Request& request) {
  request_ = request;
  if (request.only_as_requested) credential_ = plain_credential();
  gss_buffer_desc name = view(request_.target);
  OM_uint32 minor = 0;
  gss_import_name(&minor, &name, GSS_C_NT_HOSTBASED_SERVICE, target_.out());
  return init(nullptr);
}

std::string RawContext::step(const std::string& token) { return init(&token); }

std::string RawContext::init(const std::string* token) {
  gss_buffer_desc input = token != nullptr ? view(*token) : gss_buffer_desc(GSS_C_EMPTY_BUFFER);
  gss_channel_bindings_struct bindings{};
  if (request_.binding) bindings.application_data = view(*request_.binding);
  gss::Buffer output;
  OM_uint32 minor = 0;
  major_ = gss_init_sec_context(
      &minor, credential_.get(), context_.in_out(), target_.get(), request_.mech, request_.flags, 0,
      request_.binding ? &bindings : nullptr, token != nullptr ? &input : GSS_C_NO_BUFFER, nullptr,
      output.out(), &flags_, nullptr);
  return text_of(output);
}

std::string RawContext::accept(const std::string& token) {
  gss_buffer_desc input = view(token);
  gss::Buffer output;
  OM_uint32 minor = 0;
  major_ = gss_accept_sec_context(&minor, context_.in_out(), GSS_C_NO_CREDENTIAL, &input,
                                  GSS_C_NO_CHANNEL_BINDINGS, nullptr, nullptr, output.out(),
                                  &flags_, nullptr, nullptr);
  return text_of(output);
}

std::string RawContext::wrap(std::string_view message, bool is_encrypted) {
  gss_buffer_desc input = view(message);
  gss::Buffer token;
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_wrap(&minor, context_.get(), is_encrypted ? 1 : 0, GSS_C_QOP_DEFAULT, &input,
                     nullptr, token.out()),
            0U);
  return text_of(token);
}

Opened RawContext::unwrap(const std::string& token) {
  gss_buffer_desc input = view(token);
  gss::Buffer message;
  OM_uint32 minor = 0;
  int conf_state = 0;
  Opened opened;
  opened.major = gss_unwrap(&minor, context_.get(), &input, message.out(), &conf_state, nullptr);
  opened.message = text_of(message);
  opened.is_encrypted = conf_state != 0;
  return opened;
}

std::string RawContext::packet(std::string_view message, bool is_encrypted) {
  return framed_packet(wrap(message, is_encrypted));
}

std::string framed_packet(std::string_view token, std::optional<std::uint32_t> len) {
  const std::uint32_t announced = len.value_or(static_cast<std::uint32_t>(token.size()));
  std::string packet;
  for (int shift = 24; shift >= 0; shift -= 8) packet += static_cast<char>(announced >> shift);
  return packet.append(token);
}

std::string layer_message(unsigned layers, std::uint32_t max_len, std::string_view authzid) {
  std::string message(1, static_cast<char>(layers));
  for (int shift = 16; shift >= 0; shift -= 8) message += static_cast<char>(max_len >> shift);
  return message.append(authzid);
}

Turn reach_offer(SaslServer* server, RawContext* client, const RawContext::Request& request) {
  Turn turn = server->start(kGssapi, client->begin(request));
  if (client->is_complete() || turn.code != SASL_CONTINUE) return turn;
  client->step(turn.out.value_or(""));
  EXPECT_TRUE(client->is_complete());
  return server->step("");
}

void reach_choice(SaslClient* client, RawContext* server) {
  const Turn first = client->start(kGssapi);
  EXPECT_EQ(first.code, SASL_CONTINUE) << client->error();
  const Turn second = client->step(server->accept(first.out.value_or("")));
  EXPECT_TRUE(server->is_complete());
  EXPECT_EQ(second.code, SASL_CONTINUE) << client->error();
  // Section 3.1: "otherwise the client responds with no data".
  EXPECT_EQ(second.out, "");
}

}  // namespace gssloop::testing
