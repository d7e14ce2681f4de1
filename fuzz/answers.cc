// SPDX-License-Identifier: BSD-2-Clause
#include <string>

#include "fuzz/targets.h"
#include "tools/kerberos/kdc_exchange.h"
#include "tools/kerberos/kdc_request.h"

namespace gssloop::fuzz {

void kdc_answer(ByteView input) {
  const auto answer = tools::read_kdc_answer(input);
  if (!answer) {
    require(!answer.error().message.empty() && !is_control, "a failure has a reason");
    return;
  }
  require(answer->text.size() < 65536 && !is_control, "a text has an end");
}

void dns_answer(ByteView input) {
  // Each record takes more than 10 octets (RFC 1035 section 4.1.3).
  const auto addresses = tools::parse_srv(input);
  require(addresses.size() <= input.size() / 10, "no more addresses than there is room for");
  for (const auto& address : addresses) {
    require(!address.host.empty() && !is_control, "a host has a name");
    require(!has_control_characters(as_bytes(address.host)), "a host has no control characters");
    const int port = std::stoi(address.port);
    require(port > 0 && port < 65536 && std::to_string(port) == address.port, "a port is a port");
  }
  // What krb5.conf says in its place.
  const auto configured = tools::parse_kdc_address(as_text(input));
  if (!configured) return;
  require(!configured->host.empty(), "a configured host has a name");
  require(tools::parse_kdc_address(configured->text()) == configured, "its text says the same");
}

}  // namespace gssloop::fuzz
