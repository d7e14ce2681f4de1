// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_
#define GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_

#include "tools/command.h"

namespace gssloop::tools {

// add_attributes adds `gssloop attributes`: the name attributes that an acceptor sees of whoever
// holds the present ticket, by a login to oneself, or to `gssloop accept --reveal` elsewhere.
void add_attributes(CLI::App* app, Command* chosen);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_POLICY_ATTRIBUTES_H_
