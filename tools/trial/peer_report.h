// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_PEER_REPORT_H_
#define GSSLOOP_TOOLS_TRIAL_PEER_REPORT_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/base/attribute.h"
#include "gssloop/base/result.h"
#include "gssloop/loop/established_context.h"
#include "tools/json.h"
#include "tools/output.h"

namespace gssloop::tools {

// PeerReport is what an acceptor learned of its peer: the name, and the attributes of the name. A
// report may come over the network. So use it for display only: its authenticated values must not
// decide a login.
struct PeerReport {
  std::string peer;
  bool is_anonymous = false;
  std::string mechanism;  // dotted OID, of the established context
  // The local user to which the acceptor's machine maps the peer (Kerberos: auth_to_local).
  std::optional<std::string> local_name;
  Attributes attributes;
  std::string why_unknown;  // why the attributes could not be listed; "" otherwise
};

// peer_report_of reads all that an acceptor's context holds about its initiator.
PeerReport peer_report_of(const loop::EstablishedContext& acceptor);

// to_json writes values and names in base64, with "text" beside it if they are text.
// read_peer_report reads what to_json wrote, and refuses anything else.
Json to_json(const PeerReport& report);
Result<PeerReport, Error> read_peer_report(std::string_view text);

// Annotate returns notes about an attribute, a clause each: its decoded values, for example, or the
// property that it becomes.
using Annotate = std::function<std::vector<std::string>(const Attribute&)>;

// print shows a report. It shows values as text if they are UTF-8 that cannot control a terminal,
// and others in hexadecimal. It shortens long values unless `is_full`. `annotate` may be empty.
void print(const PeerReport& report, bool is_full, const Annotate& annotate, const Output& output);

// values_of borrows the octets of the values, authenticated or asserted.
std::vector<ByteView> values_of(const Attribute& attribute);

// is_fit_for_terminal is true for well-formed UTF-8 without control, formatting and direction
// characters.
bool is_fit_for_terminal(ByteView octets);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_PEER_REPORT_H_
