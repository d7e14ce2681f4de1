// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_file.h"

#include <algorithm>
#include <tuple>

#include "gssloop/authz/identity.h"
#include "gssloop/authz/policy_advice.h"
#include "gssloop/authz/policy_check.h"
#include "gssloop/authz/toml_reader.h"

namespace gssloop::authz {

// PolicyReader turns parsed files into a policy and goes on after an error, so that all are found.
class PolicyReader : private TomlReader {
 public:
  PolicyReader(const std::vector<MechanismName>& mechanisms, PolicyReading* reading)
      : TomlReader(&reading->diagnostics), mechanisms_(mechanisms) {}

  // The attributes and aliases of all files come first, since rules of any file may use them.
  void read_definitions(const std::string& file, const toml::table& root) {
    begin(file);
    known_keys(root, "a policy", {"attributes", "aliases", "services", "all", "raw-attributes"});
    if (const toml::table* attributes = table(root, "attributes")) {
      for (const auto& [name, node] : *attributes) read_definition(name, node);
    }
    if (const toml::table* aliases = table(root, "aliases")) {
      for (const auto& [name, node] : *aliases) read_alias(name, node);
    }
    for (auto& [mechanism, place] : strings(root, "raw-attributes")) {
      if (auto known = this->mechanism(mechanism, place)) {
        policy_.raw_mechanisms_.push_back(*std::move(known));
      }
    }
  }

  void read_rules(const std::string& file, const toml::table& root) {
    begin(file);
    if (const toml::table* all = table(root, "all")) {
      once("all", "all", place(*all));
      num_rules_ = 0;
      known_keys(*all, "[all]", {"require", "deny"});
      all_.require = rules(*all, "require", false).value_or(std::vector<Rule>{});
      all_.deny = rules(*all, "deny", false).value_or(std::vector<Rule>{});
      policy_.tables_.push_back({"all", num_rules_, place(*all)});
    }
    if (const toml::table* services = table(root, "services")) {
      for (const auto& [name, node] : *services) read_service(name, node);
    }
  }

  Policy finish() && {
    AbsenceCheck absence;
    for (auto& [name, service] : policy_.services_) finish_service(name, &service, &absence);
    finish_service("every other service", &policy_.default_, &absence);
    const auto rank = [](const RuleTable& table) {
      return std::pair(table.name == "all" ? 0 : table.name == "default" ? 2 : 1, table.name);
    };
    std::ranges::sort(policy_.tables_, {}, rank);
    return std::move(policy_);
  }

 private:
  std::optional<std::string> mechanism(const std::string& given, const Place& where) {
    auto name = mechanism_name(given, mechanisms_);
    if (name) return *std::move(name);
    error(where, name.error().message);
    return std::nullopt;
  }

  void read_definition(const toml::key& key, const toml::node& node) {
    const std::string name(key.str());
    const Place where = place(key.source());
    if (!is_right(check_local_name(name), where)) return;
    if (!once("attribute", name, where)) return;
    if (!node.is_table()) return error(place(node), in_quotes(name) + " must be a table");
    const toml::table& table = *node.as_table();
    known_keys(table, "an attribute", {"from", "property"});
    Definition definition{name, string(table, "property").value_or(name), {}, where};
    if (is_right(check_property(definition.property), where)) {
      once("property", definition.property, where);
    }
    read_sources(table, where, &definition.sources);
    policy_.definitions_.push_back(std::move(definition));
  }

  void read_alias(const toml::key& key, const toml::node& node) {
    const std::string name(key.str());
    const Place where = place(key.source());
    if (!is_right(check_alias_name(name), where) || !once("alias", name, where)) return;
    const auto* sid = node.as_string();
    if (sid == nullptr || !can_be_value(ValueForm::kPacSid, sid->get())) {
      return error(place(node), "the alias " + in_quotes(name) +
                                    " must be the name of one of the " +
                                    std::string(value_form_description(ValueForm::kPacSid)));
    }
    if (const std::string* other = policy_.aliases_.add(name, sid->get())) {
      error(place(node), "the SID of the alias " + in_quotes(name) + " already has the alias " +
                             in_quotes(*other));
    }
  }

  void read_sources(const toml::table& attribute, const Place& where,
                    std::vector<Source>* sources) {
    const toml::node* const from = attribute.get("from");
    if (from == nullptr || !from->is_array() || from->as_array()->empty()) {
      return error(from != nullptr ? place(*from) : where,
                   "\"from\" must be a list of sources, for example from = [{ mechanism = "
                   "\"krb5\", name = \"auth-indicators\" }]");
    }
    for (const toml::node& node : *from->as_array()) {
      if (!node.is_table()) {
        error(place(node),
              "a source must be a table, for example { mechanism = \"krb5\", name = ... }");
        continue;
      }
      if (auto source = read_source(*node.as_table())) sources->push_back(*std::move(source));
    }
    if (mixes_sids(*sources)) {
      error(place(*from),
            "the form pac-sid cannot be combined with another form in one attribute: the SIDs of "
            "its sources must be equal");
    }
  }

  // True if a login can have values of the form pac-sid and of another one.
  static bool mixes_sids(const std::vector<Source>& sources) {
    const auto is_sid = [](const Source& source) { return source.form == ValueForm::kPacSid; };
    return std::ranges::any_of(sources, [&](const Source& one) {
      return is_sid(one) && std::ranges::any_of(sources, [&](const Source& other) {
               return !is_sid(other) && other.mechanism == one.mechanism;
             });
    });
  }

  std::optional<Source> read_source(const toml::table& table) {
    known_keys(table, "a source", {"mechanism", "name", "issuer", "form"});
    const Place where = place(table);
    Source source;
    source.name = string(table, "name").value_or("");
    // naming-exts section 6: the first space ends the primary component. A name without a primary
    // component has no meaning.
    if (source.name.empty() || source.name.front() == ' ') {
      error(where, "a source must have a \"name\": the full name of the GSS attribute");
    }
    source.issuer = string(table, "issuer").value_or("");
    const auto mechanism = string(table, "mechanism");
    if (!mechanism) error(where, "a source must have a \"mechanism\", for example \"krb5\"");
    if (const auto form = string(table, "form")) {
      if (const auto known = parse_value_form(*form)) {
        source.form = *known;
      } else {
        error(place(*table.get("form")),
              "unknown form " + in_quotes(*form) + "; the forms are " + value_form_names());
      }
    }
    if (!mechanism) return std::nullopt;
    auto known = this->mechanism(*mechanism, place(*table.get("mechanism")));
    if (!known) return std::nullopt;
    source.mechanism = *std::move(known);
    if (source.mechanism == "krb5") warn(where, doubt_about_realm(source.issuer));
    return source;
  }

  void read_service(const toml::key& key, const toml::node& node) {
    const std::string name(key.str());
    const Place where = place(key.source());
    if (!once("service", name, where) || !is_right(check_service_name(name), where)) return;
    if (!node.is_table()) return error(place(node), in_quotes(name) + " must be a table");
    const toml::table& table = *node.as_table();
    known_keys(table, "a service",
               {"require", "deny", "authorize", "identity", "anonymous", "publish", "mechanisms"});
    Policy::Service service;
    num_rules_ = 0;
    service.scope = read_scope(table, {});
    if (const toml::table* by_mechanism = this->table(table, "mechanisms")) {
      for (const auto& [mechanism, own] : *by_mechanism) {
        read_mechanism(mechanism, own, service.scope, &service.by_mechanism);
      }
    }
    policy_.tables_.push_back({name, num_rules_, where});
    if (name == "default") {
      policy_.default_ = std::move(service);
    } else {
      policy_.services_.emplace(name, std::move(service));
    }
  }

  void read_mechanism(const toml::key& key, const toml::node& node, const Scope& service,
                      std::map<std::string, Scope, std::less<>>* scopes) {
    const auto name = mechanism(std::string(key.str()), place(key.source()));
    if (!name) return;
    if (!node.is_table()) return error(place(node), in_quotes(key.str()) + " must be a table");
    known_keys(*node.as_table(), "a service's mechanism",
               {"require", "deny", "authorize", "identity", "anonymous", "publish"});
    if (scopes->contains(*name)) {
      return error(place(key.source()), "mechanism " + in_quotes(*name) + " is named twice");
    }
    names_kerberos_realms_ = *name == "krb5";
    scopes->emplace(*name, read_scope(*node.as_table(), service));
    names_kerberos_realms_ = true;
  }

  // `base` is the service's own scope if this table is for one of its mechanisms. The service's
  // rules apply as well, so a table for a mechanism cannot omit one of them. The other keys replace
  // the service's keys.
  Scope read_scope(const toml::table& table, Scope base) {
    const auto append = [&](const char* key, std::vector<Rule>* to) {
      auto more = rules(table, key, false);
      if (more) to->insert(to->end(), more->begin(), more->end());
    };
    append("require", &base.require);
    append("deny", &base.deny);
    if (auto authorize = rules(table, "authorize", true)) {
      base.authorize = std::move(authorize);
      base.authorize_place = place(*table.get("authorize"));
    }
    read_identity(table, &base.identity);
    read_anonymous(table, &base.anonymous);
    read_publish(table, &base.publish);
    return base;
  }

  std::optional<std::vector<Rule>> rules(const toml::table& table, const char* key,
                                         bool knows_identities) {
    if (!table.contains(key)) return std::nullopt;
    std::vector<Rule> list;
    for (auto& [text, where] : strings(table, key)) {
      auto expression = Expression::parse(text);
      if (!expression) {
        // The place within the string, if it is a string of one line, which begins with its quote.
        Place inside = where;
        inside.column += static_cast<unsigned>(expression.error().offset) + 1;
        error(inside, "in the rule " + in_quotes(text) + ": " + expression.error().message);
        continue;
      }
      for (const Term* term : expression->terms()) {
        if (!is_right(check_term(*term, knows_identities, policy_, mechanisms_), where)) continue;
        if (names_kerberos_realms_ || policy_.find(term->name) != nullptr) {
          warn(where, doubt_about_term(*term, policy_));
        }
      }
      expression->replace_values(reserved::kMechanism, [&](const std::string& given) {
        const auto known = mechanism_name(given, mechanisms_);
        return known ? *known : given;
      });
      for (const Definition& definition : policy_.definitions_) {
        expression->replace_values(definition.name, [&](const std::string& given) {
          const std::string* sid = policy_.sid_of(definition, given);
          return sid != nullptr ? *sid : given;
        });
      }
      ++num_rules_;
      list.push_back({*std::move(expression), text, where});
    }
    return list;
  }

  void read_identity(const toml::table& table, Identity* identity) {
    const toml::node* const node = table.get("identity");
    if (node == nullptr) return;
    if (const toml::table* by = node->as_table()) {
      known_keys(*by, "identity", {"attribute"});
      const auto name = string(*by, "attribute");
      if (!name || policy_.find(*name) == nullptr) {
        return error(place(*node), "identity = { attribute = NAME } must name a defined attribute");
      }
      *identity = {Identity::Kind::kAttribute, *name, place(*node)};
      return;
    }
    using Kind = Identity::Kind;
    static constexpr struct {
      std::string_view name;
      Kind kind;
    } kKinds[] = {{"strip-default-realm", Kind::kStripDefaultRealm},
                  {"principal", Kind::kPrincipal},
                  {"auth-to-local", Kind::kAuthToLocal}};
    const auto* text = node->as_string();
    for (const auto& row : kKinds) {
      if (text != nullptr && text->get() == row.name)
        return void(*identity = {row.kind, {}, place(*node)});
    }
    error(place(*node),
          "identity must be \"strip-default-realm\", \"principal\", \"auth-to-local\" or { "
          "attribute = NAME }");
  }

  void read_anonymous(const toml::table& table, std::optional<std::string>* anonymous) {
    auto name = string(table, "anonymous");
    if (!name) return;
    if (const auto wrong = check_login_name(*name)) {
      return error(place(*table.get("anonymous")),
                   "this identity cannot be used: " + wrong->message);
    }
    *anonymous = std::move(name);
  }

  void read_publish(const toml::table& table, Publish* publish) {
    const toml::node* const node = table.get("publish");
    if (node == nullptr) return;
    if (const auto* text = node->as_string()) {
      if (text->get() == "all" || text->get() == "requested") {
        return void(*publish = {text->get() == "all", {}});
      }
      return error(place(*node),
                   "publish must be \"requested\", \"all\" or a list of local attributes");
    }
    *publish = {};
    for (auto& [name, where] : strings(table, "publish")) {
      std::string_view local = name;
      if (local.starts_with(kAsserted)) local.remove_prefix(kAsserted.size());
      if (policy_.find(local) == nullptr) {
        error(where, "cannot publish " + in_quotes(local) + ": no such attribute is defined");
      } else {
        publish->names.push_back(name);
      }
    }
  }

  // Adds the rules of [all] to the service, and checks the result for absent attributes.
  void finish_service(const std::string& name, Policy::Service* service, AbsenceCheck* absence) {
    const auto finish_scope = [&](Scope* scope) {
      scope->require.insert(scope->require.begin(), all_.require.begin(), all_.require.end());
      scope->deny.insert(scope->deny.begin(), all_.deny.begin(), all_.deny.end());
      scope->note_used();
      absence->look(name, *scope, diagnostics());
    };
    finish_scope(&service->scope);
    for (auto& [mechanism, scope] : service->by_mechanism) finish_scope(&scope);
  }

  const std::vector<MechanismName>& mechanisms_;
  Policy policy_;
  Scope all_;
  std::size_t num_rules_ = 0;          // of the present table
  bool names_kerberos_realms_ = true;  // unless the present table is another mechanism's
};

std::string Diagnostic::text() const {
  return place.text() + (is_warning ? ": warning: " : ": error: ") + message;
}

std::size_t PolicyReading::num_errors() const noexcept {
  const auto is_error = [](const Diagnostic& diagnostic) { return !diagnostic.is_warning; };
  return static_cast<std::size_t>(std::ranges::count_if(diagnostics, is_error));
}

std::string PolicyReading::summary() const {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.is_warning) continue;
    const std::size_t num_more = num_errors() - 1;
    return diagnostic.text() + (num_more > 0 ? " (and " + std::to_string(num_more) + " more)" : "");
  }
  return {};
}

namespace {

// toml++ returns tables in the order of their keys, but a person reads a file from the top.
void sort_by_place(const std::vector<PolicyText>& files, std::vector<Diagnostic>* diagnostics) {
  std::ranges::stable_sort(*diagnostics, {}, [&](const Diagnostic& diagnostic) {
    const Place& place = diagnostic.place;
    const auto file = std::ranges::find(files, place.file, &PolicyText::file);
    return std::tuple(file - files.begin(), place.line, place.column);
  });
}

}  // namespace

PolicyReading parse_policy(const std::vector<PolicyText>& files,
                           const std::vector<MechanismName>& mechanisms) {
  PolicyReading reading;
  std::vector<toml::table> roots;
  for (const PolicyText& file : files) {
    auto root = parse_toml(file, &reading.diagnostics);
    if (!root) return reading;
    roots.push_back(*std::move(root));
  }
  PolicyReader reader(mechanisms, &reading);
  for (std::size_t i = 0; i < roots.size(); ++i) reader.read_definitions(files[i].file, roots[i]);
  for (std::size_t i = 0; i < roots.size(); ++i) reader.read_rules(files[i].file, roots[i]);
  Policy policy = std::move(reader).finish();
  sort_by_place(files, &reading.diagnostics);
  if (reading.num_errors() == 0) reading.policy = std::move(policy);
  return reading;
}

}  // namespace gssloop::authz
