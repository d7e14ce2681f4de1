// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_LAYER_LAYER_TERMS_H_
#define GSSLOOP_PLUGIN_LAYER_LAYER_TERMS_H_

#include <sasl/sasl.h>

#include <cstdint>
#include <optional>
#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/base/flags.h"
#include "gssloop/base/result.h"

namespace gssloop::plugin {

// The negotiation of a security layer: the layers that each side may use, and the messages (RFC
// 4752 sections 3.1 to 3.3). Nothing here calls GSS-API or libsasl.

using gssloop::to_string;  // the functions below would hide it

// The security layers, by their bits (RFC 4752 section 3.3).
enum class Layer : std::uint8_t {
  kNone = 1,
  kIntegrity = 2,
  kConfidentiality = 4,
};
const char* to_string(Layer layer) noexcept;

// Layers is a set of them, as the bit-mask of the messages. Bits that RFC 4752 does not define are
// kept unchanged, and belong to no layer.
class Layers {
 public:
  constexpr Layers() = default;
  constexpr Layers(Layer layer) : bits_(static_cast<std::uint8_t>(layer)) {}
  static constexpr Layers from_bits(std::uint8_t bits) { return Layers(bits); }

  constexpr std::uint8_t bits() const { return bits_; }
  constexpr bool has(Layer layer) const { return (bits_ & static_cast<std::uint8_t>(layer)) != 0; }
  constexpr bool has_protection() const {
    return has(Layer::kIntegrity) || has(Layer::kConfidentiality);
  }
  // only returns the layer if the mask has exactly one bit, that of a layer; otherwise nullopt.
  std::optional<Layer> only() const noexcept;
  // strongest returns confidentiality before integrity, and integrity before none.
  std::optional<Layer> strongest() const noexcept;

  friend constexpr Layers operator|(Layers a, Layers b) {
    return Layers(static_cast<std::uint8_t>(a.bits_ | b.bits_));
  }
  friend constexpr Layers operator&(Layers a, Layers b) {
    return Layers(static_cast<std::uint8_t>(a.bits_ & b.bits_));
  }
  friend constexpr bool operator==(Layers, Layers) = default;

 private:
  constexpr explicit Layers(std::uint8_t bits) : bits_(bits) {}
  std::uint8_t bits_ = 0;
};

// to_string lists the layers: "none, integrity"; "nothing" for the empty set.
std::string to_string(Layers layers);

// LayerMessage is the cleartext of both messages: the server's offer and the client's choice.
//
//   1 octet of layers, 3 octets of the largest token that its sender accepts (network order),
//   authzid
//
// A message that parses serializes to the same octets.
struct LayerMessage {
  static constexpr std::uint32_t kMaxTokenLen = 0xFFFFFF;

  Layers layers;
  std::uint32_t max_token_len = 0;  // octets, at most kMaxTokenLen
  std::string authzid = {};         // of a choice; empty: none

  Bytes serialize() const;
  // parse_offer accepts exactly 4 octets, parse_choice at least 4. Both fail with a message.
  static Result<LayerMessage, Error> parse_offer(ByteView cleartext);
  static Result<LayerMessage, Error> parse_choice(ByteView cleartext);
};

// SsfLimits is the strength that an application's security properties require of a mechanism,
// beside an external layer such as TLS. SSF is the security strength factor: 0 none, 1 integrity,
// above that the bits of the cipher's strength.
struct SsfLimits {
  sasl_ssf_t min_ssf = 0, max_ssf = 0, external_ssf = 0;
  std::uint32_t max_token_len = 0;  // octets that this side accepts in a token; 0: no layer at all
  // max_ssf applies to the mechanism alone, not to the mechanism and the external layer together.
  bool is_max_apart = false;

  static SsfLimits of(const sasl_security_properties_t& properties,
                      sasl_ssf_t external_ssf) noexcept;
  // need is the strength that the mechanism must add; room is the strength that it may add.
  sasl_ssf_t need() const noexcept { return min_ssf > external_ssf ? min_ssf - external_ssf : 0; }
  sasl_ssf_t room() const noexcept;
  // why_impossible names the property that no mechanism could satisfy; empty if there is none.
  std::string why_impossible() const;
};

// LayerStrength is the protection that a context provides: the layers that its flags allow, the
// ones among them whose tokens can contain data within both sides' maximum, and the strength of
// confidentiality.
struct LayerStrength {
  Layers by_flags = Layer::kNone;
  Layers usable = Layer::kNone;  // of by_flags
  sasl_ssf_t confidentiality_ssf = 0;

  sasl_ssf_t ssf_of(Layer layer) const noexcept;
};

// The strength of confidentiality if the mechanism does not return it: that of DES, the weakest
// cipher that mechanisms have used.
inline constexpr sasl_ssf_t kUnknownCipherSsf = 56;
// The strength of Kerberos' strongest cipher, AES-256.
inline constexpr sasl_ssf_t kStrongestCipherSsf = 256;

// layers_of_flags returns the layers that a context's flags allow (RFC 4752 section 3.1):
// protection needs integ_avail. It also needs sequence, because otherwise replayed packets would be
// accepted (3.3).
Layers layers_of_flags(Flags flags) noexcept;

// acceptable returns the layers of a context that are within the limits.
Layers acceptable(const SsfLimits& limits, const LayerStrength& strength) noexcept;

// why_too_weak says, for a person, why none of `layers` (the ones that the peer offers or requires)
// is acceptable: the flag that the context does not have, or the property to change.
std::string why_too_weak(const SsfLimits& limits, const LayerStrength& strength, Layers layers);

// check_choice returns the layer that a client chose, after an offer of `offered`: the choice must
// be exactly one of the offered bits (R4). With `ad_compat`, integrity and confidentiality together
// mean confidentiality, as clients for Active Directory send it.
Result<Layer, Error> check_choice(const LayerMessage& choice, Layers offered, bool ad_compat);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_LAYER_LAYER_TERMS_H_
