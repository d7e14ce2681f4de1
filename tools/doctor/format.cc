// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/format.h"

#include <pwd.h>
#include <unistd.h>

#include <cstring>
#include <sstream>

namespace gssloop::tools {

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  constexpr std::size_t kMinRoom = 20;
  if (width < indent + kMinRoom) return text;
  std::istringstream words(text);
  std::string result;
  std::size_t column = indent;
  for (std::string word; words >> word;) {
    if (column > indent && column + 1 + word.size() > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result;
}

std::string date_and_time(std::time_t time) {
  struct tm parts;
  char text[64];
  if (localtime_r(&time, &parts) == nullptr ||
      strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0) {
    return "an unknown time";
  }
  return text;
}

std::string duration(std::int64_t seconds) {
  const std::int64_t amount = seconds < 0 ? -seconds : seconds;
  const auto in = [&](std::int64_t unit, const char* name, std::int64_t rest, const char* smaller) {
    const std::int64_t left = amount % unit / rest;
    return std::to_string(amount / unit) + name +
           (left == 0 ? "" : " " + std::to_string(left) + smaller);
  };
  if (amount >= 86400) return in(86400, " d", 3600, " h");
  if (amount >= 3600) return in(3600, " h", 60, " min");
  if (amount >= 60) return in(60, " min", 1, " s");
  return std::to_string(amount) + " s";
}

std::string this_user() {
  const uid_t uid = geteuid();
  const passwd* entry = getpwuid(uid);
  return "user " + std::to_string(uid) +
         (entry != nullptr ? " (" + std::string(entry->pw_name) + ")" : "");
}

std::string errno_text(int error) { return std::strerror(error); }

}  // namespace gssloop::tools
