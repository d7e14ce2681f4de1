// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_TOML_READER_H_
#define GSSLOOP_AUTHZ_TOML_READER_H_

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gssloop/authz/policy_file.h"
#include "gssloop/authz/toml_check.h"
#include "gssloop/base/bytes.h"

// Header-only and without exceptions: the module gets no further library. Without its assertions as
// well: in toml++ 3.3.0 some fail for mere typos ("[*]"), which would end the server, and with
// NDEBUG they are promises to the optimizer. After each of these assertions the parser reports the
// error.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expression) static_assert(true)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace gssloop::authz {

// parse_toml reads one text, and notes why it is not TOML.
inline std::optional<toml::table> parse_toml(const PolicyText& file,
                                             std::vector<Diagnostic>* diagnostics) {
  if (auto fault = find_toml_fault(file.text)) {
    diagnostics->push_back(
        {{file.file, fault->line, fault->column}, false, std::move(fault->message)});
    return std::nullopt;
  }
  // Without the name of the file: toml++ copies it in a noexcept function, and without memory that
  // would end the server.
  auto parsed = toml::parse(file.text);
  if (parsed) return std::move(parsed).table();
  const auto& where = parsed.error().source().begin;
  diagnostics->push_back(
      {{file.file, where.line, where.column}, false, std::string(parsed.error().description())});
  return std::nullopt;
}

// TomlReader reads the values of TOML tables, and notes an error, with its place, for each one that
// is not as it must be. toml++ takes long to compile: in the module, only policy_file.cc includes
// this header, and in the command only the reader of cases.
class TomlReader {
 protected:
  explicit TomlReader(std::vector<Diagnostic>* diagnostics) : diagnostics_(*diagnostics) {}

  // The values that follow are in this file.
  void begin(const std::string& file) { file_ = &file; }
  std::vector<Diagnostic>* diagnostics() { return &diagnostics_; }

  using Strings = std::vector<std::pair<std::string, Place>>;

  Place place(const toml::source_region& source) const {
    return {*file_, source.begin.line, source.begin.column};
  }
  Place place(const toml::node& node) const { return place(node.source()); }

  void error(const Place& where, std::string message) {
    diagnostics_.push_back({where, false, std::move(message)});
  }
  // Reports a possible mistake; an empty message is none.
  void warn(const Place& where, std::string message) {
    if (!message.empty()) diagnostics_.push_back({where, true, std::move(message)});
  }
  // Reports `found`, if there is an error; true when there is none.
  bool is_right(const std::optional<Error>& found, const Place& where) {
    if (found) error(where, found->message);
    return !found;
  }

  // Reports an error if `what` was already defined in any of the files.
  bool once(const std::string& kind, const std::string& what, const Place& where) {
    const auto [first, is_new] = seen_.emplace(kind + " " + what, where);
    if (!is_new) error(where, in_quotes(what) + " is already defined at " + first->second.text());
    return is_new;
  }

  void known_keys(const toml::table& table, const std::string& what,
                  std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      std::string message =
          "unknown key " + in_quotes(key.str()) + "; " + what + " can have the keys ";
      const char* separator = "";
      for (const std::string_view name : known) {
        message += separator + std::string(name);
        separator = ", ";
      }
      error(place(key.source()), std::move(message));
    }
  }

  const toml::table* table(const toml::table& parent, std::string_view key) {
    const toml::node* const node = parent.get(key);
    if (node == nullptr) return nullptr;
    if (node->is_table()) return node->as_table();
    error(place(*node), in_quotes(key) + " must be a table");
    return nullptr;
  }

  std::optional<std::string> string(const toml::table& parent, std::string_view key) {
    const toml::node* const node = parent.get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* text = node->as_string()) return text->get();
    error(place(*node), in_quotes(key) + " must be a string");
    return std::nullopt;
  }

  Strings strings(const toml::table& parent, std::string_view key) {
    Strings list;
    const toml::node* const node = parent.get(key);
    if (node == nullptr) return list;
    if (!node->is_array()) {
      error(place(*node), in_quotes(key) + " must be a list of strings, for example [\"...\"]");
      return list;
    }
    for (const toml::node& element : *node->as_array()) {
      if (const auto* text = element.as_string()) {
        list.emplace_back(text->get(), place(element));
      } else {
        error(place(element), in_quotes(key) + " must contain only strings");
      }
    }
    return list;
  }

 private:
  std::vector<Diagnostic>& diagnostics_;
  const std::string* file_ = nullptr;
  std::map<std::string, Place> seen_;
};

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_TOML_READER_H_
