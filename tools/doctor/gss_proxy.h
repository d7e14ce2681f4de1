// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_GSS_PROXY_H_
#define GSSLOOP_TOOLS_DOCTOR_GSS_PROXY_H_

#include "gssloop/gss/credentials.h"
#include "tools/doctor/checks.h"

namespace gssloop::tools {

// What GSS-Proxy's daemon holds for this process. These functions ask it, and so need a process of
// their own. Each check has one.

// acceptor_credential acquires the server's credential as the module does, by the option
// service_principal.
gss::Result<gss::Credential> acceptor_credential(const Examination& exam);

// has_keys_of_proxy: a server of this process has its keys from the daemon, and needs no keytab.
bool has_keys_of_proxy(const Examination& exam);

// report_keys_of_proxy reports what the daemon holds for a server. Returns true if that replaces a
// keytab.
bool report_keys_of_proxy(const Examination& exam, Report* report);

// report_ticket_of_proxy reports the ticket that the daemon holds for a client. Returns false, and
// reports nothing, if there is none.
bool report_ticket_of_proxy(Report* report);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_GSS_PROXY_H_
