// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_EXIT_H_
#define GSSLOOP_TOOLS_EXIT_H_

namespace gssloop::tools {

// Exit is the status of the program, the same for every subcommand.
enum class Exit {
  kDone = 0,      // the command succeeded, and its answer is yes
  kFailed = 1,    // a login was refused, or there are findings
  kUsage = 2,     // the command line is wrong
  kNotTried = 3,  // the command could not try: no ticket, no connection, an unreadable file
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_EXIT_H_
