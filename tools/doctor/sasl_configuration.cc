// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/sasl_configuration.h"

#include <algorithm>
#include <cctype>

namespace gssloop::tools {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_key(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  });
}

}  // namespace

Result<SaslConfiguration, Error> SaslConfiguration::parse(std::string_view text) {
  SaslConfiguration result;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    const std::string_view key = line.substr(0, colon);
    const std::string_view value =
        colon == line.npos ? std::string_view() : trimmed(line.substr(colon + 1));
    if (!is_key(key) || value.empty()) {
      return Error{"line " + std::to_string(number) + " is not \"option: value\""};
    }
    std::string name(key);
    std::ranges::transform(name, name.begin(), [](char c) {
      return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    result.options_.emplace(std::move(name), value);  // of two values, libsasl uses the first
  }
  return result;
}

std::string SaslConfiguration::option(const std::string& name) const {
  const auto found = options_.find(name);
  return found != options_.end() ? found->second : std::string();
}

}  // namespace gssloop::tools
