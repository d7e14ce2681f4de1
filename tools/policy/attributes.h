// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_
#define GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_

#include "tools/command.h"

namespace gssloop::tools {

// attributes_subcommand is `gssloop attributes`: the name attributes that an acceptor sees of
// whoever holds the present ticket, by a login to oneself, or to `gssloop accept --reveal`
// elsewhere.
Subcommand attributes_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_
