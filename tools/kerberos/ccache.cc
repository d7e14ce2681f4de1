// SPDX-License-Identifier: BSD-2-Clause
// The functions of kerberos.h about tickets.

#include <sys/stat.h>

#include <cstdlib>

#include "gssloop/gss/interposer.h"
#include "gssloop/gss/kerberos.h"
#include "tools/kerberos/kerberos.h"
#include "tools/kerberos/krb5_error.h"

namespace gssloop::tools {
namespace {

// Cursor lists the tickets of a ccache.
class Cursor {
 public:
  Cursor(krb5_context context, krb5_ccache ccache) : context_(context), ccache_(ccache) {
    error_ = krb5_cc_start_seq_get(context_, ccache_, &cursor_);
  }
  ~Cursor() {
    krb5_free_cred_contents(context_, &creds_);
    if (error_ == 0) krb5_cc_end_seq_get(context_, ccache_, &cursor_);
  }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // next returns null after the last ticket.
  krb5_creds* next() {
    krb5_free_cred_contents(context_, &creds_);
    creds_ = {};
    if (error_ != 0) return nullptr;
    return krb5_cc_next_cred(context_, ccache_, &cursor_, &creds_) == 0 ? &creds_ : nullptr;
  }
  krb5_error_code error() const noexcept { return error_; }

 private:
  krb5_context context_;
  krb5_ccache ccache_;
  krb5_cc_cursor cursor_ = nullptr;
  krb5_creds creds_{};
  krb5_error_code error_;
};

std::string_view text_of(const krb5_data& data) { return {data.data, data.length}; }

// krbtgt/REALM@REALM of the client's own realm.
bool is_initial(const krb5_creds& creds) {
  const auto* server = creds.server;
  return server->length == 2 && text_of(server->data[0]) == KRB5_TGS_NAME &&
         text_of(server->data[1]) == text_of(creds.client->realm) &&
         text_of(server->realm) == text_of(creds.client->realm);
}

bool is_granting(const krb5_creds& creds) {
  return creds.server->length == 2 && text_of(creds.server->data[0]) == KRB5_TGS_NAME;
}

std::string unparsed(krb5_context context, krb5_const_principal principal) {
  gss::Krb5PrincipalText text(context);
  return krb5_unparse_name(context, principal, text.out()) == 0 ? text.get() : "";
}

// libkrb5 keeps unsigned 32-bit times, until 2106, in a signed type.
std::time_t time_of(krb5_timestamp timestamp) { return static_cast<std::uint32_t>(timestamp); }

bool is_empty_file(const std::string& name) {
  struct stat found;
  const std::string path = gss::keytab_path(name);  // ccaches have "FILE:/path", too
  return !path.empty() && stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         found.st_size == 0;
}

krb5_error_code open_default(const gss::Krb5Context& context, gss::Krb5Ccache* ccache,
                             std::string* name) {
  if (context.error() != 0) return context.error();
  if (const auto code = krb5_cc_default(context, ccache->out())) return code;
  gss::Krb5Text full_name(context);
  if (const auto code = krb5_cc_get_full_name(context, ccache->get(), full_name.out())) return code;
  *name = full_name.get();
  return 0;
}

// copy_granting copies only the ticket-granting tickets of a ccache: libkrb5 would use a service
// ticket again, and not ask for a new one.
krb5_error_code copy_granting(krb5_context context, krb5_ccache from, krb5_principal client,
                              krb5_ccache to) {
  if (const auto code = krb5_cc_initialize(context, to, client)) return code;
  Cursor cursor(context, from);
  while (krb5_creds* creds = cursor.next()) {
    if (!is_granting(*creds)) continue;
    if (const auto code = krb5_cc_store_cred(context, to, creds)) return code;
  }
  return cursor.error();
}

// Leaves the copy empty if there is nothing to copy.
void copy_ccache(const gss::Krb5Context& context, krb5_ccache own, krb5_ccache copy) {
  gss::Krb5Principal client(context);
  if (krb5_cc_get_principal(context, own, client.out()) != 0) return;
  if (krb5_cc_initialize(context, copy, client.get()) == 0) {
    krb5_cc_copy_creds(context, own, copy);
  }
}

// copy_chosen copies the ccache that libkrb5 chooses for a service in the user's collection; the
// default one, if it has no reason to choose another, or if there is no service.
void copy_chosen(const gss::Krb5Context& context, const std::string& service, krb5_ccache copy) {
  gss::Krb5Ccache own(context);
  gss::Krb5Principal server(context), client(context);
  std::string name;
  if (!service.empty() && krb5_parse_name(context, service.c_str(), server.out()) == 0) {
    server->type = KRB5_NT_SRV_HST;  // k5identity(5) has rules for such names only
    if (krb5_cc_select(context, server.get(), own.out(), client.out()) == 0 &&
        own.get() != nullptr) {
      return copy_ccache(context, own.get(), copy);
    }
  }
  if (open_default(context, &own, &name) == 0 && !is_empty_file(name)) {
    copy_ccache(context, own.get(), copy);
  }
}

// The version and the type of the key that encrypts a ticket.
FreshTicket key_of(const gss::Krb5Context& context, const krb5_data& octets) {
  gss::Krb5Ticket ticket(context);
  if (krb5_decode_ticket(&octets, ticket.out()) != 0) return {};
  char enctype[64];
  if (krb5_enctype_to_name(ticket->enc_part.enctype, 0, enctype, sizeof enctype) != 0) *enctype = 0;
  return {ticket->enc_part.kvno, enctype};
}

TicketFailure failure_of(const gss::Krb5Context& context, krb5_error_code code) {
  using Reason = TicketFailure::Reason;
  const bool is_clock =
      code == KRB5KRB_AP_ERR_SKEW || code == KRB5KRB_AP_ERR_TKT_NYV || code == KRB5_KDCREP_SKEW;
  const Reason reason = is_clock                                  ? Reason::kClock
                        : code == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN ? Reason::kUnknownService
                                                                  : Reason::kOther;
  return {code == KRB5_CC_NOTFOUND ? Reason::kNoGrantingTicket : reason,
          error_of(context, code).message};
}

}  // namespace

KrbResult<std::string> ccache_name() {
  const gss::Krb5Context context;
  gss::Krb5Ccache ccache(context);
  std::string name;
  if (const auto code = open_default(context, &ccache, &name)) return error_of(context, code);
  return name;
}

std::optional<std::string> silent_kcm() {
  constexpr std::string_view kType = "KCM:";
  const gss::Krb5Context context;
  if (context.error() != 0) return std::nullopt;
  const char* name = krb5_cc_default_name(context);
  if (name == nullptr || !std::string_view(name).starts_with(kType)) return std::nullopt;
  // Without the rest of a name, libkrb5 asks the daemon for its default ccache.
  gss::Krb5Ccache any(context);
  if (krb5_cc_resolve(context, kType.data(), any.out()) == 0) return std::nullopt;
  return name;
}

KrbResult<Ccache> read_ccache() {
  const gss::Krb5Context context;
  gss::Krb5Ccache ccache(context);
  std::string name;
  if (const auto code = open_default(context, &ccache, &name)) return error_of(context, code);
  if (is_empty_file(name)) return Error{"the file is empty"};
  gss::Krb5Principal client(context);
  if (const auto code = krb5_cc_get_principal(context, ccache.get(), client.out())) {
    return error_of(context, code);
  }
  Ccache result;
  result.client = unparsed(context, client.get());
  Cursor cursor(context, ccache.get());
  while (const krb5_creds* creds = cursor.next()) {
    if (krb5_is_config_principal(context, creds->server) != 0) continue;
    const bool is_renewable = (creds->ticket_flags & TKT_FLG_RENEWABLE) != 0;
    FreshTicket key = key_of(context, creds->ticket);
    result.tickets.push_back({unparsed(context, creds->server), time_of(creds->times.endtime),
                              is_renewable ? time_of(creds->times.renew_till) : 0,
                              is_initial(*creds), key.kvno, std::move(key.enctype)});
  }
  if (cursor.error() != 0) return error_of(context, cursor.error());
  return result;
}

Result<FreshTicket, TicketFailure> fresh_ticket(const std::string& principal) {
  const gss::Krb5Context context;
  gss::Krb5Ccache ccache(context);
  std::string name;
  if (const auto code = open_default(context, &ccache, &name)) return failure_of(context, code);
  if (is_empty_file(name)) return TicketFailure{TicketFailure::Reason::kOther, "the file is empty"};
  gss::Krb5MemoryCcache copy(context);
  gss::Krb5Principal client(context), server(context);
  krb5_error_code code = krb5_cc_get_principal(context, ccache.get(), client.out());
  if (code == 0) code = krb5_parse_name(context, principal.c_str(), server.out());
  if (code == 0) code = krb5_cc_new_unique(context, "MEMORY", nullptr, copy.out());
  if (code == 0) code = copy_granting(context, ccache.get(), client.get(), copy.get());
  if (code != 0) return failure_of(context, code);
  krb5_creds wanted{};
  wanted.client = client.get();
  wanted.server = server.get();
  gss::Krb5Creds creds(context);
  code = krb5_get_credentials(context, 0, copy.get(), &wanted, creds.out());
  if (code != 0) return failure_of(context, code);
  return key_of(context, creds->ticket);
}

TicketShield::TicketShield(When when, const std::string& service) {
  if (when == When::kBehindGssProxy && !gss::is_behind_gss_proxy()) return;
  const gss::Krb5Context context;
  gss::Krb5Ccache copy(context);
  gss::Krb5Text name(context);
  if (context.error() != 0 || krb5_cc_new_unique(context, "MEMORY", nullptr, copy.out()) != 0 ||
      krb5_cc_get_full_name(context, copy.get(), name.out()) != 0) {
    return;
  }
  copy_chosen(context, service, copy.get());
  const char* before = std::getenv("KRB5CCNAME");
  if (before != nullptr) replaced_ = before;
  is_up_ = setenv("KRB5CCNAME", name.get(), 1) == 0;
}

TicketShield::~TicketShield() {
  if (!is_up_) return;
  if (replaced_) {
    setenv("KRB5CCNAME", replaced_->c_str(), 1);
  } else {
    unsetenv("KRB5CCNAME");
  }
}

}  // namespace gssloop::tools
