// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/negotiation_token.h"

#include "gssloop/gss/initial_token.h"

namespace gssloop::gss {
namespace {

constexpr std::uint8_t kOid = 0x06;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kField0 = 0xA0, kField1 = 0xA1;  // [0] and [1], constructed

// Takes a value with the tag from the front of `rest`; nullopt, and `rest` unchanged, if another
// tag, or no whole value in DER, is there.
std::optional<ByteView> take(ByteView* rest, std::uint8_t tag) noexcept {
  if (rest->empty() || rest->front() != tag) return std::nullopt;
  ByteView after = rest->subspan(1);
  const auto length = take_der_length(&after);
  if (!length || *length > after.size()) return std::nullopt;
  *rest = after.subspan(*length);
  return after.first(*length);
}

// The fields of a NegTokenInit or a NegTokenResp: a SEQUENCE inside [0] or [1].
std::optional<ByteView> fields(ByteView token, std::uint8_t choice) noexcept {
  auto inside = take(&token, choice);
  if (!inside || !token.empty()) return std::nullopt;
  const auto sequence = take(&*inside, kSequence);
  return sequence && inside->empty() ? sequence : std::nullopt;
}

// OIDs that fill `octets`, without the container.
std::optional<std::vector<Oid>> oids(ByteView octets) {
  std::vector<Oid> found;
  while (!octets.empty()) {
    const auto contents = take(&octets, kOid);
    if (!contents || contents->empty()) return std::nullopt;
    gss_OID_desc desc{static_cast<OM_uint32>(contents->size()),
                      const_cast<std::uint8_t*>(contents->data())};
    found.emplace_back(&desc);
  }
  return found;
}

}  // namespace

std::optional<std::vector<Oid>> negotiable_mechanisms(ByteView token) {
  if (const auto inner = strip_initial_header(token, Oid::spnego())) {
    auto init = fields(*inner, kField0);
    auto types = init ? take(&*init, kField0) : std::nullopt;
    const auto list = types ? take(&*types, kSequence) : std::nullopt;
    return list && types->empty() ? oids(*list) : std::nullopt;
  }
  auto response = fields(token, kField1);
  if (!response) return std::nullopt;
  take(&*response, kField0);  // negState
  const auto selected = take(&*response, kField1);
  return selected ? oids(*selected) : std::vector<Oid>();
}

bool names_kerberos(const Oid& oid) {
  static const Oid windows = Oid::from_dotted("1.2.840.48018.1.2.2").value();
  static const Oid older = Oid::from_dotted("1.3.5.1.5.2").value();
  return oid == Oid::krb5() || oid == windows || oid == older;
}

}  // namespace gssloop::gss
