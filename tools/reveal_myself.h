// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_REVEAL_MYSELF_H_
#define GSSLOOP_TOOLS_REVEAL_MYSELF_H_

#include <string>

#include "gssloop/base/result.h"
#include "gssloop/gss/oid.h"
#include "tools/command.h"
#include "tools/reveal.h"

namespace gssloop::tools {

// Revealed is a name, or the exit status of a failure that was said already.
using Revealed = Result<PeerReport, Exit>;

// Myself is whom to log in as, and to which service; empty texts are the defaults.
struct Myself {
  std::string service;  // "imap@host", "imap" (on this machine), or a Kerberos principal
  std::string keytab, ccache;
};

// add_credential_options adds --keytab and --ccache to a subcommand.
void add_credential_options(CLI::App* command, Myself* myself);

// use_credentials makes its keytab and ccache those of this process.
void use_credentials(const Myself& myself);

// reveal_myself logs in to a service of this machine's by the present ticket and keytab, in memory,
// and returns what the acceptor saw. Says on standard error why it could not.
Revealed reveal_myself(const Myself& myself, const gss::Oid& mech, const Output& output);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_REVEAL_MYSELF_H_
