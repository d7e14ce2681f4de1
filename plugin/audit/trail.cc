// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/audit/trail.h"

#include <syslog.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "plugin/audit/file.h"

namespace gssloop::plugin::audit {
namespace {

// openlog belongs to the application, which chooses the name in front of the line.
void write_to_syslog(const Record& record, std::string_view line) {
  line.remove_suffix(1);  // the line feed
  const int level = record.outcome == Record::Outcome::kAdmitted ? LOG_INFO : LOG_NOTICE;
  syslog(LOG_AUTHPRIV | level, "gssloop-audit: %.*s", static_cast<int>(line.size()), line.data());
}

}  // namespace

std::optional<Error> Trail::write(const AuditOptions& options, const Record& record) {
  const std::string line = to_line(record, std::chrono::system_clock::now(), getpid());
  if (options.to == AuditOptions::To::kSyslog) {
    write_to_syslog(record, line);
    return std::nullopt;
  }
  if (auto error = append_line(options.path, line)) {
    return Error{"the audit trail " + options.path + " " + error->message};
  }
  if (has_warned_.load(std::memory_order_relaxed)) has_warned_ = false;
  return std::nullopt;
}

void Trail::warn(const Error& error, const SaslUtils& sasl) {
  if (has_warned_.exchange(true)) return;
  sasl.log(SASL_LOG_WARN,
           "gssloop: a login has no audit line, and others may have none until this "
           "is corrected: " +
               error.message);
}

}  // namespace gssloop::plugin::audit
