// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/layer_terms.h"

#include <algorithm>

namespace gssloop::plugin {
namespace {

constexpr Layer kByStrength[] = {Layer::kConfidentiality, Layer::kIntegrity, Layer::kNone};
constexpr std::size_t kFixedLen = 4;

std::string hex(std::uint8_t octet) {
  static constexpr char kDigits[] = "0123456789abcdef";
  return {'0', 'x', kDigits[octet >> 4], kDigits[octet & 15]};
}

LayerMessage parse(ByteView cleartext) {
  return {Layers::from_bits(cleartext[0]),
          std::uint32_t{cleartext[1]} << 16 | std::uint32_t{cleartext[2]} << 8 | cleartext[3],
          to_string(cleartext.subspan(kFixedLen))};
}

Mistake wrong_length(const char* what, std::size_t len, const char* expected) {
  return {std::string(what) + " has " + std::to_string(len) + " octets instead of " + expected};
}

std::string of_external(const LayerWindow& window) {
  if (window.external_ssf == 0) return "";
  return " (of which the layer outside provides " + std::to_string(window.external_ssf) + ")";
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
  Bytes octets;
  octets.reserve(kFixedLen + authzid.size());
  octets.push_back(layers.bits());
  for (const int shift : {16, 8, 0}) {
    octets.push_back(static_cast<std::uint8_t>(max_token_len >> shift));
  }
  const ByteView name = as_bytes(authzid);
  octets.insert(octets.end(), name.begin(), name.end());
  return octets;
}

// RFC 4752 section 3.1: "If the resulting cleartext is not 4 octets long, the client fails the
// negotiation." Its size is not 0 without a layer where JDKs offer (R3 EXCEPTION), and is not used.
Result<LayerMessage, Mistake> LayerMessage::parse_offer(ByteView cleartext) {
  if (cleartext.size() != kFixedLen) {
    return wrong_length("the server's offer of security layers", cleartext.size(), "4");
  }
  return parse(cleartext);
}

Result<LayerMessage, Mistake> LayerMessage::parse_choice(ByteView cleartext) {
  if (cleartext.size() < kFixedLen) {
    return wrong_length("the client's choice of a security layer", cleartext.size(), "4 or more");
  }
  return parse(cleartext);
}

LayerWindow LayerWindow::of(const sasl_security_properties_t& properties,
                            sasl_ssf_t external_ssf) noexcept {
  return {properties.min_ssf, properties.max_ssf, external_ssf,
          std::min<std::uint32_t>(properties.maxbufsize, LayerMessage::kMaxTokenLen)};
}

std::string LayerWindow::why_impossible() const {
  if (need() == 0) return "";
  if (max_token_len == 0) {
    return "min_ssf " + std::to_string(min_ssf) +
           " asks for a security layer, but maxbufsize 0 "
           "forbids one";
  }
  if (need() <= room()) return "";
  return "min_ssf " + std::to_string(min_ssf) + " is above max_ssf " + std::to_string(max_ssf);
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

Layers acceptable(const LayerWindow& window, const LayerStrength& strength) noexcept {
  Layers layers;
  for (const Layer layer : kByStrength) {
    const sasl_ssf_t ssf = strength.ssf_of(layer);
    const bool fits = ssf >= window.need() && ssf <= window.room();
    if (strength.layers.has(layer) && fits) layers = layers | layer;
  }
  return layers;
}

std::string why_too_weak(const LayerWindow& window, const LayerStrength& strength, Layers layers) {
  if (std::string why = window.why_impossible(); !why.empty()) return why;
  const std::string min = "min_ssf " + std::to_string(window.min_ssf) + of_external(window);
  const std::string max = "max_ssf " + std::to_string(window.max_ssf) + of_external(window);
  const std::string buffer = "maxbufsize " + std::to_string(window.max_token_len);
  const sasl_ssf_t ssf = strength.confidentiality_ssf;
  const Layers usable = strength.layers & layers;
  if (usable.has(Layer::kConfidentiality) && (ssf < window.need() || ssf > window.room())) {
    return "this session's encryption has the strength " + std::to_string(ssf) +
           (ssf < window.need() ? ", below " + min : ", above " + max + ": raise max_ssf");
  }
  if (layers.has_protection() && !usable.has_protection()) {
    return buffer + " cannot hold any protected data, and the peer or min_ssf insists on it";
  }
  if (window.need() == 0) {
    return "the peer insists on " + to_string(layers) + ", which " +
           (window.max_token_len == 0 ? buffer : max) + " forbids";
  }
  return "of the security layers only these can be had: " + to_string(usable) + "; but " + min +
         " needs " + (window.need() > 1 ? "confidentiality" : "protection");
}

Result<Layer, Mistake> judge_choice(const LayerMessage& choice, Layers offered, bool ad_compat) {
  constexpr Layers kBoth = Layers(Layer::kIntegrity) | Layer::kConfidentiality;
  std::optional<Layer> layer = choice.layers.only();
  if (!layer && ad_compat && choice.layers == kBoth) layer = Layer::kConfidentiality;
  if (!layer) {
    return Mistake{
        "the client's choice " + hex(choice.layers.bits()) + " is not exactly one security layer" +
        (choice.layers == kBoth ? " (ad_compat = yes takes it as confidentiality)" : "")};
  }
  if (offered.has(*layer)) return *layer;
  return Mistake{"the client chose the security layer " + std::string(to_string(*layer)) +
                 ", but was offered " + to_string(offered)};
}

}  // namespace gssloop::plugin
