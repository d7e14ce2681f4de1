// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/failure_cause.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "gssloop/gss/interposer.h"
#include "gssloop/gss/krb5_handle.h"

namespace gssloop::gss {
namespace {

// KG_KEYTAB_NOMATCH of MIT's table of GSS codes, which no installed header has: a keytab without a
// key for the requested name.
constexpr krb5_error_code kKeytabLacksName = 39756033;

constexpr struct {
  krb5_error_code minor;
  FailureCause cause;
} kByMinor[] = {
    {KRB5_FCC_NOFILE, FailureCause::kNoTicket},
    {KRB5_CC_NOTFOUND, FailureCause::kNoTicket},
    {KRB5_CC_FORMAT, FailureCause::kNoTicket},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, FailureCause::kTicketExpired},
    {KRB5KRB_AP_ERR_SKEW, FailureCause::kClockSkew},
    {KRB5KRB_AP_ERR_TKT_NYV, FailureCause::kClockSkew},
    {KRB5_KDCREP_SKEW, FailureCause::kClockSkew},
    {KRB5KRB_AP_ERR_BADKEYVER, FailureCause::kWrongKeyVersion},
    {KRB5_KT_KVNONOTFOUND, FailureCause::kWrongKeyVersion},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, FailureCause::kWrongKey},
    {KRB5KRB_AP_ERR_MODIFIED, FailureCause::kWrongKey},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, FailureCause::kNoSuchService},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, FailureCause::kNoSuchClient},
    {KRB5KDC_ERR_PREAUTH_FAILED, FailureCause::kWrongPassword},
    {KRB5_KT_NOTFOUND, FailureCause::kNoKeytab},
    {kKeytabLacksName, FailureCause::kNoKeytab},
    {KRB5KRB_AP_ERR_NOKEY, FailureCause::kNoKeytab},
    {KRB5KRB_AP_WRONG_PRINC, FailureCause::kNoKeytab},
    {KRB5KRB_AP_ERR_NOT_US, FailureCause::kNoKeytab},
    {KRB5_KEYTAB_BADVNO, FailureCause::kDamagedKeytab},
    {KRB5KRB_AP_ERR_REPEAT, FailureCause::kReplay},
    {KRB5_KDC_UNREACH, FailureCause::kNoKdc},
    {KRB5_REALM_UNKNOWN, FailureCause::kNoKdc},
    {KRB5KRB_ERR_GENERIC, FailureCause::kRefusedUnsaid},
};

// Errors of files. An acceptor opens the keytab and the replay cache, and MIT turns those of the
// keytab into KRB5KRB_AP_ERR_NOKEY.
constexpr int kFileErrors[] = {EACCES, EPERM,  ENOENT, ENOTDIR, EISDIR, ELOOP,     ENAMETOOLONG,
                               EROFS,  ENOSPC, EDQUOT, EFBIG,   EIO,    EOVERFLOW, ENOLCK};

// Errors of opening or reading a file. Others, such as EDQUOT, may be those of a kernel's keyring,
// which can hold tickets.
bool is_unreadable_file(krb5_error_code minor) {
  constexpr int kErrors[] = {ENOENT, EACCES, ENOTDIR, EISDIR, ELOOP, EIO};
  return std::ranges::find(kErrors, minor) != std::end(kErrors);
}

bool is_replay_cache(const Status& status, krb5_error_code minor) {
  if (std::string_view(status.call()) != "gss_accept_sec_context") return false;
  // Under SPNEGO, the number may be another one. The text has the file if it cannot be opened, and
  // is the system's if it cannot be written.
  const std::string& text = status.minor_text();
  return text.find(" (filename: ") != std::string::npos ||
         std::ranges::any_of(kFileErrors, [&](int error) {
           return error == minor || text == std::generic_category().message(error);
         });
}

// A client that names no user gets the minor status of an empty cache, and the reason at the end of
// its text. The mechglue has no text for a code that it did not return before; libkrb5 has.
bool is_silent_kcm(const Status& status, krb5_error_code minor) {
  if (std::string_view(status.call()) != "gss_acquire_cred") return false;
  constexpr krb5_error_code kCodes[] = {KRB5_KCM_NO_SERVER, KRB5_KCM_RPC_ERROR, ECONNREFUSED};
  if (std::ranges::find(kCodes, minor) != std::end(kCodes)) return true;
  if (status.minor_text().empty()) return false;
  const Krb5Context context;
  return context.error() == 0 && std::ranges::any_of(kCodes, [&](krb5_error_code code) {
           return status.minor_text().ends_with(": " + context.text(code));
         });
}

// SPNEGO returns Kerberos' minor status. But if two mechanisms have the same number, the mechglue
// maps the second one to a new number. Then only its text identifies it.
FailureCause by_text(const std::string& minor_text) {
  if (minor_text.empty()) return FailureCause::kUnknown;
  for (const auto& row : kByMinor) {
    const Status known("", GSS_S_FAILURE, static_cast<OM_uint32>(row.minor), Oid::krb5());
    if (known.minor_text() == minor_text) return row.cause;
  }
  return FailureCause::kUnknown;
}

}  // namespace

FailureCause cause_of(const Status& status) {
  // MIT's codes are negative 32-bit numbers that travel in an unsigned minor status.
  const auto minor = static_cast<krb5_error_code>(static_cast<std::int32_t>(status.minor()));
  // Without preauthentication, the only sign of a wrong password is a KDC's answer that does not
  // decrypt.
  const bool is_password = std::string_view(status.call()) == "gss_acquire_cred_with_password";
  if (is_password && minor == KRB5KRB_AP_ERR_BAD_INTEGRITY) return FailureCause::kWrongPassword;
  if (is_silent_kcm(status, minor)) return FailureCause::kSilentTicketDaemon;
  for (const auto& row : kByMinor) {
    if (row.minor == minor) return row.cause;
  }
  if (is_replay_cache(status, minor)) return FailureCause::kReplayCache;
  switch (status.routine_error()) {
    case GSS_S_BAD_BINDINGS:
      return FailureCause::kBadBindings;
    case GSS_S_NO_CRED:
      // Only for keytabs does MIT return the system's error: credentials caches have their own
      // codes.
      return is_unreadable_file(minor) ? FailureCause::kNoKeytab : FailureCause::kNoCredential;
    case GSS_S_DEFECTIVE_TOKEN:
      return FailureCause::kDefectiveToken;
    case GSS_S_CREDENTIALS_EXPIRED:
      return FailureCause::kTicketExpired;
    default:
      break;
  }
  if ((status.supplementary() & GSS_S_DUPLICATE_TOKEN) != 0) return FailureCause::kReplay;
  // The interposer has no text for the failure of a call to the daemon.
  if (status.routine_error() == GSS_S_FAILURE && status.minor_text().empty() &&
      is_behind_gss_proxy()) {
    return FailureCause::kSilentGssProxy;
  }
  return by_text(status.minor_text());
}

const char* advice(FailureCause cause) noexcept {
  switch (cause) {
    case FailureCause::kUnknown:
      return "";
    case FailureCause::kNoCredential:
      return "there is no usable credential: on a client, run kinit; on a server, check the keytab "
             "with klist -k";
    case FailureCause::kNoTicket:
      return "there is no usable Kerberos ticket: run kinit, or set KRB5CCNAME to the right ticket "
             "cache";
    case FailureCause::kSilentTicketDaemon:
      return "the daemon that keeps the tickets (KCM) does not answer: start it, or set KRB5CCNAME "
             "to another ticket cache";
    case FailureCause::kTicketExpired:
      return "the ticket has expired: run kinit";
    case FailureCause::kClockSkew:
      return "the clocks of client, server and KDC differ too much: synchronise them";
    case FailureCause::kWrongKeyVersion:
      return "the keytab does not contain the version of the key that encrypted the ticket: export "
             "the service's key again, or get a new ticket on the client";
    case FailureCause::kWrongKey:
      return "the key in the keytab is not the KDC's, or the token was changed in transit: export "
             "the service's key again";
    case FailureCause::kNoSuchService:
      return "the KDC does not know this service principal, or shares no key with its realm: "
             "create the principal, or check the host name and the trust between the realms";
    case FailureCause::kNoSuchClient:
      return "the KDC does not know this user: check the user name and the realm";
    case FailureCause::kWrongPassword:
      return "the password is wrong";
    case FailureCause::kNoKeytab:
      return "the keytab has no key for this service, or this user cannot read it, or "
             "service_principal excludes the key: list the keys with klist -k";
    case FailureCause::kDamagedKeytab:
      return "the keytab is empty or damaged, or the file is no keytab: export the service's key "
             "again";
    case FailureCause::kReplay:
      return "this token was used before: it was replayed, or two servers share one replay cache";
    case FailureCause::kReplayCache:
      return "the replay cache cannot be written: let the server's user own the file and write to "
             "its folder. KRB5RCACHENAME names the file, or default_rcache_name in krb5.conf; "
             "otherwise it is /var/tmp/krb5_UID.rcache2, or in the folder that KRB5RCACHEDIR or "
             "TMPDIR names";
    case FailureCause::kBadBindings:
      return "client and server use different channels, channel binding types or GS2 headers: "
             "look for a proxy or an attacker between them";
    case FailureCause::kNoKdc:
      return "no KDC of the realm answered: check krb5.conf and the network";
    case FailureCause::kRefusedUnsaid:
      return "the other side refused the login and gave no reason: read its log";
    case FailureCause::kDefectiveToken:
      return "the token is damaged, or is for another mechanism";
    case FailureCause::kSilentGssProxy:
      return "GSS-Proxy's daemon does not answer, or gives no reason: check that gssproxy runs and "
             "that GSSPROXY_SOCKET names its socket, and read its log";
  }
  return "";
}

}  // namespace gssloop::gss
