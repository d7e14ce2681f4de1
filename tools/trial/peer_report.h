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

// PeerReport is what an acceptor learned of its peer: its name, and the attributes of the name. It
// may have come over the network. So it is there to be shown: what it says to be authenticated
// decides no login.
struct PeerReport {
  std::string peer;
  bool is_anonymous = false;
  std::string mechanism;  // dotted OID, of the established context
  // The local user that the acceptor's machine makes of the peer (Kerberos: auth_to_local).
  std::optional<std::string> local_name;
  Attributes attributes;
  std::string why_unknown;  // the list of attributes could not be had; "" otherwise
};

// peer_report_of reads all that an acceptor's context tells of its initiator.
PeerReport peer_report_of(const loop::EstablishedContext& acceptor);

// The JSON form: values and names in base64, with "text" beside it where they are text.
// read_peer_report takes what to_json made, and refuses anything else.
Json to_json(const PeerReport& report);
Result<PeerReport, Error> read_peer_report(std::string_view text);

// Annotate says what else is known of an attribute, a clause each: what a decoder makes of it, say,
// or which property it becomes.
using Annotate = std::function<std::vector<std::string>(const Attribute&)>;

// print shows a report. Values that are UTF-8 without anything that steers a terminal are shown as
// text, others in hex; both are cut unless `is_full`. `annotate` may be empty.
void print(const PeerReport& report, bool is_full, const Annotate& annotate, const Output& output);

// values_of borrows the octets of the values, whoever stands behind them.
std::vector<ByteView> values_of(const Attribute& attribute);

// is_fit_for_terminal: well-formed UTF-8 without control, formatting and direction characters.
bool is_fit_for_terminal(ByteView octets);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_PEER_REPORT_H_
