// SPDX-License-Identifier: BSD-2-Clause

// The per-message calls. A token is, octet by octet:
//
//   'W' or 'M' | 'i' or 'a' (the side that made it) | conf, 0 or 1 | sequence number, 4 | checksum,
//   4 | and after 'W': the message, xor 0x5a under confidentiality | padding | its length, 4
//
// The checksum covers all but itself, so any change is seen; it protects from no attacker.

#include <cstring>
#include <optional>
#include <utility>

#include "tests/mech/objects.h"

using namespace gssloop::testing;  // NOLINT: the exported functions have no namespace

namespace {

constexpr std::size_t kHeaderLen = 11;

std::string number(std::uint32_t value) {
  std::string octets;
  for (int shift = 24; shift >= 0; shift -= 8) octets += static_cast<char>(value >> shift & 0xff);
  return octets;
}

std::uint32_t parse_number(std::string_view octets) {
  std::uint32_t value = 0;
  for (const char octet : octets) value = value << 8 | static_cast<unsigned char>(octet);
  return value;
}

// FNV-1a.
std::uint32_t checksum(std::string_view octets) {
  std::uint32_t sum = 2166136261u;
  for (const char octet : octets) sum = (sum ^ static_cast<unsigned char>(octet)) * 16777619u;
  return sum;
}

void toggle_cipher(std::string& text) {
  for (char& octet : text) octet = static_cast<char>(octet ^ 0x5a);
}

char role_octet(bool is_initiator) { return is_initiator ? 'i' : 'a'; }

std::string make_header(char kind, bool is_initiator, bool conf, std::uint32_t seq,
                        std::string_view covered) {
  std::string header{kind, role_octet(is_initiator), static_cast<char>(conf ? 1 : 0)};
  header += number(seq);
  return header + number(checksum(header + std::string(covered)));
}

// Checks the header of a token from the peer against what it covers. Returns a routine error or
// COMPLETE and the sequence number.
OM_uint32 check_header(const MechContext& context, char kind, std::string_view token,
                       std::string_view covered, std::uint32_t& seq) {
  if (token.size() < kHeaderLen || token[0] != kind) return GSS_S_DEFECTIVE_TOKEN;
  seq = parse_number(token.substr(3, 4));
  const std::string expected =
      make_header(kind, !context.is_initiator, token[2] == 1, seq, covered);
  return token.substr(0, kHeaderLen) == expected ? GSS_S_COMPLETE : GSS_S_BAD_SIG;
}

// The supplementary status of a sequence number, which counts as seen from now on.
OM_uint32 check_sequence(MechContext& context, std::uint32_t seq) {
  if (!context.seen.insert(seq).second) return GSS_S_DUPLICATE_TOKEN;
  if (seq < context.receive_seq) return GSS_S_UNSEQ_TOKEN;
  const bool is_gap = seq > context.receive_seq;
  context.receive_seq = seq + 1;
  return is_gap ? GSS_S_GAP_TOKEN : GSS_S_COMPLETE;
}

OM_uint32 finish(Call& call, MessageCall& message, OM_uint32 major) {
  message.function = call.function();
  message.major = major;
  call.record().messages.push_back(message);
  return call.answer(major, call.script().per_message.minor);
}

// What gss_unwrap and gss_unwrap_iov do.
OM_uint32 open(Call& call, MechContext* found, MessageCall& message, std::string* body,
               int* conf_state) {
  const PerMessageScript& scripted = call.script().per_message;
  if (found == nullptr) return GSS_S_NO_CONTEXT;
  const std::string_view token = message.input;
  if (token.size() < kHeaderLen + 4) return GSS_S_DEFECTIVE_TOKEN;
  std::uint32_t seq = 0;
  const OM_uint32 bad = check_header(*found, 'W', token, token.substr(kHeaderLen), seq);
  if (bad != GSS_S_COMPLETE) return bad;
  const OM_uint32 major = scripted.unwrap.value_or(check_sequence(*found, seq));
  const int conf = scripted.unwrap_conf_state.value_or(token[2]);
  message.conf_state = conf != 0;
  if (conf_state != nullptr) *conf_state = conf;
  const std::uint32_t padding = parse_number(token.substr(token.size() - 4));
  *body = token.substr(kHeaderLen, token.size() - kHeaderLen - 4 - padding);
  if (token[2] == 1) toggle_cipher(*body);
  return major;
}

// What gss_wrap and gss_wrap_iov do; nullopt on failure.
std::optional<std::string> protect(Call& call, MechContext& context, MessageCall& message,
                                   OM_uint32 major, int* conf_state) {
  const PerMessageScript& scripted = call.script().per_message;
  const bool conf = message.conf_req && (context.flags & GSS_C_CONF_FLAG) != 0;
  const int reported = scripted.wrap_conf_state.value_or(conf ? 1 : 0);
  message.conf_state = reported != 0;
  if (conf_state != nullptr) *conf_state = reported;
  if (is_error(major)) return std::nullopt;
  std::string body = message.input;
  if (conf) toggle_cipher(body);
  body.append(scripted.padding, 'p');
  body += number(scripted.padding);
  return make_header('W', context.is_initiator, conf, context.send_seq++, body) + body;
}

gss_buffer_t part(gss_iov_buffer_desc* iov, int num_parts, OM_uint32 type) {
  for (int i = 0; i < num_parts; ++i) {
    if (GSS_IOV_BUFFER_TYPE(iov[i].type) == type) return &iov[i].buffer;
  }
  return nullptr;
}

// Copies the next octets of `token` into a part.
void hand_out(std::string_view* token, gss_buffer_t part) {
  if (part->length > 0) std::memcpy(part->value, token->data(), part->length);
  token->remove_prefix(part->length);
}

}  // namespace

MECH_EXPORT OM_uint32 gss_wrap(OM_uint32* minor, gss_ctx_id_t context, int conf_req, gss_qop_t qop,
                               gss_buffer_t input, int* conf_state, gss_buffer_t output) {
  Call call("gss_wrap", minor);
  MessageCall message{{}, call.serial(context), to_string(input), conf_req != 0, false, qop, 0};
  MechContext* const found = call.context(context);
  if (found == nullptr) return finish(call, message, GSS_S_NO_CONTEXT);
  const OM_uint32 major = call.script().per_message.wrap.value_or(GSS_S_COMPLETE);
  const auto token = protect(call, *found, message, major, conf_state);
  if (token) fill(output, *token);
  return finish(call, message, major);
}

// The padding is the part of that name, and its length the trailer.
MECH_EXPORT OM_uint32 gss_wrap_iov_length(OM_uint32* minor, gss_ctx_id_t context, int conf_req,
                                          gss_qop_t /*qop*/, int* /*conf_state*/,
                                          gss_iov_buffer_desc* iov, int num_parts) {
  Call call("gss_wrap_iov_length", minor);
  const PerMessageScript& scripted = call.script().per_message;
  call.fact("conf", conf_req != 0 ? 1u : 0u);
  if (!scripted.has_iov) return call.answer(GSS_S_UNAVAILABLE);
  if (call.context(context) == nullptr) return call.answer(GSS_S_NO_CONTEXT);
  part(iov, num_parts, GSS_IOV_BUFFER_TYPE_HEADER)->length = kHeaderLen;
  part(iov, num_parts, GSS_IOV_BUFFER_TYPE_PADDING)->length = scripted.padding;
  part(iov, num_parts, GSS_IOV_BUFFER_TYPE_TRAILER)->length = 4;
  return call.answer(scripted.wrap_iov_length.value_or(GSS_S_COMPLETE), scripted.minor);
}

MECH_EXPORT OM_uint32 gss_wrap_iov(OM_uint32* minor, gss_ctx_id_t context, int conf_req,
                                   gss_qop_t qop, int* conf_state, gss_iov_buffer_desc* iov,
                                   int num_parts) {
  Call call("gss_wrap_iov", minor);
  const PerMessageScript& scripted = call.script().per_message;
  if (!scripted.has_iov) return call.answer(GSS_S_UNAVAILABLE);
  const gss_buffer_t data = part(iov, num_parts, GSS_IOV_BUFFER_TYPE_DATA);
  MessageCall message{{}, call.serial(context), to_string(data), conf_req != 0, false, qop, 0};
  MechContext* const found = call.context(context);
  if (found == nullptr) return finish(call, message, GSS_S_NO_CONTEXT);
  const OM_uint32 major = scripted.wrap_iov.value_or(GSS_S_COMPLETE);
  const auto token = protect(call, *found, message, major, conf_state);
  if (!token) return finish(call, message, major);
  std::string_view rest = *token;
  const gss_buffer_t padding = part(iov, num_parts, GSS_IOV_BUFFER_TYPE_PADDING);
  hand_out(&rest, part(iov, num_parts, GSS_IOV_BUFFER_TYPE_HEADER));
  hand_out(&rest, data);
  hand_out(&rest, padding);
  hand_out(&rest, part(iov, num_parts, GSS_IOV_BUFFER_TYPE_TRAILER));
  if (scripted.shortens_iov) --padding->length;
  return finish(call, message, major);
}

MECH_EXPORT OM_uint32 gss_unwrap(OM_uint32* minor, gss_ctx_id_t context, gss_buffer_t input,
                                 gss_buffer_t output, int* conf_state, gss_qop_t* qop_state) {
  Call call("gss_unwrap", minor);
  MessageCall message{{}, call.serial(context), to_string(input), false, false, 0, 0};
  std::string body;
  const OM_uint32 major = open(call, call.context(context), message, &body, conf_state);
  if (qop_state != nullptr) *qop_state = GSS_C_QOP_DEFAULT;
  if (!is_error(major)) fill(output, body);
  return finish(call, message, major);
}

MECH_EXPORT OM_uint32 gss_unwrap_iov(OM_uint32* minor, gss_ctx_id_t context, int* conf_state,
                                     gss_qop_t* qop_state, gss_iov_buffer_desc* iov,
                                     int num_parts) {
  Call call("gss_unwrap_iov", minor);
  if (!call.script().per_message.has_iov) return call.answer(GSS_S_UNAVAILABLE);
  const gss_buffer_t stream = part(iov, num_parts, GSS_IOV_BUFFER_TYPE_STREAM);
  MessageCall message{{}, call.serial(context), to_string(stream), false, false, 0, 0};
  std::string body;
  const OM_uint32 major = open(call, call.context(context), message, &body, conf_state);
  if (qop_state != nullptr) *qop_state = GSS_C_QOP_DEFAULT;
  if (!is_error(major)) {
    const gss_buffer_t data = part(iov, num_parts, GSS_IOV_BUFFER_TYPE_DATA);
    *data = gss_buffer_desc{body.size(), static_cast<char*>(stream->value) + kHeaderLen};
    std::memcpy(data->value, body.data(), body.size());
  }
  return finish(call, message, major);
}

MECH_EXPORT OM_uint32 gss_wrap_size_limit(OM_uint32* minor, gss_ctx_id_t context, int conf_req,
                                          gss_qop_t /*qop*/, OM_uint32 output_size,
                                          OM_uint32* max_input_size) {
  Call call("gss_wrap_size_limit", minor);
  const PerMessageScript& scripted = call.script().per_message;
  if (call.context(context) == nullptr) return call.answer(GSS_S_NO_CONTEXT);
  call.fact("conf", conf_req != 0 ? 1u : 0u);
  call.fact("output_size", output_size);
  const std::size_t overhead = kHeaderLen + 4 + scripted.padding;
  const auto fits = static_cast<OM_uint32>(output_size > overhead ? output_size - overhead : 0);
  *max_input_size = scripted.max_input_size.value_or(fits);
  return call.answer(scripted.wrap_size_limit.value_or(GSS_S_COMPLETE), scripted.minor);
}

MECH_EXPORT OM_uint32 gss_get_mic(OM_uint32* minor, gss_ctx_id_t context, gss_qop_t qop,
                                  gss_buffer_t input, gss_buffer_t token) {
  Call call("gss_get_mic", minor);
  MessageCall message{{}, call.serial(context), to_string(input), false, false, qop, 0};
  MechContext* const found = call.context(context);
  if (found == nullptr) return finish(call, message, GSS_S_NO_CONTEXT);
  const OM_uint32 major = call.script().per_message.get_mic.value_or(GSS_S_COMPLETE);
  if (!is_error(major)) {
    fill(token, make_header('M', found->is_initiator, false, found->send_seq++, message.input));
  }
  return finish(call, message, major);
}

MECH_EXPORT OM_uint32 gss_verify_mic(OM_uint32* minor, gss_ctx_id_t context, gss_buffer_t input,
                                     gss_buffer_t token, gss_qop_t* qop_state) {
  Call call("gss_verify_mic", minor);
  MessageCall message{{}, call.serial(context), to_string(input), false, false, 0, 0};
  MechContext* const found = call.context(context);
  if (found == nullptr) return finish(call, message, GSS_S_NO_CONTEXT);
  if (qop_state != nullptr) *qop_state = GSS_C_QOP_DEFAULT;
  std::uint32_t seq = 0;
  const std::string mic = to_string(token);
  if (mic.size() != kHeaderLen) return finish(call, message, GSS_S_DEFECTIVE_TOKEN);
  const OM_uint32 bad = check_header(*found, 'M', mic, message.input, seq);
  if (bad != GSS_S_COMPLETE) return finish(call, message, bad);
  const OM_uint32 major =
      call.script().per_message.verify_mic.value_or(check_sequence(*found, seq));
  return finish(call, message, major);
}
