// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_KERBEROS_KDC_EXCHANGE_H_
#define GSSLOOP_TOOLS_KERBEROS_KDC_EXCHANGE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"

namespace gssloop::tools {

// These functions ask one KDC. libkrb5 asks all KDCs in turn and does not say which one did not
// answer.

// KdcAddress is where a KDC listens, as configured.
struct KdcAddress {
  std::string host;
  std::string port = "88";
  // text is "host:port", an IPv6 address in brackets.
  std::string text() const;
  friend bool operator==(const KdcAddress&, const KdcAddress&) = default;
};

// parse_kdc_address reads the value of "kdc = " in krb5.conf: "host", "host:port",
// "[address]:port". It returns nullopt for anything else, such as the "https://..." of a proxy.
std::optional<KdcAddress> parse_kdc_address(std::string_view text);

// find_kdcs looks for the realm's KDCs in the DNS (SRV records, RFC 4120 section 7.2.3.2). The list
// is empty if there are none, or if no answer comes within some 2 seconds.
std::vector<KdcAddress> find_kdcs(const std::string& realm);

// has_uri_records says whether the DNS has URI records for the realm's KDCs (krb5.conf(5),
// dns_uri_lookup). Only libkrb5 reads them.
bool has_uri_records(const std::string& realm);

// parse_srv reads the addresses of a DNS answer, in the order in which to try them. The list is
// empty for octets that are not a DNS answer.
std::vector<KdcAddress> parse_srv(ByteView answer);

// ask_kdc sends a request and returns the answer: by TCP, and if the KDC does not listen there, by
// UDP. Each of the two has this timeout. The message of a failure names the call that failed.
Result<Bytes, Error> ask_kdc(const KdcAddress& address, ByteView request,
                             std::chrono::milliseconds timeout);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_KERBEROS_KDC_EXCHANGE_H_
