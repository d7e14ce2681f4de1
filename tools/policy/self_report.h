// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_SELF_REPORT_H_
#define GSSLOOP_TOOLS_POLICY_SELF_REPORT_H_

#include <string>
#include <vector>

#include "gssloop/base/result.h"
#include "gssloop/gss/oid.h"
#include "tools/command.h"
#include "tools/trial/peer_report.h"

namespace gssloop::tools {

// SelfLoginOptions holds the service and the credentials for a login of this process to itself. An
// empty text means the default.
struct SelfLoginOptions {
  std::string service;  // "imap@host", "imap" (on this machine), or a Kerberos principal
  std::string keytab, ccache;
};

// add_credential_options adds --keytab and --ccache to *list.
void add_credential_options(SelfLoginOptions* options, std::vector<Option>* list);

// use_credentials makes `options.keytab` and `options.ccache` the defaults of this process.
void use_credentials(const SelfLoginOptions& options);

// report_by_self_login logs in to a service of this machine, in memory, with the ticket and the
// keytab of `options`, and returns what the acceptor learned. If the login fails, it prints why on
// standard error, and returns the exit status.
Result<PeerReport, Exit> report_by_self_login(const SelfLoginOptions& options, const gss::Oid& mech,
                                              const Output& output);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_SELF_REPORT_H_
