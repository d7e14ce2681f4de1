// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_CLEANUP_H_
#define GSSLOOP_TOOLS_TRIAL_CLEANUP_H_

#include <string>

namespace gssloop::tools {

// Removes one temporary file if a signal ends the program. One thread.

// clean_up_on_signals installs handlers for SIGINT, SIGTERM, SIGHUP and SIGPIPE. They remove the
// file and let the signal end the program, so that a shell sees the signal.
void clean_up_on_signals();

// make_temporary makes a file in the folder of `path` that only this user can read, and has a
// signal remove it. It returns the descriptor, or -1 with errno set. *name receives the file's
// name.
int make_temporary(const std::string& path, std::string* name);

// remove_temporary removes the file. rename_temporary gives it its final name instead; if it
// returns false, errno says why, and the file still exists.
void remove_temporary(const std::string& name);
bool rename_temporary(const std::string& name, const std::string& path);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_CLEANUP_H_
