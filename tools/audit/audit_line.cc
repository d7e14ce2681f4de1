// SPDX-License-Identifier: BSD-2-Clause
#include "tools/audit/audit_line.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "tools/json.h"

namespace gssloop::tools {
namespace {

using Kind = AuditLine::Kind;

// In front of a record in syslog (plugin/audit/trail.cc).
constexpr std::string_view kMarker = "gssloop-audit: ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The time at the beginning of a line of syslog, "Nov 30 03:25:36 " or in the form of RFC 3339; its
// length, or 0.
std::size_t stamp_len(std::string_view line) {
  constexpr std::string_view kTraditional = "Aaa d0 00:00:00 ", kIso = "0000-00-00T00:00:00";
  const auto begins = [&](std::string_view form) {
    return line.size() > form.size() &&
           std::ranges::equal(line.substr(0, form.size()), form, [](char c, char wanted) {
             if (wanted == '0') return is_digit(c);
             if (wanted == 'd') return is_digit(c) || c == ' ';
             if (wanted == 'A') return c >= 'A' && c <= 'Z';
             if (wanted == 'a') return c >= 'a' && c <= 'z';
             return c == wanted;
           });
  };
  if (begins(kTraditional)) return kTraditional.size();
  const std::size_t end = line.find(' ');
  return begins(kIso) && end != line.npos ? end + 1 : 0;
}

// The message of a line of syslog: behind the time, the host and "NAME[PID]: ".
std::optional<std::string_view> syslog_message(std::string_view line) {
  const std::size_t len = stamp_len(line);
  if (len == 0) return std::nullopt;
  line.remove_prefix(len);
  const std::size_t host_end = line.find(' ');
  const std::size_t name_end = line.find(": ");
  // A name has no blank; with one, the colon is not the one behind it.
  if (host_end == line.npos || name_end == line.npos ||
      line.find(' ', host_end + 1) != name_end + 1) {
    return std::string_view();
  }
  return line.substr(name_end + 2);
}

AuditLine record_of(const Json& parsed) {
  AuditLine line{Kind::kRecord, parsed.dump(), {}};
  for (const Json::Member& member : parsed.members()) {
    if (const auto* text = std::get_if<std::string>(&member.value.value())) {
      line.texts.emplace(member.name, *text);
    }
  }
  if (line.text("time").empty() || line.text("result").empty()) return {};
  return line;
}

AuditLine read_record(std::string_view json) {
  const auto parsed = parse_json(json);
  if (!parsed || !std::holds_alternative<Json::Object>(parsed->value())) return {};
  return record_of(*parsed);
}

AuditLine read_message(std::string_view message) {
  if (!message.starts_with(kMarker)) return {Kind::kOther};
  return read_record(message.substr(kMarker.size()));
}

}  // namespace

std::string_view AuditLine::text(std::string_view name) const {
  const auto found = texts.find(name);
  return found != texts.end() ? std::string_view(found->second) : std::string_view();
}

AuditLine read_audit_line(std::string_view line) {
  if (line.empty()) return {Kind::kOther};
  if (line.starts_with(kMarker)) return read_message(line);
  if (const auto message = syslog_message(line)) return read_message(*message);
  const auto parsed = parse_json(line);
  if (!parsed || !std::holds_alternative<Json::Object>(parsed->value())) return {};
  // An entry of the journal. It is null if journalctl left it out, which -a prevents.
  for (const Json::Member& member : parsed->members()) {
    if (member.name != "MESSAGE") continue;
    const auto* message = std::get_if<std::string>(&member.value.value());
    if (message != nullptr) return read_message(*message);
    return {member.value.is_null() ? Kind::kDamaged : Kind::kOther};
  }
  return record_of(*parsed);
}

}  // namespace gssloop::tools
