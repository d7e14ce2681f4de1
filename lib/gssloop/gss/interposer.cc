// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/interposer.h"

#include <algorithm>

#include "gssloop/gss/attributes.h"
#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"

namespace gssloop::gss {
namespace {

// The interposer's own OID (2.16.840.1.113730.3.8.15.1), with the octets of Kerberos' OID after it:
// by this name the interposer reaches the Kerberos that it replaces.
constexpr char kReplacedKerberos[] = "2.16.840.1.113730.3.8.15.1.42.840.113554.1.2.2";

bool is_readable(gss_name_t name, const std::string& attribute) {
  BufferView attribute_name(attribute);  // of a std::string, so a NUL follows
  int is_authenticated = 0, is_complete = 0, more = -1;
  Buffer value, display_value;
  OM_uint32 minor = 0;
  return gss_get_name_attribute(&minor, name, attribute_name.desc(), &is_authenticated,
                                &is_complete, value.out(), display_value.out(),
                                &more) == GSS_S_COMPLETE;
}

bool is_any_readable(gss_name_t name) {
  const auto info = inquire(name);
  return info && std::ranges::any_of(info->attributes, [&](const std::string& attribute) {
           return is_readable(name, attribute);
         });
}

}  // namespace

const char kGssProxyHidesAttributes[] = "GSS-Proxy hands on no attributes of a client's name";

Oid replaced_kerberos() {
  static const Oid oid = Oid::from_dotted(kReplacedKerberos).value_or(Oid());  // not in each login
  return oid;
}

bool is_behind_gss_proxy() {
  const Oid replaced = replaced_kerberos();
  OidArgument mech(replaced);
  OidSet name_types;
  OM_uint32 minor = 0;
  // After any other failure, the interposer may be there.
  return GSS_ROUTINE_ERROR(gss_inquire_names_for_mech(&minor, mech.get(), name_types.out())) !=
         GSS_S_BAD_MECH;
}

Status check_attributes_are_shown(gss_name_t source, const Oid& mech) {
  if (!mech.is_kerberos() || !is_behind_gss_proxy() || is_any_readable(source)) return {};
  return Status::of_check("attributes may be missing", GSS_S_FAILURE, kGssProxyHidesAttributes);
}

// The interposer answers this only for a credential of the process. The answer itself, the name of
// an impersonator, is of no interest.
bool is_held_here(gss_cred_id_t credential) {
  BufferSet impersonator;
  OM_uint32 minor = 0;
  return gss_inquire_cred_by_oid(&minor, credential, GSS_KRB5_GET_CRED_IMPERSONATOR,
                                 impersonator.out()) == GSS_S_COMPLETE;
}

Status check_initiator(gss_cred_id_t chosen, gss_name_t source) {
  if (!is_behind_gss_proxy()) return {};
  const auto wanted = credential_name(chosen);
  const auto used = display(source);
  if (!wanted) return wanted.error();
  if (!used) return used.error();
  if (wanted->text == used->text) return {};
  return Status::of_check("GSS-Proxy replaced the chosen credential", GSS_S_FAILURE,
                          printable(as_bytes(wanted->text)) + " was chosen, but " +
                              printable(as_bytes(used->text)) + " logged in");
}

}  // namespace gssloop::gss
