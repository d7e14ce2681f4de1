// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/layer/layer_terms.h"

#include <algorithm>
#include <array>

namespace gssloop::plugin {
namespace {

constexpr Layer kByStrength[] = {Layer::kConfidentiality, Layer::kIntegrity, Layer::kNone};
constexpr std::size_t kFixedLen = 4;

LayerMessage parse(ByteView cleartext) {
  return {Layers::from_bits(cleartext[0]), from_network_order(cleartext.subspan(1, kFixedLen - 1)),
          to_string(cleartext.subspan(kFixedLen))};
}

Error wrong_length(const char* what, std::size_t len, const char* expected) {
  return {std::string(what) + " is " + std::to_string(len) + " bytes long instead of " + expected};
}

std::string number(const char* property, std::uint32_t value) {
  return std::string(property) + " " + std::to_string(value);
}

// A limit's name and value, and the strength that an external layer such as TLS provides.
std::string limit(const char* property, sasl_ssf_t value, sasl_ssf_t external_ssf) {
  std::string text = number(property, value);
  if (external_ssf > 0) {
    text += " (TLS or another external layer provides " + std::to_string(external_ssf) + " of it)";
  }
  return text;
}

// The strongest of `layers` that the limits need or allow.
Layer wished(const SsfLimits& limits, Layers layers) {
  const bool is_integrity_enough = limits.need() <= 1 && limits.room() >= 1;
  if (layers.has(Layer::kConfidentiality) &&
      !(is_integrity_enough && layers.has(Layer::kIntegrity))) {
    return Layer::kConfidentiality;
  }
  return layers.has_protection() ? Layer::kIntegrity : Layer::kNone;
}

}  // namespace

const char* to_string(Layer layer) noexcept {
  switch (layer) {
    case Layer::kNone:
      return "none";
    case Layer::kIntegrity:
      return "integrity";
    case Layer::kConfidentiality:
      return "confidentiality";
  }
  return "unknown";
}

std::optional<Layer> Layers::only() const noexcept {
  for (const Layer layer : kByStrength) {
    if (*this == Layers(layer)) return layer;
  }
  return std::nullopt;
}

std::optional<Layer> Layers::strongest() const noexcept {
  for (const Layer layer : kByStrength) {
    if (has(layer)) return layer;
  }
  return std::nullopt;
}

std::string to_string(Layers layers) {
  std::string text;
  for (const Layer layer : {Layer::kNone, Layer::kIntegrity, Layer::kConfidentiality}) {
    if (layers.has(layer)) text += (text.empty() ? "" : ", ") + std::string(to_string(layer));
  }
  return text.empty() ? "nothing" : text;
}

Bytes LayerMessage::serialize() const {
  Bytes octets(kFixedLen + authzid.size());
  octets[0] = layers.bits();
  to_network_order(max_token_len, std::span(octets).subspan(1, kFixedLen - 1));
  std::ranges::copy(as_bytes(authzid), octets.begin() + kFixedLen);
  return octets;
}

// RFC 4752 section 3.1: "If the resulting cleartext is not 4 octets long, the client fails the
// negotiation." JDKs that offer no layer send a size other than 0 (R3 EXCEPTION). It is not used.
Result<LayerMessage, Error> LayerMessage::parse_offer(ByteView cleartext) {
  if (cleartext.size() != kFixedLen) {
    return wrong_length("the server's offer of security layers", cleartext.size(), "4");
  }
  return parse(cleartext);
}

Result<LayerMessage, Error> LayerMessage::parse_choice(ByteView cleartext) {
  if (cleartext.size() < kFixedLen) {
    return wrong_length("the client's choice of a security layer", cleartext.size(), "4 or more");
  }
  return parse(cleartext);
}

SsfLimits SsfLimits::of(const sasl_security_properties_t& properties,
                        sasl_ssf_t external_ssf) noexcept {
  return {properties.min_ssf, properties.max_ssf, external_ssf,
          std::min<std::uint32_t>(properties.maxbufsize, LayerMessage::kMaxTokenLen)};
}

sasl_ssf_t SsfLimits::room() const noexcept {
  if (max_token_len == 0) return 0;
  if (is_max_apart) return max_ssf;
  return max_ssf > external_ssf ? max_ssf - external_ssf : 0;
}

std::string SsfLimits::why_impossible() const {
  if (need() == 0) return "";
  if (max_token_len == 0) {
    return number("min_ssf", min_ssf) + " requires a security layer, but maxbufsize 0 forbids one";
  }
  if (need() <= room()) return "";
  return number("min_ssf", min_ssf) + " is above " + number("max_ssf", max_ssf);
}

sasl_ssf_t LayerStrength::ssf_of(Layer layer) const noexcept {
  switch (layer) {
    case Layer::kConfidentiality:
      return confidentiality_ssf;
    case Layer::kIntegrity:
      return 1;
    case Layer::kNone:
      break;
  }
  return 0;
}

Layers layers_of_flags(Flags flags) noexcept {
  Layers layers = Layer::kNone;
  if (!flags.has(Flag::kInteg) || !flags.has(Flag::kSequence)) return layers;
  layers = layers | Layer::kIntegrity;
  if (flags.has(Flag::kConf)) layers = layers | Layer::kConfidentiality;
  return layers;
}

Layers acceptable(const SsfLimits& limits, const LayerStrength& strength) noexcept {
  Layers layers;
  for (const Layer layer : kByStrength) {
    const sasl_ssf_t ssf = strength.ssf_of(layer);
    const bool fits = ssf >= limits.need() && ssf <= limits.room();
    if (strength.usable.has(layer) && fits) layers = layers | layer;
  }
  return layers;
}

std::string why_too_weak(const SsfLimits& limits, const LayerStrength& strength, Layers layers) {
  if (std::string why = limits.why_impossible(); !why.empty()) return why;
  const std::string min = limit("min_ssf", limits.min_ssf, limits.external_ssf);
  const std::string max =
      limit("max_ssf", limits.max_ssf, limits.is_max_apart ? 0 : limits.external_ssf);
  const Layer layer = wished(limits, layers);
  const std::string name = to_string(layer);
  if (layer == Layer::kNone || (layer == Layer::kIntegrity && limits.need() > 1)) {
    return min + " requires more than the available protection (" + to_string(layers) + ")";
  }
  if (limits.room() == 0) {
    const bool is_outer = limits.max_token_len > 0 && limits.max_ssf > 0;
    return "the peer requires " + name + ", but " +
           (limits.max_token_len == 0 ? "maxbufsize 0" : number("max_ssf", limits.max_ssf)) +
           " forbids it" +
           (is_outer
                ? ": TLS or another external layer provides " + std::to_string(limits.external_ssf)
                : "");
  }
  if (!strength.by_flags.has(layer)) {
    return "the context has no " + name +
           " or no sequence detection (which detects replayed packets): the client or the server "
           "did not request it";
  }
  if (!strength.usable.has(layer)) {
    return number("maxbufsize", limits.max_token_len) + ", or the peer's limit, is too small for " +
           name;
  }
  const sasl_ssf_t ssf = strength.ssf_of(layer);
  return "the strength of " + name + " is " + std::to_string(ssf) + " in this session, " +
         (ssf < limits.need() ? "below " + min : "above " + max);
}

Result<Layer, Error> check_choice(const LayerMessage& choice, Layers offered, bool ad_compat) {
  constexpr Layers kBoth = Layers(Layer::kIntegrity) | Layer::kConfidentiality;
  std::optional<Layer> layer = choice.layers.only();
  if (!layer && ad_compat && choice.layers == kBoth) layer = Layer::kConfidentiality;
  if (!layer) {
    return Error{"the client's choice 0x" + hex(std::array{choice.layers.bits()}) +
                 " is not exactly one security layer" +
                 (choice.layers == kBoth
                      ? " (with ad_compat = yes the server accepts it as confidentiality)"
                      : "")};
  }
  if (offered.has(*layer)) return *layer;
  return Error{"the client chose the security layer " + std::string(to_string(*layer)) +
               ", but the server offered " + to_string(offered)};
}

}  // namespace gssloop::plugin
