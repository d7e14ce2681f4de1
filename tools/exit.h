// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_EXIT_H_
#define GSSLOOP_TOOLS_EXIT_H_

namespace gssloop::tools {

// Exit is the status of the program, the same for every subcommand.
enum class Exit {
  kDone = 0,      // done; the answer is yes
  kFailed = 1,    // what was asked about failed: a login was refused, there are findings
  kUsage = 2,     // the command line makes no sense
  kNotTried = 3,  // it could not be tried: no ticket, no connection, an unreadable file
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_EXIT_H_
