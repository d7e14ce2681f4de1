// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_CLEANUP_H_
#define GSSLOOP_TOOLS_TRIAL_CLEANUP_H_

#include <string>

namespace gssloop::tools {

// What must not be left behind when a signal ends the program: one temporary file. One thread.

// clean_up_on_signals lets SIGINT, SIGTERM, SIGHUP and SIGPIPE remove the file before they end the
// program as they would without us, so that a shell sees the signal.
void clean_up_on_signals();

// make_temporary makes a file beside `path`, for this user alone, and has it removed by a signal.
// Returns its descriptor, or -1 with errno set; *name is what it is called.
int make_temporary(const std::string& path, std::string* name);

// remove_temporary removes the file; rename_temporary gives it its lasting name instead (false:
// errno says why, and the file is still there).
void remove_temporary(const std::string& name);
bool rename_temporary(const std::string& name, const std::string& path);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_CLEANUP_H_
