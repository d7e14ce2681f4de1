// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/layer/security_layer.h"

#include <algorithm>
#include <limits>

namespace gssloop::plugin {
namespace {

constexpr std::size_t kPrefixLen = 4;

// No application has more in one buffer. A read that fails returns -1, which is more as an unsigned
// number.
constexpr std::size_t kMaxStreamLen = std::numeric_limits<std::int32_t>::max();

gss::Protection protection_of(Layer layer) noexcept {
  return layer == Layer::kConfidentiality ? gss::Protection::kConfidentiality
                                          : gss::Protection::kIntegrity;
}

// The maximum that most peers accept, slapd among them. The maximum of libldap's clients is larger:
// without this limit they would send packets that hardly any server accepts.
constexpr std::uint32_t kCommonMaxLen = 65536;

// Whether a mechanism's answer for the largest message is possible: in some mechanisms the
// subtraction underflows.
bool is_sane(OM_uint32 max_message_len, std::uint32_t max_token_len) noexcept {
  return max_message_len > 0 && max_message_len < max_token_len;
}

std::string num_bytes(std::size_t len) {
  return std::to_string(len) + (len == 1 ? " byte" : " bytes");
}

}  // namespace

gss::Result<LayerStrength> measure(loop::EstablishedContext& context, std::uint32_t our_max_len,
                                   std::uint32_t peer_max_len) {
  LayerStrength strength;
  strength.by_flags = layers_of_flags(context.flags());
  const std::uint32_t max_len = std::min(our_max_len, peer_max_len);
  for (const Layer layer : {Layer::kIntegrity, Layer::kConfidentiality}) {
    if (max_len == 0 || !strength.by_flags.has(layer)) continue;
    const auto limit = context.wrap_size_limit(protection_of(layer), max_len);
    if (!limit) return limit.error();
    if (is_sane(*limit, max_len)) strength.usable = strength.usable | layer;
  }
  // Only Kerberos gets this inquiry: other mechanisms do not support it, or crash (R10).
  if (strength.by_flags.has(Layer::kConfidentiality)) {
    strength.confidentiality_ssf = kUnknownCipherSsf;
    if (!context.mech().is_kerberos()) return strength;
    const auto ssf = context.confidentiality_ssf();
    if (!ssf) return ssf.error();
    strength.confidentiality_ssf = ssf->value_or(kUnknownCipherSsf);
  }
  return strength;
}

Result<std::unique_ptr<SecurityLayer>, Error> SecurityLayer::make(loop::EstablishedContext* context,
                                                                  const Terms& terms) {
  const auto limit = context->wrap_size_limit(protection_of(terms.layer), terms.max_send_len);
  if (!limit) return Error{limit.error().text()};
  if (!is_sane(*limit, terms.max_send_len)) {
    return Error{"the peer accepts tokens of at most " + num_bytes(terms.max_send_len) +
                 ", which is too small for any protected data"};
  }
  Terms agreed = terms;
  // Other implementations use their maximum for the message. Their tokens are then longer by the
  // overhead of the protection.
  if (terms.is_max_of_message) agreed.max_receive_len += terms.max_send_len - *limit;
  return std::unique_ptr<SecurityLayer>(new SecurityLayer(context, agreed, *limit));
}

LoginError SecurityLayer::close(ErrorKind kind, std::string message) {
  is_closed_ = true;
  return {kind, std::move(message)};
}

Result<ByteView, LoginError> SecurityLayer::encode(std::span<const ByteView> parts) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return LoginError{ErrorKind::kPacket, ""};
  std::size_t room = max_message_len_;
  for (const ByteView part : parts) {
    if (part.size() > room) {
      return LoginError{ErrorKind::kMisuse,
                        "the application passed too much to sasl_encode at once; the limit "
                        "(SASL_MAXOUTBUF) is " +
                            num_bytes(max_message_len_)};
    }
    room -= part.size();
  }
  const auto token_len =
      context_->wrap_into(protection_of(terms_.layer), parts, kPrefixLen, &packet_);
  if (!token_len) return close(ErrorKind::kMechanism, token_len.error().text());
  // R8: a token above the peer's maximum is not sent, whatever gss_wrap_size_limit returned.
  if (*token_len > terms_.max_send_len) {
    return close(ErrorKind::kMechanism, "a protected message is " + num_bytes(*token_len) +
                                            " long, more than the peer accepts");
  }
  to_network_order(static_cast<std::uint32_t>(*token_len), std::span(packet_).first(kPrefixLen));
  return ByteView(packet_).first(kPrefixLen + *token_len);
}

// The stream is copied, once: applications pass it as const, and messages are unwrapped in place.
// Memory grows with the data that arrived, never with an announced length.
Result<ByteView, LoginError> SecurityLayer::decode(ByteView stream) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return LoginError{ErrorKind::kPacket, ""};
  if (stream.size() > kMaxStreamLen) {
    return close(ErrorKind::kMisuse,
                 "the application passed " + num_bytes(stream.size()) +
                     " to sasl_decode at once: that is the result of a read that failed");
  }
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(num_taken_));
  num_taken_ = 0;
  message_start_ = message_len_ = 0;
  for (;;) {
    const auto has_opened = open_next(&stream);
    if (!has_opened) return has_opened.error();
    if (!*has_opened) return ByteView(received_).subspan(message_start_, message_len_);
  }
}

// Takes from the stream what the next packet lacks of its first `len` octets; false: there is less.
bool SecurityLayer::take(std::size_t len, ByteView* stream) {
  const std::size_t missing = num_taken_ + len - std::min(num_taken_ + len, received_.size());
  const ByteView taken = stream->first(std::min(missing, stream->size()));
  received_.insert(received_.end(), taken.begin(), taken.end());
  *stream = stream->subspan(taken.size());
  return taken.size() == missing;
}

// Unwraps the next packet and appends its message to the earlier ones; false: the packet is not
// complete. Reads nothing past the packet, whose length is checked first: the application's length
// may be wrong.
Result<bool, LoginError> SecurityLayer::open_next(ByteView* stream) {
  if (!take(kPrefixLen, stream)) return false;
  const std::uint32_t token_len =
      from_network_order(ByteView(received_).subspan(num_taken_, kPrefixLen));
  if (token_len == 0) return close(ErrorKind::kPacket, "the peer sent an empty packet");
  if (token_len > terms_.max_receive_len) {
    return close(ErrorKind::kPacket, "a received packet announces " + num_bytes(token_len) +
                                         "; the limit is " + num_bytes(terms_.max_receive_len));
  }
  if (!take(kPrefixLen + token_len, stream)) return false;
  const auto message = context_->unwrap_in_place(
      protection_of(terms_.layer), std::span(received_).subspan(num_taken_ + kPrefixLen));
  if (!message) {
    return close(ErrorKind::kPacket,
                 "a received packet is damaged, replayed or out of order, or an earlier packet is "
                 "missing: " +
                     message.error().text());
  }
  num_taken_ += kPrefixLen + token_len;
  if (message_len_ == 0) {
    message_start_ = static_cast<std::size_t>(message->data() - received_.data());
  } else {
    // This never overwrites unread data: a message is shorter than its packet.
    std::ranges::copy(*message, received_.data() + message_start_ + message_len_);
  }
  message_len_ += message->size();
  return true;
}

Result<std::unique_ptr<SecurityLayer>, LoginError> layer_by_flags(loop::EstablishedContext* context,
                                                                  const SsfLimits& limits,
                                                                  bool is_http) {
  if (is_http && limits.need() == 0) return std::unique_ptr<SecurityLayer>();
  if (is_http) return LoginError{ErrorKind::kTooWeak, why_too_weak(limits, {}, Layer::kNone)};
  // No maximum is negotiated: each side knows only its own, and the common one.
  const std::uint32_t max_len = limits.max_token_len;
  const std::uint32_t max_send_len = std::min(max_len, kCommonMaxLen);
  const auto strength = measure(*context, max_len, max_len);
  if (!strength) return LoginError{ErrorKind::kMechanism, strength.error().text()};
  // The layer that the peer will use, whatever this side's limits are.
  const Flags flags = context->flags();
  Layer layer = Layer::kNone;
  if (flags.has(Flag::kInteg)) {
    layer = flags.has(Flag::kConf) ? Layer::kConfidentiality : Layer::kIntegrity;
  }
  if (!acceptable(limits, *strength).has(layer)) {
    return LoginError{ErrorKind::kTooWeak, why_too_weak(limits, *strength, layer)};
  }
  if (layer == Layer::kNone) return std::unique_ptr<SecurityLayer>();
  auto made =
      SecurityLayer::make(context, {layer, strength->ssf_of(layer), max_send_len, max_len, true});
  if (!made) return LoginError{ErrorKind::kTooWeak, made.error().message};
  return *std::move(made);
}

}  // namespace gssloop::plugin
