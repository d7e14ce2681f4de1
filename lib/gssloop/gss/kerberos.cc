// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/kerberos.h"

#include <cerrno>
#include <memory>

namespace gssloop::gss {
namespace {

// KG_KEYTAB_NOMATCH of MIT's table of GSS codes, which no installed header has: a keytab without a
// key for the name that was asked for.
constexpr krb5_error_code kKeytabLacksName = 39756033;

struct FreeKrb5Context {
  void operator()(krb5_context context) const noexcept { krb5_free_context(context); }
};
using Krb5Context = std::unique_ptr<std::remove_pointer_t<krb5_context>, FreeKrb5Context>;

Krb5Context make_context() {
  krb5_context context = nullptr;
  return Krb5Context(krb5_init_context(&context) == 0 ? context : nullptr);
}

constexpr struct {
  krb5_error_code minor;
  Complaint complaint;
} kByMinor[] = {
    {KRB5_FCC_NOFILE, Complaint::kNoTicket},
    {KRB5_CC_NOTFOUND, Complaint::kNoTicket},
    {KRB5_CC_FORMAT, Complaint::kNoTicket},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, Complaint::kTicketExpired},
    {KRB5KRB_AP_ERR_SKEW, Complaint::kClockSkew},
    {KRB5KRB_AP_ERR_TKT_NYV, Complaint::kClockSkew},
    {KRB5_KDCREP_SKEW, Complaint::kClockSkew},
    {KRB5KRB_AP_ERR_BADKEYVER, Complaint::kWrongKeyVersion},
    {KRB5_KT_KVNONOTFOUND, Complaint::kWrongKeyVersion},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, Complaint::kWrongKey},
    {KRB5KRB_AP_ERR_MODIFIED, Complaint::kWrongKey},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Complaint::kNoSuchService},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, Complaint::kNoSuchClient},
    {KRB5KDC_ERR_PREAUTH_FAILED, Complaint::kWrongPassword},
    {KRB5_KT_NOTFOUND, Complaint::kNoKeytab},
    {kKeytabLacksName, Complaint::kNoKeytab},
    {KRB5KRB_AP_ERR_NOKEY, Complaint::kNoKeytab},
    {KRB5KRB_AP_WRONG_PRINC, Complaint::kNoKeytab},
    {KRB5KRB_AP_ERR_NOT_US, Complaint::kNoKeytab},
    {KRB5KRB_AP_ERR_REPEAT, Complaint::kReplay},
    {KRB5_KDC_UNREACH, Complaint::kNoKdc},
    {KRB5_REALM_UNKNOWN, Complaint::kNoKdc},
    {KRB5KRB_ERR_GENERIC, Complaint::kRefusedUnsaid},
};

// SPNEGO hands on Kerberos' minor status, but the mechglue, where two mechanisms have the same
// number, makes up one for the second: what it says is then all that tells it.
Complaint by_text(const std::string& minor_text) {
  if (minor_text.empty()) return Complaint::kUnknown;
  for (const auto& row : kByMinor) {
    const Status known("", GSS_S_FAILURE, static_cast<OM_uint32>(row.minor), Oid::krb5());
    if (known.minor_text() == minor_text) return row.complaint;
  }
  return Complaint::kUnknown;
}

}  // namespace

std::string default_realm() {
  const Krb5Context context = make_context();
  char* realm = nullptr;
  if (!context || krb5_get_default_realm(context.get(), &realm) != 0) return {};
  std::string text = realm;
  krb5_free_default_realm(context.get(), realm);
  return text;
}

std::string default_keytab_name() {
  const Krb5Context context = make_context();
  char name[1024];
  if (!context || krb5_kt_default_name(context.get(), name, sizeof name) != 0) return {};
  return name;
}

std::string keytab_path(std::string_view keytab_name) {
  for (const std::string_view prefix : {"FILE:", "WRFILE:"}) {
    if (keytab_name.starts_with(prefix)) return std::string(keytab_name.substr(prefix.size()));
  }
  // "TYPE:residual" of another type is no file; a path may hold a colon behind its first slash.
  const bool is_path = keytab_name.substr(0, keytab_name.find('/')).find(':') == keytab_name.npos;
  return is_path ? std::string(keytab_name) : std::string();
}

Complaint complaint(const Status& status) {
  // MIT's codes are negative 32-bit numbers that travel in an unsigned minor status.
  const auto minor = static_cast<krb5_error_code>(static_cast<std::int32_t>(status.minor()));
  // Without preauthentication a wrong password shows only when the KDC's answer does not decrypt.
  const bool is_password = std::string_view(status.call()) == "gss_acquire_cred_with_password";
  if (is_password && minor == KRB5KRB_AP_ERR_BAD_INTEGRITY) return Complaint::kWrongPassword;
  for (const auto& row : kByMinor) {
    if (row.minor == minor) return row.complaint;
  }
  switch (status.routine_error()) {
    case GSS_S_BAD_BINDINGS:
      return Complaint::kBadBindings;
    case GSS_S_NO_CRED:
      // Of keytabs alone MIT hands on what the system says: credentials caches have their own
      // codes.
      return minor == ENOENT || minor == EACCES ? Complaint::kNoKeytab : Complaint::kNoCredential;
    case GSS_S_DEFECTIVE_TOKEN:
      return Complaint::kDefectiveToken;
    case GSS_S_CREDENTIALS_EXPIRED:
      return Complaint::kTicketExpired;
    default:
      break;
  }
  if ((status.supplementary() & GSS_S_DUPLICATE_TOKEN) != 0) return Complaint::kReplay;
  return by_text(status.minor_text());
}

const char* advice(Complaint complaint) noexcept {
  switch (complaint) {
    case Complaint::kUnknown:
      return "";
    case Complaint::kNoCredential:
      return "there is no usable credential: a client gets a ticket with kinit, a server's keytab "
             "is shown by klist -k";
    case Complaint::kNoTicket:
      return "there is no usable Kerberos ticket: get one with kinit, and look at KRB5CCNAME";
    case Complaint::kTicketExpired:
      return "the ticket has expired: get a new one with kinit";
    case Complaint::kClockSkew:
      return "the clocks of client, server and KDC differ too much: synchronise them";
    case Complaint::kWrongKeyVersion:
      return "the keytab lacks the key that the ticket was made with: export the service's key "
             "anew, or let the client get a fresh ticket";
    case Complaint::kWrongKey:
      return "the keytab's key is not the KDC's, or the token was changed on its way: export the "
             "service's key anew";
    case Complaint::kNoSuchService:
      return "the KDC does not know this service principal: create it, or look at the host name";
    case Complaint::kNoSuchClient:
      return "the KDC does not know this user: look at the name and the realm";
    case Complaint::kWrongPassword:
      return "the password is wrong";
    case Complaint::kNoKeytab:
      return "the keytab has no key for this service, or cannot be read by this user, or "
             "service_principal excludes the key: klist -k shows the keys";
    case Complaint::kReplay:
      return "this token was used before: a replay, or two servers sharing one replay cache";
    case Complaint::kBadBindings:
      return "client and server do not see the same channel or the same GS2 header: something "
             "stands between them, or one of them uses another binding";
    case Complaint::kNoKdc:
      return "no KDC of the realm answered: look at krb5.conf and the network";
    case Complaint::kRefusedUnsaid:
      return "the other side refused and does not say why: its log does";
    case Complaint::kDefectiveToken:
      return "the token is damaged, or made for another mechanism";
  }
  return "";
}

}  // namespace gssloop::gss
