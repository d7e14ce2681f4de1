// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_
#define GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_

#include "tools/command.h"

namespace gssloop::tools {

// attributes_subcommand is `gssloop attributes`. It shows the name attributes that an acceptor sees
// of the present ticket's client. The acceptor is in this process, or it is `gssloop accept
// --reveal` on another machine.
Subcommand attributes_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_
