// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/security_layer.h"

#include <algorithm>

namespace gssloop::plugin {
namespace {

constexpr std::size_t kPrefixLen = 4;

gss::Protection protection_of(Layer layer) noexcept {
  return layer == Layer::kConfidentiality ? gss::Protection::kConfidentiality
                                          : gss::Protection::kIntegrity;
}

std::uint32_t read_length(ByteView prefix) noexcept {
  return std::uint32_t{prefix[0]} << 24 | std::uint32_t{prefix[1]} << 16 |
         std::uint32_t{prefix[2]} << 8 | prefix[3];
}

void write_length(std::uint32_t len, Bytes* packet) noexcept {
  for (std::size_t i = 0; i < kPrefixLen; ++i) {
    (*packet)[i] = static_cast<std::uint8_t>(len >> (8 * (kPrefixLen - 1 - i)));
  }
}

std::string octets(std::size_t len) {
  return std::to_string(len) + (len == 1 ? " octet" : " octets");
}

}  // namespace

gss::Result<LayerStrength> measure(loop::EstablishedContext& context, std::uint32_t max_token_len) {
  LayerStrength strength;
  const Layers by_flags = layers_of_flags(context.flags());
  for (const Layer layer : {Layer::kIntegrity, Layer::kConfidentiality}) {
    if (max_token_len == 0 || !by_flags.has(layer)) continue;
    const auto limit = context.wrap_size_limit(protection_of(layer), max_token_len);
    if (!limit) return limit.error();
    if (*limit > 0) strength.layers = strength.layers | layer;
  }
  if (by_flags.has(Layer::kConfidentiality)) {
    const auto ssf = context.confidentiality_ssf();
    if (!ssf) return ssf.error();
    strength.confidentiality_ssf = ssf->value_or(kUnknownCipherSsf);
  }
  return strength;
}

Result<SecurityLayer, Mistake> SecurityLayer::make(loop::EstablishedContext* context,
                                                   const Terms& terms) {
  const auto limit = context->wrap_size_limit(protection_of(terms.layer), terms.max_send_len);
  if (!limit) return Mistake{limit.error().text()};
  // MIT's own answer, held against what it was asked: some mechanisms wrap around below zero.
  if (*limit == 0 || *limit > terms.max_send_len) {
    return Mistake{"the peer takes tokens of at most " + octets(terms.max_send_len) +
                   ", which cannot hold any protected data"};
  }
  return SecurityLayer(context, terms, *limit);
}

Refusal SecurityLayer::close(Class what, std::string sentence) {
  closed_ = sentence;
  return {what, std::move(sentence)};
}

Result<ByteView, Refusal> SecurityLayer::encode(std::span<const ByteView> parts) {
  if (closed_) return Refusal{Class::kPacket, "the security layer is closed: " + *closed_};
  std::size_t message_len = 0;
  for (const ByteView part : parts) message_len += part.size();
  if (message_len > max_message_len_) {
    return Refusal{Class::kMisuse, "a message of " + octets(message_len) +
                                       " was to be protected, more than SASL_MAXOUTBUF, " +
                                       octets(max_message_len_)};
  }
  const auto token_len =
      context_->wrap_into(protection_of(terms_.layer), parts, kPrefixLen, &packet_);
  if (!token_len) {
    return close(Class::kMechanism, "protecting a message failed: " + token_len.error().text());
  }
  // R8: whatever gss_wrap_size_limit said, what the peer cannot take is not sent.
  if (*token_len > terms_.max_send_len) {
    return close(Class::kMechanism,
                 "a protected message has " + octets(*token_len) + ", more than the peer takes");
  }
  write_length(static_cast<std::uint32_t>(*token_len), &packet_);
  return ByteView(packet_).first(kPrefixLen + *token_len);
}

Result<ByteView, Refusal> SecurityLayer::decode(ByteView stream) {
  if (closed_) return Refusal{Class::kPacket, "the security layer is closed: " + *closed_};
  num_opened_ = 0;
  for (;;) {
    ByteView token;
    if (auto refusal = next_token(&stream, &token)) return *std::move(refusal);
    if (token.data() == nullptr) break;
    auto refusal = open(token);
    pending_.clear();
    if (refusal) return *std::move(refusal);
  }
  if (num_opened_ == 0) return ByteView();
  return num_opened_ == 1 ? message_.view() : ByteView(joined_);
}

// Finds the next complete token: in the stream, where nothing of a packet is kept from before and
// so nothing has to be copied, or in pending_. A null view: there is none yet.
std::optional<Refusal> SecurityLayer::next_token(ByteView* stream, ByteView* token) {
  if (pending_.empty() && stream->size() >= kPrefixLen) {
    if (auto refusal = check_length(*stream)) return refusal;
    const std::size_t packet_len = kPrefixLen + read_length(*stream);
    if (stream->size() >= packet_len) {
      *token = stream->subspan(kPrefixLen, packet_len - kPrefixLen);
      *stream = stream->subspan(packet_len);
      return std::nullopt;
    }
  }
  if (auto refusal = fill_pending(stream)) return refusal;
  if (pending_.size() < kPrefixLen) return std::nullopt;
  if (pending_.size() == kPrefixLen + read_length(pending_)) {
    *token = ByteView(pending_).subspan(kPrefixLen);
  }
  return std::nullopt;
}

// Keeps of the stream what belongs to one packet. Memory grows with what arrives, never with what
// a length promises.
std::optional<Refusal> SecurityLayer::fill_pending(ByteView* stream) {
  const auto take = [&](std::size_t wanted) {
    const ByteView part = stream->first(std::min(wanted, stream->size()));
    pending_.insert(pending_.end(), part.begin(), part.end());
    *stream = stream->subspan(part.size());
  };
  if (pending_.size() < kPrefixLen) {
    take(kPrefixLen - pending_.size());
    if (pending_.size() < kPrefixLen) return std::nullopt;
    if (auto refusal = check_length(pending_)) return refusal;
  }
  take(kPrefixLen + read_length(pending_) - pending_.size());
  return std::nullopt;
}

std::optional<Refusal> SecurityLayer::check_length(ByteView prefix) {
  const std::uint32_t len = read_length(prefix);
  if (len == 0) return close(Class::kPacket, "a packet without content was received");
  if (len <= terms_.max_receive_len) return std::nullopt;
  return close(Class::kPacket, "a packet announces " + octets(len) + ", more than the " +
                                   octets(terms_.max_receive_len) + " that were agreed on");
}

std::optional<Refusal> SecurityLayer::open(ByteView token) {
  auto message = context_->unwrap(protection_of(terms_.layer), token);
  if (!message) {
    return close(Class::kPacket,
                 "a received packet is not the peer's next one (damaged, replayed, left out or out "
                 "of order): " +
                     message.error().text());
  }
  ++num_opened_;
  if (num_opened_ == 1) {
    message_ = *std::move(message);
    return std::nullopt;
  }
  if (num_opened_ == 2) joined_ = to_bytes(message_.view());
  const ByteView next = message->view();
  joined_.insert(joined_.end(), next.begin(), next.end());
  return std::nullopt;
}

Result<std::optional<SecurityLayer>, Refusal> layer_by_flags(loop::EstablishedContext* context,
                                                             const LayerWindow& window,
                                                             bool is_http) {
  const auto strength = measure(*context, window.max_token_len);
  if (!strength) return Refusal{Class::kMechanism, strength.error().text()};
  // What the peer will do, whatever this side would like.
  const Flags flags = context->flags();
  Layer layer = Layer::kNone;
  if (!is_http && flags.has(Flag::kInteg)) {
    layer = flags.has(Flag::kConf) ? Layer::kConfidentiality : Layer::kIntegrity;
  }
  if (layer != Layer::kNone && !flags.has(Flag::kSequence)) {
    return Refusal{Class::kTooWeak,
                   "the peer did not ask for sequence, without which replayed packets would pass"};
  }
  if (!acceptable(window, *strength).has(layer)) {
    return Refusal{Class::kTooWeak, why_too_weak(window, *strength, layer)};
  }
  if (layer == Layer::kNone) return std::optional<SecurityLayer>();
  // No maximum is negotiated: each side can only go by its own. Others take it for the largest
  // message, so their tokens are longer by what the protection takes.
  const std::uint32_t max_len = window.max_token_len;
  const auto limit = context->wrap_size_limit(protection_of(layer), max_len);
  if (!limit) return Refusal{Class::kMechanism, limit.error().text()};
  const std::uint32_t overhead = max_len - std::min(*limit, max_len);
  auto made =
      SecurityLayer::make(context, {layer, strength->ssf_of(layer), max_len, max_len + overhead});
  if (!made) return Refusal{Class::kTooWeak, made.error().clause};
  return std::optional<SecurityLayer>(*std::move(made));
}

}  // namespace gssloop::plugin
