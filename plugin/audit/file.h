// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_AUDIT_FILE_H_
#define GSSLOOP_PLUGIN_AUDIT_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "gssloop/base/result.h"

namespace gssloop::plugin::audit {

// The file of an audit trail. Each line opens it, so there is nothing that threads share, that a
// fork copies, or that a program which closes all descriptors makes wrong; and a file that was
// renamed or removed gets no more lines. Any number of threads and processes may write.

// append_line appends `line`, which ends with "\n", by one write. A missing file is made, with mode
// 0600. If the file does not end with "\n" (another line was written in part, because a disk was
// full), the line begins after one. While another process writes, the file may seem not to end with
// "\n", so a trail may have empty lines. Fails, with a message that completes "PATH ...", if the
// file cannot be opened, is not a regular file, belongs to another user than root and this
// process's, is a symbolic link of such a user, is writable by all, or did not take the whole line.
std::optional<Error> append_line(const std::string& path, std::string_view line);

// check_file returns the reason why append_line would fail now. It makes and changes no file.
std::optional<Error> check_file(const std::string& path);

}  // namespace gssloop::plugin::audit

#endif  // GSSLOOP_PLUGIN_AUDIT_FILE_H_
