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

// initiate_subcommand is `gssloop initiate`. It logs in over TCP to `gssloop accept`, explains the
// login leg by leg, and sends a file, protected.
Subcommand initiate_subcommand();

// Initiation describes a login over TCP.
struct Initiation {
  std::string host, port, service;
  LoginTerms terms;
  Flags request, required;
  loop::Limits limits;
};

// Connected is a login that succeeded. The context is destroyed before the connection.
struct Connected {
  Descriptor connection;
  loop::EstablishedContext context;
};

// log_in connects and logs in. `legs` explains the login. log_in writes the legs to *document, as
// "legs". If it fails, it prints why on standard error, and writes it to *document, as "failure".
Result<Connected, Exit> log_in(Initiation wanted, Legs* legs, Json* document, const Output& output);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_INITIATE_H_
