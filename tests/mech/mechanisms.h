// SPDX-License-Identifier: BSD-2-Clause

// The mechanisms which the scripted module serves, and how their first token is marked. One module
// serves all of them: the configuration file names it once for each.

#ifndef GSSLOOP_TESTS_MECH_MECHANISMS_H_
#define GSSLOOP_TESTS_MECH_MECHANISMS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gssloop/gss/gssapi_c.h"

namespace gssloop::testing {

enum class Mech {
  kScripted,     // framed, may be offered as GS2
  kNoSaslName,   // as kScripted, but gss_inquire_saslname_for_mech fails
  kNegotiating,  // declares GSS_C_MA_MECH_NEGO
  kUnframed,     // NTLMSSP's OID: the first token has no RFC 2743 framing (flag F of RFC 5801)
};

inline constexpr std::size_t kNumMechs = 4;
inline constexpr std::array<Mech, kNumMechs> kMechs = {Mech::kScripted, Mech::kNoSaslName,
                                                       Mech::kNegotiating, Mech::kUnframed};

// The first three are under the arc of RFC 5612 for documentation; the glue knows one unframed
// mechanism only, NTLMSSP.
inline constexpr std::array<const char*, kNumMechs> kDottedOids = {
    "1.3.6.1.4.1.32473.1.1", "1.3.6.1.4.1.32473.1.2", "1.3.6.1.4.1.32473.1.3",
    "1.3.6.1.4.1.311.2.2.10"};

inline gss_OID_desc mech_oid_descs[kNumMechs] = {
    {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x81\xfd\x59\x01\x01")},
    {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x81\xfd\x59\x01\x02")},
    {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x81\xfd\x59\x01\x03")},
    {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")},
};

// What the glue recognises an unframed mechanism by: 8 octets, the last one NUL.
inline constexpr std::string_view kUnframedMark{"NTLMSSP\0", 8};

inline std::size_t index(Mech mech) { return static_cast<std::size_t>(mech); }

// oid returns a static OID, never to be released.
inline gss_OID oid(Mech mech) { return &mech_oid_descs[index(mech)]; }

// octets returns the contents octets of an OID; empty for GSS_C_NO_OID.
inline std::string octets(gss_const_OID oid) {
  if (oid == GSS_C_NO_OID) return {};
  return {static_cast<const char*>(oid->elements), oid->length};
}

inline std::optional<Mech> mech_of(std::string_view oid_octets) {
  for (Mech mech : kMechs) {
    if (octets(oid(mech)) == oid_octets) return mech;
  }
  return std::nullopt;
}

inline std::string der_length(std::size_t length) {
  if (length < 0x80) return std::string(1, static_cast<char>(length));
  std::string digits;
  for (; length != 0; length >>= 8) digits.insert(0, 1, static_cast<char>(length & 0xff));
  return static_cast<char>(0x80 | digits.size()) + digits;
}

// framing_header is the header of RFC 2743 3.1: tag, length, mechanism OID.
inline std::string framing_header(gss_const_OID mech_type, std::size_t payload_len) {
  const std::string name = octets(mech_type);
  const std::string tagged = "\x06" + der_length(name.size()) + name;
  return "\x60" + der_length(tagged.size() + payload_len) + tagged;
}

// framed puts the header of RFC 2743 3.1 before `payload`.
inline std::string framed(gss_const_OID mech_type, std::string_view payload) {
  return framing_header(mech_type, payload.size()) + std::string(payload);
}

// first_header is what marks the first initiator token of `mech`.
inline std::string first_header(Mech mech, std::size_t payload_len) {
  if (mech == Mech::kUnframed) return std::string(kUnframedMark);
  return framing_header(oid(mech), payload_len);
}

// first_token makes the first initiator token of `mech` out of its payload.
inline std::string first_token(Mech mech, std::string_view payload) {
  return first_header(mech, payload.size()) + std::string(payload);
}

struct FirstToken {
  Mech mech;
  std::string payload;
};

// parse_first_token undoes first_token. It accepts only what first_token makes.
inline std::optional<FirstToken> parse_first_token(std::string_view token) {
  constexpr std::size_t kMaxHeaderLen = 1 + 5 + 2 + 10;
  for (Mech mech : kMechs) {
    for (std::size_t len = 0; len <= kMaxHeaderLen && len <= token.size(); ++len) {
      if (first_header(mech, token.size() - len) == token.substr(0, len)) {
        return FirstToken{mech, std::string(token.substr(len))};
      }
    }
  }
  return std::nullopt;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MECH_MECHANISMS_H_
