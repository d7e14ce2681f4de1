// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_AUDIT_AUDIT_FILTER_H_
#define GSSLOOP_TOOLS_AUDIT_AUDIT_FILTER_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "tools/audit/audit_line.h"

namespace gssloop::tools {

// point_in_time reads a point in time: a date, a date and a time in UTC ("2026-11-30T03:25:36Z",
// with a blank instead of "T", and without "Z", the seconds or the time), or how long before `now`
// it was
// ("90s", "15m", "12h", "7d"). The result compares with the times of a trail as texts. nullopt for
// another text.
std::optional<std::string> point_in_time(std::string_view text,
                                         std::chrono::system_clock::time_point now);

// AuditFilter says which records are of interest. What is empty does not matter.
struct AuditFilter {
  std::string since, until;  // of point_in_time; the records from the first until before the second
  std::string result;
  std::string user;  // authid, authzid or principal
  std::string service, mechanism;
  std::string rule;  // FILE, FILE:LINE or FILE:LINE:COLUMN

  bool matches(const AuditLine& record) const;
};

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_AUDIT_AUDIT_FILTER_H_
