// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_AUDIT_TRAIL_H_
#define GSSLOOP_PLUGIN_AUDIT_TRAIL_H_

#include <atomic>
#include <optional>

#include "gssloop/base/result.h"
#include "plugin/audit/record.h"
#include "plugin/sasl/options.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin::audit {

// Trail writes the lines about the logins of a server process. Any number of threads may use it;
// they share a flag.
class Trail {
 public:
  // write writes the record, with the present time, to where the options say. Fails with a message
  // that names the file. A failure of syslog cannot be seen.
  std::optional<Error> write(const AuditOptions& options, const Record& record);

  // warn logs that a line is missing; but only once, until a line can be written again.
  void warn(const Error& error, const SaslUtils& sasl);

 private:
  std::atomic<bool> has_warned_ = false;
};

}  // namespace gssloop::plugin::audit

#endif  // GSSLOOP_PLUGIN_AUDIT_TRAIL_H_
