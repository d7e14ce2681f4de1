// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_KERBEROS_KERBEROS_H_
#define GSSLOOP_TOOLS_KERBEROS_KERBEROS_H_

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"

namespace gssloop::tools {

// What this machine's Kerberos holds and says. Only kerberos.cc, ccache.cc and kdc_request.cc call
// krb5_* functions. Every function reads the present configuration (KRB5_CONFIG) again. The message
// of a failure holds libkrb5's own text. Only fresh_ticket uses the network, apart from looking up
// host names.

template <class T>
using KrbResult = Result<T, Error>;

// KrbConfiguration holds the settings of krb5.conf that often make logins fail.
struct KrbConfiguration {
  std::vector<std::string> files;  // that libkrb5 reads, whether they exist or not
  std::string default_realm;       // empty: none
  std::string canonicalize;        // dns_canonicalize_hostname: "true", "false" or "fallback"
  bool rdns = true;
  bool looks_up_kdc = true;  // dns_lookup_kdc
  int clockskew_s = 300;
  std::string rcache_name;  // default_rcache_name
};
KrbResult<KrbConfiguration> krb_configuration();

// configuration_files is the list of files alone. It works even if a file has an error.
std::vector<std::string> configuration_files();

// Service is the Kerberos name of SERVICE at HOST, as a client's libkrb5 makes it.
struct Service {
  std::string principal;  // "imap/mail.example.com@EXAMPLE.COM"
  std::string host;       // canonical
  std::string realm;      // the default realm if krb5.conf has none for the host
};
KrbResult<Service> service_principal(const std::string& service, const std::string& host);

// configured_kdcs lists the values of "kdc", "primary_kdc" and "master_kdc" of a realm in
// krb5.conf.
KrbResult<std::vector<std::string>> configured_kdcs(const std::string& realm);

// KeytabKey is one key of a keytab.
struct KeytabKey {
  std::string principal;
  std::uint32_t kvno = 0;
  std::string enctype;
  bool is_weak = false;        // DES, triple DES or RC4
  bool is_of_service = false;  // of the service that the caller asked for
};

// Keytab holds the keytab's full name ("FILE:/etc/krb5.keytab") and its keys.
struct Keytab {
  std::string name;
  std::vector<KeytabKey> keys;
};
// read_keytab reads the keytab of that name (empty: the default one). If `service` is empty, no key
// is `is_of_service`, and the host's name is not looked up.
KrbResult<Keytab> read_keytab(const std::string& name, const std::string& service,
                              const std::string& host);

// Ticket is one ticket of a ccache, without its content.
struct Ticket {
  std::string server;
  std::time_t end = 0;
  std::time_t renew_till = 0;  // 0: not renewable
  bool is_initial = false;     // for the ticket-granting service of the client's own realm
  std::uint32_t kvno = 0;      // the version of the server's key; 0: not known
  std::string enctype;
};

struct Ccache {
  std::string client;
  std::vector<Ticket> tickets;
};
// ccache_name is the full name ("FILE:/tmp/krb5cc_1000") of the default ccache.
KrbResult<std::string> ccache_name();
// silent_kcm is the name of the default ccache, if it is of the type KCM and the daemon that keeps
// such ccaches does not answer; nullopt otherwise.
std::optional<std::string> silent_kcm();
// read_ccache reads the default ccache. It fails for an empty file by itself, since libkrb5 1.20.1
// may crash on one.
KrbResult<Ccache> read_ccache();

// TicketShield protects the user's tickets from what this process does. The constructor copies a
// ccache into this process and makes the copy the default one (KRB5CCNAME); the destructor undoes
// that. It is the ccache that libkrb5 chooses in the user's collection for a service, otherwise the
// default one. Not while other threads run.
class TicketShield {
 public:
  enum class When {
    // When it acquires a credential, GSS-Proxy's interposer replaces the content of the default
    // ccache, and so would remove a user's tickets. Without the interposer there is no copy.
    kBehindGssProxy,
    kAlways,  // for a login, which would write the service's ticket into the ccache
  };
  // `service` is a principal; it may be empty.
  explicit TicketShield(When when = When::kBehindGssProxy, const std::string& service = {});
  ~TicketShield();
  TicketShield(const TicketShield&) = delete;
  TicketShield& operator=(const TicketShield&) = delete;

 private:
  bool is_up_ = false;
  std::optional<std::string> replaced_;  // KRB5CCNAME; nullopt: it was not set
};

// FreshTicket says which of the service's keys the KDC uses now.
struct FreshTicket {
  std::uint32_t kvno = 0;
  std::string enctype;
};
// TicketFailure is the reason why there is none.
struct TicketFailure {
  enum class Reason { kClock, kUnknownService, kNoGrantingTicket, kOther };
  Reason reason = Reason::kOther;
  std::string message;
};
// fresh_ticket asks the KDC for a ticket of `principal`, with the ticket-granting ticket of the
// default ccache. It does not change the ccache. It takes as long as libkrb5 waits for KDCs.
Result<FreshTicket, TicketFailure> fresh_ticket(const std::string& principal);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_KERBEROS_KERBEROS_H_
