// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_MECHANISMS_H_
#define GSSLOOP_TOOLS_MECHANISMS_H_

#include "tools/command.h"

namespace gssloop::tools {

// mechanisms_subcommand is `gssloop mechanisms`: the GSS-API mechanisms of this machine, what they
// declare of themselves, and under which names the SASL module offers them, or why not.
Subcommand mechanisms_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_MECHANISMS_H_
