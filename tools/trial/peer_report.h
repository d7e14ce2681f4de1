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

// What an acceptor sees of a peer's name, as it is shown to a person. It may have come over the
// network, so it is for the eye alone: nothing here is an AuthenticatedValue that could decide.
struct RevealedAttribute {
  std::string name;
  bool is_authenticated = false;
  bool is_complete = false;
  std::vector<Bytes> values;
};

// PeerReport is what an acceptor learned of its peer: its name, and the attributes of the name.
struct PeerReport {
  std::string peer;
  bool is_anonymous = false;
  std::string mechanism;  // dotted OID, of the established context
  // Whom the acceptor's machine takes the peer for (Kerberos: auth_to_local), where it does.
  std::optional<std::string> local_name;
  std::vector<RevealedAttribute> attributes;
  std::vector<UnreadableAttribute> unreadable;
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
using Annotate = std::function<std::vector<std::string>(const RevealedAttribute&)>;

// print shows a report. Values that are UTF-8 without anything that steers a terminal are shown as
// text, others in hex; both are cut unless `is_full`. `annotate` may be empty.
void print(const PeerReport& report, bool is_full, const Annotate& annotate, const Output& output);

// is_fit_for_terminal: well-formed UTF-8 without control, formatting and direction characters.
bool is_fit_for_terminal(ByteView octets);

// from_base64 takes what base64() makes, and nothing else.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_PEER_REPORT_H_
