// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/oid.h"

#include <charconv>
#include <vector>

namespace gssloop::gss {
namespace {

// Appends one arc in base 128, most significant group first (X.690 section 8.19.2).
void append_arc(std::string* octets, std::uint64_t arc) {
  char groups[10];
  int num_groups = 0;
  do {
    groups[num_groups++] = static_cast<char>(arc & 0x7F);
    arc >>= 7;
  } while (arc != 0);
  while (num_groups > 1) *octets += static_cast<char>(groups[--num_groups] | 0x80);
  *octets += groups[0];
}

std::optional<std::vector<std::uint32_t>> split_arcs(std::string_view dotted) {
  std::vector<std::uint32_t> arcs;
  const char* at = dotted.data();
  const char* const end = at + dotted.size();
  while (true) {
    std::uint32_t arc;
    const auto [stop, error] = std::from_chars(at, end, arc);
    if (error != std::errc() || (*at == '0' && stop - at > 1)) return std::nullopt;
    arcs.push_back(arc);
    if (stop == end) return arcs;
    if (*stop != '.') return std::nullopt;
    at = stop + 1;
  }
}

}  // namespace

Oid::Oid(gss_const_OID oid) {
  if (oid != GSS_C_NO_OID) octets_.assign(static_cast<const char*>(oid->elements), oid->length);
}

std::optional<Oid> Oid::from_dotted(std::string_view dotted) {
  const auto arcs = split_arcs(dotted);
  if (!arcs || arcs->size() < 2 || (*arcs)[0] > 2) return std::nullopt;
  if ((*arcs)[0] < 2 && (*arcs)[1] > 39) return std::nullopt;
  Oid oid;
  append_arc(&oid.octets_, std::uint64_t{(*arcs)[0]} * 40 + (*arcs)[1]);
  for (std::size_t i = 2; i < arcs->size(); ++i) append_arc(&oid.octets_, (*arcs)[i]);
  return oid;
}

Oid Oid::krb5() { return Oid(gss_mech_krb5); }
Oid Oid::iakerb() { return Oid(gss_mech_iakerb); }
Oid Oid::spnego() {
  static constexpr char kOctets[] = "\x2b\x06\x01\x05\x05\x02";
  static const gss_OID_desc kOid = {sizeof kOctets - 1, const_cast<char*>(kOctets)};
  return Oid(&kOid);
}

bool Oid::is_eap() const { return dotted().starts_with("1.3.6.1.5.5.15.1.1."); }

std::string Oid::dotted() const {
  std::string text;
  std::uint64_t arc = 0;
  for (const std::uint8_t octet : octets()) {
    arc = arc << 7 | (octet & 0x7FU);
    if ((octet & 0x80) != 0) continue;
    if (text.empty()) {
      const std::uint64_t first = arc < 80 ? arc / 40 : 2;
      text = std::to_string(first) + "." + std::to_string(arc - first * 40);
    } else {
      text += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return text;
}

}  // namespace gssloop::gss
