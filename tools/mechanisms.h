// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_MECHANISMS_H_
#define GSSLOOP_TOOLS_MECHANISMS_H_

#include "tools/command.h"

namespace gssloop::tools {

// mechanisms_subcommand is `gssloop mechanisms`. It lists the GSS-API mechanisms of this machine,
// the attributes that they declare (RFC 5587), and the names under which the SASL module offers
// them, or why it does not.
Subcommand mechanisms_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_MECHANISMS_H_
