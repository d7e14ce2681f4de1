// SPDX-License-Identifier: BSD-2-Clause
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>

#include "tools/doctor/checks.h"
#include "tools/doctor/format.h"
#include "tools/kerberos/kdc_exchange.h"
#include "tools/kerberos/kdc_request.h"

namespace gssloop::tools {
namespace {

constexpr std::chrono::seconds kKdcTimeout{2};
constexpr std::int64_t kNotedSkew_s = 60;

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

struct Lookup {
  std::vector<std::string> addresses;
  std::string canonical;  // the name that the forward lookup returns
  std::string loopback;   // the first address of 127/8 or ::1
  std::string failure;
};

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
  }
  const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(address);
  return address->sa_family == AF_INET && ntohl(ipv4->sin_addr.s_addr) >> 24 == 127;
}

Lookup look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_CANONNAME;
  addrinfo* list = nullptr;
  Lookup result;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    result.failure = gai_strerror(code);
    return result;
  }
  const Addresses owner(list);
  if (list->ai_canonname != nullptr) result.canonical = list->ai_canonname;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST], name[NI_MAXHOST];
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) !=
        0) {
      continue;
    }
    if (is_loopback(one->ai_addr) && result.loopback.empty()) result.loopback = text;
    const bool has_name =
        getnameinfo(one->ai_addr, one->ai_addrlen, name, sizeof name, nullptr, 0, NI_NAMEREQD) == 0;
    result.addresses.push_back(text +
                               (has_name ? " = " + std::string(name) : std::string(" (no name)")));
  }
  return result;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  return text;
}

void report_addresses(const Examination& exam, const Lookup& found, Report* report) {
  const std::string& host = exam.options.host;
  if (!found.failure.empty()) {
    const std::string what = host + " has no address: " + found.failure;
    const std::string remedy = "check /etc/hosts and the DNS (getent hosts " + host + ")";
    if (exam.options.examines_client) {
      report->problem(what, "a client cannot connect to it by that name", remedy);
    } else {
      report->note(what, "clients need an address, and libkrb5 may need one", remedy);
    }
  } else if (!found.loopback.empty() && host != "localhost") {
    report->note(host + " is " + found.loopback + " here (/etc/hosts)",
                 "only this machine sees this address; other machines find another one. With rdns "
                 "= true, libkrb5 here uses the name that /etc/hosts has for " +
                     found.loopback + "; clients on other machines do not",
                 "in /etc/hosts, write the full name first after " + found.loopback +
                     ", or set rdns = false in krb5.conf");
  }
}

// The keytab has the service's key with the name that was asked for, and none with Kerberos' name.
bool has_key_of_asked_name(const Examination& exam) {
  const auto keytab = read_keytab(exam.options.keytab, exam.options.service, exam.options.host);
  if (!keytab || std::ranges::any_of(keytab->keys, &KeytabKey::is_of_service)) return false;
  const std::string asked = exam.options.service + "/" + lower(exam.options.host) + "@";
  return std::ranges::any_of(
      keytab->keys, [&](const KeytabKey& key) { return key.principal.starts_with(asked); });
}

// libkrb5 looks up the host's address, and, with rdns = true, the name of that address.
void report_changed_name(const Examination& exam, const Lookup& found, Report* report) {
  const auto configuration = krb_configuration();
  const bool is_reverse = configuration && configuration->rdns &&
                          configuration->canonicalize != "false" && found.failure.empty() &&
                          !equals_ignoring_case(found.canonical, exam.service.host);
  const std::string what = "Kerberos changes the host name " + exam.options.host + " to " +
                           exam.service.host + (is_reverse ? " by the reverse DNS (" : "") +
                           (is_reverse ? joined(found.addresses) + ")" : "") +
                           ", so the service is " + exam.service.principal;
  const std::string remedy =
      is_reverse ? "set rdns = false under [libdefaults] in krb5.conf, here and on the clients; or "
                   "correct the name of the address in the DNS or /etc/hosts"
                 : "if you do not want this, set dns_canonicalize_hostname = false or rdns = false "
                   "in krb5.conf";
  if (exam.options.examines_server && exam.option("service_principal").empty() &&
      has_key_of_asked_name(exam)) {
    report->problem(what,
                    "the keytab has a key for " + exam.options.service + "/" + exam.options.host +
                        " only, but clients request a ticket for the changed name",
                    is_reverse ? remedy
                               : "set dns_canonicalize_hostname = false under [libdefaults] in "
                                 "krb5.conf, here and on the clients");
    return;
  }
  report->note(
      what, "clients request a ticket for the changed name, so the keytab must contain that name",
      remedy);
}

void report_name(const Examination& exam, const Lookup& found, Report* report) {
  const std::string& host = exam.options.host;
  const std::string& canonical = exam.service.host;
  if (lower(canonical) != lower(host)) report_changed_name(exam, found, report);
  if (canonical.find('.') == canonical.npos && canonical != "localhost") {
    report->note(canonical + " is not a full host name",
                 "clients that use the full name request a ticket for another service",
                 "use the full name (in /etc/hosts or the DNS, the first name of the address)");
  }
  char machine[256] = "";
  if (exam.options.examines_server && gethostname(machine, sizeof machine - 1) == 0 &&
      lower(machine) != lower(host) && lower(machine) != lower(canonical)) {
    report->note(
        "the name of this machine is " + std::string(machine),
        "servers that use the machine's name (svnserve, memcached, libvirtd) need the key of " +
            exam.options.service + "/" + machine,
        "for such a server: gssloop doctor " + exam.options.service + "@" + machine);
  }
}

// What one KDC said.
struct Kdc {
  std::string name;
  bool is_asked = false;
  std::string failure;  // it was asked, and did not answer
  KdcAnswer answer;
  std::int64_t ahead_s = 0;  // its clock before ours; where it told the time
};

Kdc ask(const std::string& name, const std::optional<KdcAddress>& address, ByteView request) {
  Kdc kdc;
  kdc.name = name;
  if (!address) return kdc;
  kdc.is_asked = true;
  const auto octets = ask_kdc(*address, request, kKdcTimeout);
  if (!octets) {
    kdc.failure = octets.error().message;
    return kdc;
  }
  const auto answer = read_kdc_answer(*octets);
  if (!answer) {
    kdc.failure = answer.error().message;
    return kdc;
  }
  kdc.answer = *answer;
  if (answer->time) kdc.ahead_s = static_cast<std::int64_t>(*answer->time) - std::time(nullptr);
  return kdc;
}

std::vector<Kdc> ask_all(const std::string& realm, const KrbConfiguration& configuration) {
  std::vector<Kdc> kdcs;
  const auto request = make_kdc_request(realm);
  const auto lines = configured_kdcs(realm);
  if (!request || !lines) return kdcs;
  for (const std::string& line : *lines) {
    kdcs.push_back(ask(line, parse_kdc_address(line), *request));
  }
  if (!kdcs.empty() || !configuration.looks_up_kdc) return kdcs;
  for (const KdcAddress& address : find_kdcs(realm)) {
    kdcs.push_back(ask(address.text(), address, *request));
  }
  if (kdcs.empty() && has_uri_records(realm)) {
    kdcs.push_back(ask("in the URI records", std::nullopt, *request));
  }
  return kdcs;
}

void report_kdc(const std::string& realm, const Kdc& kdc, Report* report) {
  const std::string name = "the KDC " + kdc.name + " of " + realm;
  if (!kdc.is_asked) {
    report->note(name + " was not asked", "it is a proxy, or only libkrb5 can read its address",
                 "test it with kinit");
  } else if (!kdc.answer.serves_realm) {
    report->problem(
        name + " answers that it does not serve the realm",
        "this KDC issues no tickets for the realm",
        "check the realm's name (default_realm, [domain_realm]) and its kdc lines in krb5.conf");
  } else {
    report->good(name + " answers");
  }
}

void report_silent(const std::string& realm, const std::vector<std::string>& silent, bool are_all,
                   Report* report) {
  const std::string what = joined(silent, "; ");
  const std::string remedy =
      "check the network (does a firewall block port 88?), that krb5kdc runs there, and the kdc "
      "lines of " +
      realm + " in krb5.conf";
  if (are_all) {
    report->problem("no KDC of " + realm + " answers: " + what,
                    "without a KDC no client gets a ticket", remedy);
  } else {
    report->note("not every KDC of " + realm + " answers: " + what,
                 "another KDC answers, but a login may first wait for these", remedy);
  }
}

void report_kdcs(const std::string& realm, const std::vector<Kdc>& kdcs, Report* report) {
  std::vector<std::string> silent;
  for (const Kdc& kdc : kdcs) {
    if (kdc.failure.empty()) {
      report_kdc(realm, kdc, report);
    } else {
      silent.push_back(kdc.name + " (" + kdc.failure + ")");
    }
  }
  if (!silent.empty()) report_silent(realm, silent, silent.size() == kdcs.size(), report);
}

void report_clock(const Kdc& kdc, int limit_s, Report* report) {
  if (!kdc.answer.time) return;
  const std::string what = "this machine's clock is " + duration(kdc.ahead_s) +
                           (kdc.ahead_s > 0 ? " behind" : " ahead of") + " the clock of the KDC " +
                           kdc.name;
  const std::string remedy =
      "set the clock and keep it synchronised (timedatectl set-ntp true, chrony, ntpd)";
  const std::int64_t amount = kdc.ahead_s < 0 ? -kdc.ahead_s : kdc.ahead_s;
  if (amount > limit_s) {
    report->problem(what,
                    "Kerberos refuses tickets when clocks differ by more than " +
                        duration(limit_s) + " (clockskew)",
                    remedy);
  } else if (amount > kNotedSkew_s) {
    report->note(what,
                 "Kerberos refuses tickets when clocks differ by more than " + duration(limit_s),
                 remedy);
  } else {
    report->good("this machine's clock agrees with the clock of the KDC " + kdc.name);
  }
}

void report_default_realm(const Examination& exam, const std::string& realm,
                          const std::vector<std::string>& readable, Report* report) {
  const std::string file = readable.empty() ? "krb5.conf" : readable.front();
  if (realm.empty()) {
    report->problem(
        "no default realm",
        "Kerberos cannot complete names without a realm (kinit USER, a service's principal)",
        "set default_realm under [libdefaults] in " + file);
  } else if (!exam.service.realm.empty() && exam.service.realm != realm) {
    report->note("the default realm is " + realm + ", but the host " + exam.service.host +
                     " is in the realm " + exam.service.realm,
                 "users of " + realm +
                     " need a trust between the realms, and servers shorten only names in the "
                     "default realm (alice@REALM to alice)",
                 "if you do not want this, change default_realm or [domain_realm] in " + file);
  } else if (!report->has_problem()) {
    report->good("the default realm is " + realm + " (" + joined(readable) + ")");
  }
}

}  // namespace

Findings check_configuration(const Examination& exam) {
  Report report("krb5.conf");
  const auto files = configuration_files();
  std::vector<std::string> readable;
  for (const std::string& file : files) {
    if (access(file.c_str(), R_OK) == 0) {
      readable.push_back(file);
    } else if (access(file.c_str(), F_OK) == 0) {
      report.problem(file + " cannot be read by " + this_user(),
                     "Kerberos then has no realm and no KDC", "chmod a+r " + file);
    }
  }
  const auto configuration = krb_configuration();
  if (!configuration) {
    report.problem("Kerberos cannot use its configuration (" + joined(files) +
                       "): " + configuration.error().message,
                   "no program can use Kerberos", "correct it; krb5.conf(5) describes its format");
    return report.take();
  }
  if (readable.empty() && !report.has_problem()) {
    report.note("there is no " + joined(files, " or "), "Kerberos uses the DNS and its defaults",
                "write one with default_realm and the realm's KDC, or check KRB5_CONFIG");
  }
  report_default_realm(exam, configuration->default_realm, readable, &report);
  return report.take();
}

Findings check_host(const Examination& exam) {
  Report report("host");
  if (!krb_configuration()) return {};  // the finding "krb5.conf" says so
  const Lookup found = look_up(exam.options.host);
  report_addresses(exam, found, &report);
  if (exam.service.principal.empty()) {
    report.consequence(exam.cause_among({"krb5.conf"}),
                       "Kerberos cannot make a service principal for " + exam.options.host + ": " +
                           exam.service_failure,
                       "neither client nor server can tell which key to use",
                       "check the host's name and krb5.conf");
    return report.take();
  }
  report_name(exam, found, &report);
  if (!report.has_problem()) {
    report.good("the service is " + exam.service.principal +
                (found.addresses.empty() ? "" : " (" + joined(found.addresses) + ")"));
  }
  return report.take();
}

Findings check_kdc(const Examination& exam) {
  Report report("kdc"), clock("clock");
  const auto configuration = krb_configuration();
  if (!configuration) return {};
  const std::string realm =
      exam.service.realm.empty() ? configuration->default_realm : exam.service.realm;
  if (realm.empty()) return {};
  const auto kdcs = ask_all(realm, *configuration);
  report_kdcs(realm, kdcs, &report);
  for (const Kdc& kdc : kdcs) report_clock(kdc, configuration->clockskew_s, &clock);
  if (kdcs.empty()) {
    report.problem("no KDC is known for the realm " + realm,
                   "without a KDC no client gets a ticket",
                   std::string("check the realm's name; add \"kdc = HOST\" to ") + realm +
                       " under [realms] in krb5.conf" +
                       (configuration->looks_up_kdc ? ", or SRV records to the DNS"
                                                    : ", or set dns_lookup_kdc = true"));
  }
  Findings findings = report.take();
  for (Finding& finding : clock.take()) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace gssloop::tools
