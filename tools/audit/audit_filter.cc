// SPDX-License-Identifier: BSD-2-Clause
#include "tools/audit/audit_filter.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace gssloop::tools {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

// How the module writes it, as far as the second.
std::string written(system_clock::time_point time) {
  const std::time_t count = system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&count, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return text;
}

std::optional<std::string> before(std::string_view text, system_clock::time_point now) {
  constexpr int kMaxNumber = 1'000'000;
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop + 1 != text.data() + text.size()) return std::nullopt;
  if (number < 0 || number > kMaxNumber) return std::nullopt;
  switch (*stop) {
    case 's':
      return written(now - seconds(number));
    case 'm':
      return written(now - std::chrono::minutes(number));
    case 'h':
      return written(now - std::chrono::hours(number));
    case 'd':
      return written(now - std::chrono::hours(24) * number);
    default:
      return std::nullopt;
  }
}

// The calendar has the date and the time: mktime would change any other.
bool exists(const std::string& text) {
  std::tm utc{};
  const std::string whole = text + std::string("0000-00-00T00:00:00").substr(text.size());
  if (strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%S", &utc) == nullptr) return false;
  const std::time_t count = timegm(&utc);
  return written(system_clock::from_time_t(count)) == whole;
}

bool is_member_of(std::string_view name, const AuditLine& record) {
  const auto is_it = [&](const char* member) { return record.text(member) == name; };
  return std::ranges::any_of(std::initializer_list<const char*>{"authid", "authzid", "principal"},
                             is_it);
}

// A place, or all places of a file or a line.
bool is_within(std::string_view place, std::string_view wanted) {
  return place.starts_with(wanted) &&
         (place.size() == wanted.size() || place[wanted.size()] == ':');
}

}  // namespace

std::optional<std::string> point_in_time(std::string_view text, system_clock::time_point now) {
  if (auto relative = before(text, now)) return relative;
  std::string point(text);
  if (point.ends_with('Z')) point.pop_back();
  if (point.size() > 10 && point[10] == ' ') point[10] = 'T';
  // A date, and a time to the minute or the second.
  const bool is_whole = point.size() == 10 || point.size() == 16 || point.size() == 19;
  if (!is_whole || !exists(point)) return std::nullopt;
  return point;
}

bool AuditFilter::matches(const AuditLine& record) const {
  const std::string_view time = record.text("time");
  const auto is_right = [&](const char* member, const std::string& wanted) {
    return wanted.empty() || record.text(member) == wanted;
  };
  return (since.empty() || time >= since) && (until.empty() || time < until) &&
         is_right("result", result) && is_right("service", service) &&
         is_right("mechanism", mechanism) && (user.empty() || is_member_of(user, record)) &&
         (rule.empty() || is_within(record.text("rule"), rule));
}

}  // namespace gssloop::tools
