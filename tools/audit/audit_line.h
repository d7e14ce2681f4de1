// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_AUDIT_AUDIT_LINE_H_
#define GSSLOOP_TOOLS_AUDIT_AUDIT_LINE_H_

#include <map>
#include <string>
#include <string_view>

namespace gssloop::tools {

// AuditLine is a line of a file that has an audit trail: of the module's own file, of a syslog
// file, or of `journalctl -o json`.
struct AuditLine {
  enum class Kind {
    kRecord,   // of a login
    kOther,    // an empty line, or of syslog and of another program
    kDamaged,  // neither
  };
  Kind kind = Kind::kDamaged;
  std::string json = {};  // of kRecord: one line, in ASCII
  // Of kRecord: the members that are texts, by their names.
  std::map<std::string, std::string, std::less<>> texts = {};

  // text is "" for a member that the record does not have.
  std::string_view text(std::string_view name) const;
};

// read_audit_line reads a line without its end. A syslog file has lines of other programs, in which
// users may write what they like: so a record counts only where the whole message is one.
AuditLine read_audit_line(std::string_view line);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_AUDIT_AUDIT_LINE_H_
