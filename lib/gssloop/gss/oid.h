// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_OID_H_
#define GSSLOOP_GSS_OID_H_

#include <optional>
#include <string>
#include <string_view>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/gssapi_c.h"

namespace gssloop::gss {

// Oid is an object identifier by value: the DER contents octets, without tag and length. It owns
// its octets, so an OID from a set stays valid after the set is released. The empty Oid is
// GSS_C_NO_OID.
class Oid {
 public:
  Oid() = default;
  // Copies the octets to which `oid` points; GSS_C_NO_OID gives the empty Oid.
  explicit Oid(gss_const_OID oid);
  // from_dotted parses "1.2.840.113554.1.2.2"; nullopt for anything that is not an OID.
  static std::optional<Oid> from_dotted(std::string_view dotted);

  static Oid krb5();    // RFC 1964: 1.2.840.113554.1.2.2
  static Oid iakerb();  // MIT: 1.3.6.1.5.2.5
  static Oid spnego();  // RFC 4178: 1.3.6.1.5.5.2

  // empty: GSS_C_NO_OID.
  bool empty() const noexcept { return octets_.empty(); }
  // is_kerberos: krb5, or IAKERB, which carries the same names, attributes and keytabs.
  bool is_kerberos() const { return *this == krb5() || *this == iakerb(); }
  // is_eap: RFC 7055, 1.3.6.1.5.5.15.1.1 and the number of an encryption type of Kerberos.
  bool is_eap() const;
  // octets borrows the DER contents; dotted is "1.2.840.113554.1.2.2", empty for the empty Oid.
  ByteView octets() const noexcept { return as_bytes(octets_); }
  std::string dotted() const;

  // desc lends the octets to a call; valid until this Oid is moved or destroyed.
  gss_OID_desc desc() const noexcept {
    return {static_cast<OM_uint32>(octets_.size()), const_cast<char*>(octets_.data())};
  }

  friend bool operator==(const Oid&, const Oid&) = default;
  friend auto operator<=>(const Oid&, const Oid&) = default;

 private:
  std::string octets_;
};

// OidArgument lends an Oid to a call that takes a gss_OID: GSS_C_NO_OID for the empty one.
class OidArgument {
 public:
  // OidArgument borrows `oid`, which must outlive it; get is what the call takes.
  explicit OidArgument(const Oid& oid) noexcept : desc_(oid.desc()) {}
  gss_OID get() noexcept { return desc_.length == 0 ? GSS_C_NO_OID : &desc_; }

 private:
  gss_OID_desc desc_;
};

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_OID_H_
