// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "gssloop/gss/kerberos.h"
#include "tools/doctor/checks.h"
#include "tools/doctor/format.h"
#include "tools/doctor/gss_proxy.h"

namespace gssloop::tools {
namespace {

constexpr std::int64_t kSoon_s = 300;
constexpr std::size_t kMaxNames = 10;

// Without "@REALM", as kadmin and kinit take it.
std::string without_realm(const std::string& principal) {
  return principal.substr(0, principal.find('@'));
}

// ---- Ticket

void report_no_ticket(const std::string& name, const std::string& why, Report* report) {
  report->problem("there is no usable ticket in " + name + ": " + why,
                  "a client sends the server a ticket instead of a password",
                  "kinit USER; or, if the ticket is in another cache, set KRB5CCNAME to it (klist "
                  "-A lists the caches)");
}

void report_initial(const Examination& exam, const std::string& name, const std::string& client,
                    const Ticket& ticket, Report* report) {
  const std::int64_t left = static_cast<std::int64_t>(ticket.end) - std::time(nullptr);
  const bool is_renewable = ticket.renew_till > std::time(nullptr);
  if (left <= 0) {
    report->consequence(exam.cause_among({"clock"}),
                        "the ticket of " + client + " in " + name + " expired " + duration(left) +
                            " ago, on " + date_and_time(ticket.end),
                        "the KDC issues no service ticket for an expired ticket",
                        "kinit " + client);
  } else if (left < kSoon_s) {
    report->note("the ticket of " + client + " in " + name + " expires in " + duration(left),
                 "logins fail after that", is_renewable ? "kinit -R" : "kinit " + client);
  } else {
    report->good(client + " has a ticket in " + name + " for another " + duration(left) +
                 (is_renewable ? ", renewable until " + date_and_time(ticket.renew_till) : ""));
  }
}

// ---- Keytab

std::string export_command(const std::string& keytab, const std::string& principal) {
  const std::string path = gss::keytab_path(keytab);
  return "kadmin -q 'ktadd -k " + (path.empty() ? keytab : path) + " " + without_realm(principal) +
         "'";
}

// keytab_name is the name of the keytab that a server would use. It need not exist.
std::string keytab_name(const Examination& exam) {
  return exam.options.keytab.empty() ? gss::default_keytab_name() : exam.options.keytab;
}

// check_file returns false if there is no use in reading the file.
bool check_file(const Examination& exam, const std::string& name, Report* report) {
  const std::string path = gss::keytab_path(name);
  if (path.empty()) return true;
  struct stat found;
  const bool is_there = stat(path.c_str(), &found) == 0;
  const int error = errno;
  if (!is_there && error == ENOENT) {
    report->problem("the keytab " + name + " does not exist",
                    "it contains the key with which the server decrypts its clients' tickets",
                    export_command(name, exam.service.principal) +
                        ", or name the right keytab (keytab: in the application's configuration, "
                        "KRB5_KTNAME, --keytab)");
    return false;
  }
  if (!is_there || access(path.c_str(), R_OK) != 0) {
    report->problem("the keytab " + name + " cannot be read by " + this_user() + ": " +
                        errno_text(is_there ? errno : error),
                    "a server that cannot read its key does not offer the mechanism",
                    "let the server's user read " + path + ", for example `chown imap " + path +
                        " && chmod 600 " + path + "`");
    return false;
  }
  if ((found.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    report->note("every user of this machine can " +
                     std::string((found.st_mode & S_IROTH) != 0 ? "read" : "write") +
                     " the keytab " + name,
                 "with the key, an attacker can log in to the service as any user",
                 "chmod o-rwx " + path + ", and give the service a new key");
  }
  return true;
}

std::string other_principals(const std::vector<KeytabKey>& keys) {
  std::vector<std::string> names;
  for (const KeytabKey& key : keys) {
    if (std::ranges::find(names, key.principal) == names.end()) names.push_back(key.principal);
  }
  const bool has_more = names.size() > kMaxNames;
  if (has_more) names.resize(kMaxNames);
  return names.empty() ? "nothing" : joined(names) + (has_more ? ", ..." : "");
}

void report_keys(const Examination& exam, const Keytab& keytab, Report* report) {
  std::vector<std::string> keys;
  bool is_weak = true;
  for (const KeytabKey& key : keytab.keys) {
    if (!key.is_of_service) continue;
    keys.push_back("version " + std::to_string(key.kvno) + " " + key.enctype);
    is_weak = is_weak && key.is_weak;
  }
  const std::string& wanted = exam.service.principal;
  const std::string accepted = exam.option("service_principal");
  if (keys.empty() && !accepted.empty()) {
    report->note("the keytab " + keytab.name + " has no key for " + wanted + "; it has " +
                     other_principals(keytab.keys),
                 "service_principal in " + exam.application.file + " is " + accepted +
                     "; this is correct if clients request tickets for " + accepted,
                 "if they do not: " + export_command(keytab.name, wanted));
    return;
  }
  if (keys.empty()) {
    // Another name of the host or the realm has its cause elsewhere; a key for it would not help.
    const bool has_other_realm = std::ranges::any_of(keytab.keys, [&](const KeytabKey& key) {
      return without_realm(key.principal) == without_realm(wanted);
    });
    const std::string cause =
        exam.cause_among(has_other_realm ? std::initializer_list<const char*>{"host", "kdc"}
                                         : std::initializer_list<const char*>{"host"});
    report->consequence(
        cause,
        "the keytab " + keytab.name + " has no key for " + wanted + "; it has " +
            other_principals(keytab.keys),
        "clients request a ticket for " + wanted + ", which this server cannot decrypt",
        export_command(keytab.name, wanted) +
            "; or check the host's name (the finding \"host\"), or set "
            "service_principal in the application's configuration");
    return;
  }
  report->good("the keytab " + keytab.name + " has " + wanted + ": " + joined(keys));
  if (is_weak) {
    report->note(wanted + " has only weak keys in " + keytab.name + ": " + joined(keys),
                 "DES, triple DES and RC4 are weak or broken, and newer Kerberos releases refuse "
                 "such tickets",
                 export_command(keytab.name, wanted) +
                     " with AES (-e aes256-cts-hmac-sha1-96:normal); in Active Directory, "
                     "msDS-SupportedEncryptionTypes = 24");
  }
}

// ---- The key that the KDC uses

void report_refusal(const Examination& exam, const TicketFailure& failure, Report* report) {
  const std::string& principal = exam.service.principal;
  const std::string what = "the KDC issues no ticket for " + principal + ": " + failure.message;
  const char* why = "clients get no ticket either";
  switch (failure.reason) {
    case TicketFailure::Reason::kClock:
      return report->consequence(
          exam.cause_among({"clock"}), what, why,
          "set the clocks of this machine and of the KDC (timedatectl set-ntp true, chrony, ntpd)");
    case TicketFailure::Reason::kUnknownService:
      return report->consequence(
          exam.cause_among({"host", "clock"}), what, why,
          (exam.is_name_changed ? "if the name is not the one you want, see the finding \"host\"; "
                                : std::string()) +
              "if the principal does not exist: kadmin -q 'addprinc -randkey " +
              without_realm(principal) + "' and " + export_command(keytab_name(exam), principal) +
              "; otherwise check the host's name and realm");
    case TicketFailure::Reason::kNoGrantingTicket:
      return report->note("the keytab's key was not compared with the KDC's: " + failure.message,
                          "the comparison needs a ticket-granting ticket",
                          "see the finding \"ticket\"");
    case TicketFailure::Reason::kOther:
      break;
  }
  report->consequence(exam.cause_among({"clock"}), what, why,
                      "KRB5_TRACE=/dev/stderr kvno " + principal + " shows what the KDC answers");
}

void report_key(const Examination& exam, const Keytab& keytab, const FreshTicket& ticket,
                Report* report) {
  const std::string wanted = "version " + std::to_string(ticket.kvno) + ", " + ticket.enctype;
  std::vector<std::string> versions;
  for (const KeytabKey& key : keytab.keys) {
    if (!key.is_of_service) continue;
    if (key.kvno == ticket.kvno && key.enctype == ticket.enctype) {
      report->good("the keytab " + keytab.name + " has the current key of the KDC: " + wanted);
      return;
    }
    versions.push_back("version " + std::to_string(key.kvno) + ", " + key.enctype);
  }
  if (versions.empty()) return;  // the finding "keytab" says so
  report->problem(
      "the KDC's key for " + exam.service.principal + " (" + wanted + ") is not in the keytab " +
          keytab.name + ", which has: " + joined(versions, "; "),
      "the server cannot decrypt its clients' tickets. (Each ktadd creates a new key, and earlier "
      "exports become outdated)",
      export_command(keytab.name, exam.service.principal) +
          " on the server's machine; in Active Directory, export a keytab with the current kvno");
}

bool is_in(const Keytab& keytab, std::uint32_t kvno, const std::string& enctype) {
  return std::ranges::any_of(keytab.keys, [&](const KeytabKey& key) {
    return key.is_of_service && key.kvno == kvno && key.enctype == enctype;
  });
}

// A ticket in the cache stays as it is when the service gets a new key. Only a new ticket helps.
void report_stale(const Examination& exam, const Keytab& keytab, const FreshTicket& fresh,
                  Report* report) {
  if (!exam.options.examines_client || !is_in(keytab, fresh.kvno, fresh.enctype)) return;
  const auto name = ccache_name();
  const auto ccache = read_ccache();
  if (!name || !ccache) return;
  for (const Ticket& ticket : ccache->tickets) {
    if (ticket.server != exam.service.principal || ticket.end <= std::time(nullptr)) continue;
    if (is_in(keytab, ticket.kvno, ticket.enctype)) continue;
    report->problem("the ticket for " + ticket.server + " in " + *name +
                        " is encrypted with a key of version " + std::to_string(ticket.kvno) +
                        ", " + ticket.enctype + ", which the keytab " + keytab.name +
                        " has no longer",
                    "the service got a new key after " + ccache->client +
                        " got this ticket. The server refuses it; the KDC's new tickets work",
                    "get new tickets: kinit " + ccache->client);
    return;
  }
}

}  // namespace

Findings check_ticket(const Examination& exam) {
  Report report("ticket");
  if (!krb_configuration()) return {};  // the finding "krb5.conf" says so
  if (report_ticket_of_proxy(&report)) return report.take();
  if (const auto silent = silent_kcm()) {
    report.problem("the daemon that keeps the tickets of the credentials cache " + *silent +
                       " does not answer",
                   "a client sends the server a ticket, and cannot get it from there",
                   "start the daemon (sssd's: systemctl start sssd-kcm.socket); or, if the ticket "
                   "is in another cache, set KRB5CCNAME to it");
    return report.take();
  }
  const auto name = ccache_name();
  if (!name) {
    report_no_ticket("the credentials cache", name.error().message, &report);
    return report.take();
  }
  const auto ccache = read_ccache();
  if (!ccache) {
    report_no_ticket(*name, ccache.error().message, &report);
    return report.take();
  }
  const auto initial = std::ranges::find_if(ccache->tickets, &Ticket::is_initial);
  if (initial != ccache->tickets.end()) {
    report_initial(exam, *name, ccache->client, *initial, &report);
    return report.take();
  }
  const bool has_service = std::ranges::any_of(ccache->tickets, [&](const Ticket& ticket) {
    return ticket.server == exam.service.principal && ticket.end > std::time(nullptr);
  });
  if (has_service) {
    report.note(
        ccache->client + " has a ticket for " + exam.service.principal + " in " + *name +
            ", but no ticket-granting ticket",
        "logins to other services fail, and so do logins to this one after the ticket expires",
        "kinit " + ccache->client);
  } else {
    report_no_ticket(*name, "it contains no ticket-granting ticket", &report);
  }
  return report.take();
}

Findings check_keytab(const Examination& exam) {
  Report report("keytab");
  if (!krb_configuration()) return {};  // the finding "krb5.conf" says so
  if (report_keys_of_proxy(exam, &report)) return report.take();
  const std::string name = keytab_name(exam);
  if (!check_file(exam, name, &report)) return report.take();
  const auto keytab = read_keytab(name, exam.options.service, exam.options.host);
  if (!keytab) {
    report.problem("the keytab " + name + " cannot be used: " + keytab.error().message,
                   "a server that cannot read its key does not offer the mechanism",
                   "try `klist -k " + name +
                       "`; export the key again: " + export_command(name, exam.service.principal));
    return report.take();
  }
  report_keys(exam, *keytab, &report);
  return report.take();
}

Findings check_key(const Examination& exam) {
  Report report("key"), ticket_report("ticket");
  for (const char* check : {"krb5.conf", "host", "keytab"}) {
    if (exam.has_problem(check)) return {};  // nothing to compare
  }
  if (has_keys_of_proxy(exam)) return {};
  if (exam.has_problem("kdc") || exam.has_problem("ticket")) {
    report.note(
        "the keytab's key was not compared with the KDC's",
        "the comparison needs a ticket and a KDC that answers",
        std::string("see the finding \"") + (exam.has_problem("kdc") ? "kdc" : "ticket") + "\"");
    return report.take();
  }
  const auto keytab = read_keytab(keytab_name(exam), exam.options.service, exam.options.host);
  const auto ticket = fresh_ticket(exam.service.principal);
  if (!keytab) return {};  // the keytab can no longer be read
  if (ticket) {
    report_key(exam, *keytab, *ticket, &report);
    report_stale(exam, *keytab, *ticket, &ticket_report);
  } else if (!exam.options.examines_client) {
    report.note("the keytab's key was not compared with the KDC's: " + ticket.error().message,
                "the comparison needs a ticket", "kinit USER");
  } else {
    report_refusal(exam, ticket.error(), &report);
  }
  Findings findings = report.take();
  for (Finding& finding : ticket_report.take()) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace gssloop::tools
