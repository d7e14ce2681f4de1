// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_AUDIT_AUDIT_H_
#define GSSLOOP_TOOLS_AUDIT_AUDIT_H_

#include "tools/command.h"

namespace gssloop::tools {

// `gssloop audit`: the lines of an audit trail, filtered and counted.
Subcommand audit_subcommand();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_AUDIT_AUDIT_H_
