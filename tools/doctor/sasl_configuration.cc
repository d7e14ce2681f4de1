// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/sasl_configuration.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <numeric>
#include <utility>

#include "plugin/sasl/option_names.h"

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

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return lowered;
}

bool remove_prefix(std::string* text, const std::string& prefix) {
  const bool has_prefix = text->starts_with(prefix);
  if (has_prefix) text->erase(0, prefix.size());
  return has_prefix;
}

// The number of characters to insert, remove or replace that make `a` into `b` (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);  // of the prefix of `a` and each prefix of `b`
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t replaced = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({replaced, diagonal + 1, row[k] + 1});
    }
  }
  return row.back();
}

// The nearest of the module's options, if a line probably means an option of the module, but names
// none; otherwise empty.
std::string_view meant_option(std::string_view name) {
  constexpr std::size_t kMaxLen = 64;
  constexpr std::size_t kMaxMistakes = 2;
  const auto& known = plugin::kOptionNames;
  if (std::ranges::find(known, name) != std::end(known)) return {};
  const auto from_name = [&](std::string_view option) {
    return distance(name.substr(0, kMaxLen), option);
  };
  const std::string_view nearest = *std::ranges::min_element(known, {}, from_name);
  const bool is_ours = name.find("gssloop") != name.npos || from_name(nearest) <= kMaxMistakes;
  return is_ours ? nearest : std::string_view();
}

}  // namespace

Result<SaslConfiguration, Error> SaslConfiguration::parse(std::string_view text,
                                                          const Format& format) {
  SaslConfiguration result;
  std::map<std::string, int> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    const std::string_view key = line.substr(0, colon);
    const std::string_view value =
        colon == line.npos ? std::string_view() : trimmed(line.substr(colon + 1));
    std::string name = lower(key);
    bool is_of_service = false;
    if (!format.prefix.empty()) {
      result.includes_files_ |= name == "@include";
      const auto [first, is_new] = lines.emplace(name, number);
      if (!is_new) result.repeated_.push_back({name, first->second, number});
      is_of_service = remove_prefix(&name, format.service + "_" + format.prefix);
      if (!is_of_service && !remove_prefix(&name, format.prefix)) continue;
    }
    if (!is_key(key) || value.empty()) {
      return Error{"line " + std::to_string(number) + " is not \"option: value\""};
    }
    if (const std::string_view meant = meant_option(name); !meant.empty()) {
      result.unknown_.push_back({number, name, std::string(meant)});
    }
    result.add(std::move(name), {std::string(value), number, is_of_service});
  }
  return result;
}

// Of two values, libsasl uses the first.
void SaslConfiguration::add(std::string name, Value value) {
  const auto [at, is_new] = options_.emplace(std::move(name), value);
  if (!is_new && value.is_of_service && !at->second.is_of_service) at->second = std::move(value);
}

std::string SaslConfiguration::option(const std::string& name) const {
  const auto found = options_.find(name);
  return found != options_.end() ? found->second.text : std::string();
}

int SaslConfiguration::line_of(const std::string& name) const {
  const auto found = options_.find(name);
  return found != options_.end() ? found->second.line : 0;
}

std::map<std::string, std::string> SaslConfiguration::options() const {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : options_) texts.emplace(name, value.text);
  return texts;
}

}  // namespace gssloop::tools
