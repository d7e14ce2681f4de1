// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/audit/record.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "gssloop/base/bytes.h"

namespace gssloop::plugin::audit {
namespace {

// Octets of a text that are written; each becomes at most 6 bytes of the line.
constexpr std::size_t kMaxNameLen = 256;
constexpr std::size_t kMaxSentenceLen = 1024;
// What is kept free for the members after the lists.
constexpr std::size_t kReserveLen = 512;

void put_unit(unsigned unit, std::string* out) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", unit & 0xffffU);
  *out += text;
}

// Writes the first character of well-formed UTF-8, and returns the number of its octets.
std::size_t put_character(std::string_view text, std::string* out) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const unsigned first = octet(0);
  if (first < 0x80) {
    if (first == '"' || first == '\\') *out += '\\';
    if (first < 0x20 || first == 0x7f) {
      put_unit(first, out);
    } else {
      *out += text[0];
    }
    return 1;
  }
  const std::size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  std::uint32_t point = first & (0x7fU >> len);
  for (std::size_t i = 1; i < len; ++i) point = point << 6 | (octet(i) & 0x3fU);
  if (point >= 0x10000) {  // RFC 8259 section 7: a surrogate pair
    put_unit(0xd800U + ((point - 0x10000) >> 10), out);
    point = 0xdc00U + ((point - 0x10000) & 0x3ffU);
  }
  put_unit(point, out);
  return len;
}

// Writes a text between quotes. False if it is cut, or if octets of it are not UTF-8.
bool put_string(std::string_view text, std::size_t max_len, std::string* out) {
  bool is_exact = text.size() <= max_len;
  text = text.substr(0, max_len);
  *out += '"';
  while (!text.empty()) {
    const std::size_t num_good = utf8_prefix_len(as_bytes(text));
    for (std::size_t at = 0; at < num_good;) at += put_character(text.substr(at), out);
    text.remove_prefix(num_good);
    if (text.empty()) break;
    put_unit(0xfffd, out);
    text.remove_prefix(1);
    is_exact = false;
  }
  *out += '"';
  return is_exact;
}

// Line makes the one object. Names of members are literals of this file.
class Line {
 public:
  void text(const char* name, std::string_view value, std::size_t max_len = kMaxNameLen) {
    if (value.empty()) return;
    begin(name);
    if (!put_string(value, max_len, &text_)) inexact_.emplace_back(name);
  }
  void literal(const char* name, const std::string& value) {
    begin(name);
    text_ += value;
  }
  void list(const char* name, const std::vector<std::string>& names) {
    if (names.empty()) return;
    begin(name);
    if (!put_list(names)) inexact_.emplace_back(name);
  }
  void lists(const char* name,
             const std::vector<std::pair<std::string, std::vector<std::string>>>& values) {
    if (values.empty()) return;
    begin(name);
    bool is_exact = true;
    text_ += '{';
    const char* separator = "";
    for (const auto& [key, of_key] : values) {
      if (!has_room()) break;
      text_ += separator;
      separator = ",";
      is_exact &= put_string(key, kMaxNameLen, &text_);
      text_ += ':';
      is_exact &= put_list(of_key);
    }
    text_ += '}';
    if (!is_exact) inexact_.emplace_back(name);
  }
  std::string end() {
    if (is_full_) literal("left_out", "true");
    if (!inexact_.empty()) {
      begin("inexact");  // there is room, also in a full line
      char before = '[';
      for (const std::string& name : inexact_) {
        text_ += std::exchange(before, ',');
        put_string(name, kMaxNameLen, &text_);
      }
      text_ += ']';
    }
    return text_ + "}\n";
  }

 private:
  void begin(const char* name) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_ += name;
    text_ += "\":";
  }
  // Room for one more text of a list.
  bool has_room() {
    is_full_ |= text_.size() + 6 * kMaxNameLen + kReserveLen > kMaxLineLen;
    return !is_full_;
  }
  bool put_list(const std::vector<std::string>& texts) {
    bool is_exact = true;
    text_ += '[';
    const char* separator = "";
    for (const std::string& each : texts) {
      if (!has_room()) break;
      text_ += separator;
      separator = ",";
      is_exact &= put_string(each, kMaxNameLen, &text_);
    }
    text_ += ']';
    return is_exact;
  }

  std::string text_;
  bool is_full_ = false;
  std::vector<std::string> inexact_;
};

// RFC 3339, in UTC, with milliseconds.
std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char date[32], text[48];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(ms % 1000));
  return text;
}

const char* to_string(Record::Outcome outcome) {
  switch (outcome) {
    case Record::Outcome::kAdmitted:
      return "admitted";
    case Record::Outcome::kRefused:
      return "refused";
    case Record::Outcome::kAbandoned:
      break;
  }
  return "abandoned";
}

}  // namespace

std::string to_line(const Record& record, std::chrono::system_clock::time_point time, pid_t pid) {
  Line line;
  line.text("time", timestamp(time));
  line.text("result", to_string(record.outcome));
  line.literal("pid", std::to_string(pid));
  line.text("service", record.service);
  line.text("host", record.host);
  line.text("mechanism", record.mechanism);
  line.text("peer", record.peer);
  line.text("local", record.local);
  line.text("principal", record.principal);
  line.text("realm", record.realm);
  line.text("authid", record.authid);
  line.text("authzid", record.authzid);
  if (record.is_bound) line.literal("bound", *record.is_bound ? "true" : "false");
  if (record.ssf) line.literal("ssf", std::to_string(*record.ssf));
  line.text("error", record.error);
  line.text("reason", record.reason, kMaxSentenceLen);
  line.text("rule_key", record.rule_key);
  line.text("rule", record.rule, kMaxSentenceLen);
  line.list("attributes", record.attributes);
  line.list("unknown", record.unknown);
  line.lists("values", record.values);
  return line.end();
}

}  // namespace gssloop::plugin::audit
