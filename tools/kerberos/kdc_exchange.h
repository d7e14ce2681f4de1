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

// Asking one KDC. libkrb5 asks all of them in turn and does not say which did not answer.

// KdcAddress is where a KDC listens, as configured.
struct KdcAddress {
  std::string host;
  std::string port = "88";
  // text is "host:port", an IPv6 address in brackets.
  std::string text() const;
  friend bool operator==(const KdcAddress&, const KdcAddress&) = default;
};

// parse_kdc_address reads what stands behind "kdc = " in krb5.conf: "host", "host:port",
// "[address]:port". nullopt for all else, such as the "https://..." of a proxy.
std::optional<KdcAddress> parse_kdc_address(std::string_view text);

// find_kdcs looks for the realm's KDCs in the DNS (SRV records, RFC 4120 section 7.2.3.2). Empty
// where there are none, or no answer in some 2 seconds.
std::vector<KdcAddress> find_kdcs(const std::string& realm);

// has_uri_records says whether the DNS has the realm's KDCs as URI records (krb5.conf(5),
// dns_uri_lookup), which only libkrb5 reads.
bool has_uri_records(const std::string& realm);

// parse_srv reads the addresses of a DNS answer, the ones to be tried first in front; empty for
// octets that are none.
std::vector<KdcAddress> parse_srv(ByteView answer);

// ask_kdc sends a request and returns the answer: by TCP, and if nobody listens there, by UDP. The
// timeout is for each of the two. Fails with a message that names what did not work.
Result<Bytes, Error> ask_kdc(const KdcAddress& address, ByteView request,
                             std::chrono::milliseconds timeout);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_KERBEROS_KDC_EXCHANGE_H_
