// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/case_file.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "gssloop/authz/policy_check.h"
#include "gssloop/authz/toml_reader.h"

namespace gssloop::tools {
namespace {

using authz::PolicyText;

// True for the texts that `refused-by` can have.
bool names_refusal(std::string_view text) noexcept {
  if (text == "authorize" || text == "identity" || text == "anonymous") return true;
  for (const std::string_view kind : {"require ", "deny "}) {
    if (text.starts_with(kind) && text.size() > kind.size()) return true;
  }
  return false;
}

// CaseReader goes on after an error, so that all are found.
class CaseReader : private authz::TomlReader {
 public:
  CaseReader(const std::vector<authz::MechanismName>& mechanisms, std::string default_realm,
             CaseFile* cases)
      : TomlReader(&cases->errors),
        mechanisms_(mechanisms),
        default_realm_(std::move(default_realm)),
        cases_(*cases) {}

  void read(const std::string& file, const toml::table& root) {
    begin(file);
    known_keys(root, "a file of cases", {"policy", "default-realm", "case"});
    cases_.policy = string(root, "policy");
    if (auto realm = string(root, "default-realm")) default_realm_ = *std::move(realm);
    const toml::node* const list = root.get("case");
    if (list == nullptr || !list->is_array_of_tables()) {
      return error(list != nullptr ? place(*list) : authz::Place{file},
                   "a file of cases must have at least one table [[case]]");
    }
    for (const toml::node& node : *list->as_array()) read_case(*node.as_table());
  }

 private:
  void read_case(const toml::table& table) {
    known_keys(table, "a case",
               {"name", "service", "peer", "anonymous", "mechanism", "channel-bound", "ssf",
                "local-name", "attributes", "unknown", "authzid", "admitted-as", "refused-by"});
    PolicyCase tested;
    tested.place = place(table);
    tested.name = string(table, "name").value_or("");
    if (tested.name.empty()) {
      error(tested.place, "a case must have a \"name\" that says what it shows");
    } else {
      once("case", tested.name, tested.place);
    }
    read_peer(table, &tested);
    read_attributes(table, &tested);
    read_expectation(table, &tested);
    cases_.cases.push_back(std::move(tested));
  }

  void read_peer(const toml::table& table, PolicyCase* tested) {
    SupposedPeer* const peer = &tested->peer;
    peer->default_realm = default_realm_;
    peer->service = string(table, "service").value_or("");
    is_right(authz::check_service_name(peer->service), place_of(table, "service"));
    peer->principal = string(table, "peer").value_or("");
    peer->is_anonymous = boolean(table, "anonymous");
    peer->is_channel_bound = boolean(table, "channel-bound");
    peer->ssf = number(table, "ssf");
    peer->local_name = string(table, "local-name");
    peer->authzid = string(table, "authzid").value_or("");
    if (const auto given = string(table, "mechanism")) {
      auto name = authz::mechanism_name(*given, mechanisms_);
      if (name) {
        peer->mechanism = *std::move(name);
      } else {
        error(place_of(table, "mechanism"), name.error().message);
      }
    }
    if (const auto info = peer_info_of(*peer); !info) {
      error(place_of(table, "peer"), info.error().message);
    }
  }

  void read_attributes(const toml::table& table, PolicyCase* tested) {
    if (const toml::table* attributes = this->table(table, "attributes")) {
      for (const auto& [key, node] : *attributes) {
        const std::string name(key.str());
        if (const auto* text = node.as_string()) {
          tested->attributes.push_back({name, text->get(), place(node)});
          continue;
        }
        for (auto& [value, where] : strings(*attributes, key.str())) {
          tested->attributes.push_back({name, std::move(value), where});
        }
      }
    }
    for (auto& [name, where] : strings(table, "unknown")) {
      tested->attributes.push_back({std::move(name), std::nullopt, where});
    }
  }

  void read_expectation(const toml::table& table, PolicyCase* tested) {
    tested->admitted_as = string(table, "admitted-as");
    tested->refused_by = string(table, "refused-by");
    if (table.contains("admitted-as") == table.contains("refused-by")) {
      error(tested->place, "a case must have either \"admitted-as\" or \"refused-by\"");
    }
    if (!tested->refused_by || names_refusal(*tested->refused_by)) return;
    error(place_of(table, "refused-by"),
          "refused-by must be \"require RULE\" or \"deny RULE\" with the text of a rule, "
          "\"authorize\", \"identity\" or \"anonymous\"");
  }

  // The place of a value, or of the table that lacks it.
  authz::Place place_of(const toml::table& table, std::string_view key) {
    const toml::node* const node = table.get(key);
    return place(node != nullptr ? *node : table);
  }

  bool boolean(const toml::table& table, std::string_view key) {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return false;
    if (const auto* value = node->as_boolean()) return value->get();
    error(place(*node), in_quotes(key) + " must be true or false");
    return false;
  }

  unsigned number(const toml::table& table, std::string_view key) {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return 0;
    const auto* value = node->as_integer();
    if (value != nullptr && value->get() >= 0 &&
        value->get() <= std::numeric_limits<std::int32_t>::max()) {
      return static_cast<unsigned>(value->get());
    }
    error(place(*node), in_quotes(key) + " must be a number, 0 or greater");
    return 0;
  }

  const std::vector<authz::MechanismName>& mechanisms_;
  std::string default_realm_;
  CaseFile& cases_;
};

}  // namespace

CaseFile parse_cases(const PolicyText& text, const std::vector<authz::MechanismName>& mechanisms,
                     const std::string& default_realm) {
  CaseFile cases;
  const auto root = authz::parse_toml(text, &cases.errors);
  if (root) CaseReader(mechanisms, default_realm, &cases).read(text.file, *root);
  // toml++ returns keys in the order of the alphabet, but a person reads a file from the top.
  std::ranges::stable_sort(cases.errors, {}, [](const authz::Diagnostic& error) {
    return std::pair(error.place.line, error.place.column);
  });
  return cases;
}

void suppose_attributes(const PolicyCase& tested, SupposedAttributes* attributes,
                        std::vector<authz::Diagnostic>* errors) {
  for (const PolicyCase::Given& given : tested.attributes) {
    auto error = given.value ? attributes->add(given.name, *given.value)
                             : attributes->add_unknown(given.name);
    if (error) errors->push_back({given.place, false, std::move(error->message)});
  }
}

}  // namespace gssloop::tools
