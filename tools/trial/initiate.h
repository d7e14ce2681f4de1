// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_INITIATE_H_
#define GSSLOOP_TOOLS_TRIAL_INITIATE_H_

#include <string>

#include "gssloop/base/result.h"
#include "gssloop/loop/established_context.h"
#include "tools/command.h"
#include "tools/trial/files.h"
#include "tools/trial/login_options.h"
#include "tools/trial/login_report.h"

namespace gssloop::tools {

// initiate_subcommand is `gssloop initiate`: a login over TCP to `gssloop accept`, explained leg by
// leg, and a file sent protected.
Subcommand initiate_subcommand();

// What an initiator of any subcommand wants.
struct Initiation {
  std::string host, port, service;
  LoginTerms terms;
  Flags request, required;
  loop::Limits limits;
};

// Connected is a login that succeeded. The context must go before the connection.
struct Connected {
  Descriptor connection;
  loop::EstablishedContext context;
};

// log_in connects and logs in. A failure is said on standard error, and written to *document (as
// "failure") as the legs are (as "legs"). `legs` explains.
Result<Connected, Exit> log_in(Initiation wanted, Legs* legs, Json* document, const Output& output);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_INITIATE_H_
