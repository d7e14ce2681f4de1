// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/explain.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gssloop/authz/decision.h"
#include "gssloop/authz/policy_check.h"
#include "gssloop/gss/kerberos.h"
#include "tools/json.h"
#include "tools/policy/attribute_use.h"
#include "tools/policy/policy_login.h"
#include "tools/policy/rule_output.h"
#include "tools/policy/self_report.h"
#include "tools/policy/supposed_peer.h"
#include "tools/trial/files.h"

namespace gssloop::tools {
namespace {

constexpr std::size_t kMaxNameLen = std::size_t{16} * 1024 * 1024;  // octets, of --user-attributes

struct ExplainOptions {
  std::string service;
  std::optional<std::string> policy;
  std::optional<std::string> attributes;  // a file, or "-"
  std::string authzid;
  SelfLoginOptions login;  // an empty service is that of --service
  // A peer that need not exist.
  std::string principal, mechanism = "krb5", local_name;
  std::vector<std::string> values, unknown;  // of its attributes
  bool is_anonymous = false;
  bool is_channel_bound = false;
  unsigned ssf = 0;
  bool json = false;
};

// Property is one property that an application finds, or can request.
struct Property {
  const authz::Definition* definition;
  bool is_unasked;
  authz::LocalAttribute values, asserted;
};

std::vector<Property> properties_of(const authz::RuleContext& login) {
  std::vector<Property> properties;
  for (const authz::Definition& definition : login.policy().definitions()) {
    const auto values = [&](const authz::LocalAttribute& attribute) {
      return with_aliases(login.policy(), definition, attribute);
    };
    properties.push_back({&definition, login.scope().publish.adds(definition.name),
                          values(login.authenticated(definition)),
                          values(login.asserted(definition))});
  }
  return properties;
}

Json json_of(const Property& property) {
  return {{"attribute", property.definition->name},
          {"property", "*" + property.definition->property},
          {"values", property.values.values},
          {"complete", property.values.is_complete},
          {"unknown", property.values.has_unknown() ? Json(property.values.unknown) : Json()},
          {"asserted", property.asserted.values},
          {"published", property.is_unasked ? "always" : "requested"}};
}

std::vector<Cell> row_of(const authz::Finding& finding) {
  const Style style = finding.is_objection() ? Style::kBad : Style::kGood;
  std::string rule = shown(finding.rule->text, 4096);
  if (!finding.unknown.empty()) rule += " (" + shown(finding.unknown, 1024) + ")";
  return {{std::string(authz::to_string(finding.truth)), style},
          {std::string(authz::to_string(finding.kind))},
          {shown(finding.rule->place.text(), 1024)},
          {std::move(rule)}};
}

// The values, and why there may be others.
std::string values_of(const Property& property) {
  std::string text =
      property.values.values.empty() ? "no value" : in_quotes(property.values.values);
  if (property.values.has_unknown()) text += " (unknown: " + shown(property.values.unknown) + ")";
  if (!property.asserted.values.empty()) {
    text += " (" + counted(property.asserted.values.size(), "value") + " asserted)";
  }
  return text;
}

void print_rules(const authz::LoginDecision& decision, const Output& output) {
  output.line(output.styled(Style::kHeading, "rules"));
  std::vector<std::vector<Cell>> rows;
  for (const authz::Finding& finding : decision.rules) rows.push_back(row_of(finding));
  for (const authz::Finding& finding : decision.authorize) rows.push_back(row_of(finding));
  if (rows.empty()) rows.push_back({{"none"}});
  print_table(rows, output);
}

void print_properties(const std::vector<Property>& properties, const Output& output) {
  output.line(output.styled(Style::kHeading, "properties"));
  std::vector<std::vector<Cell>> rows;
  for (const Property& property : properties) {
    rows.push_back({{"*" + property.definition->property},
                    {property.is_unasked ? "always" : "if requested"},
                    {values_of(property)}});
  }
  if (rows.empty()) rows.push_back({{"only raw ones"}});
  print_table(rows, output);
}

void print_explanation(const authz::PeerInfo& peer, const authz::LoginDecision& decision,
                       const std::vector<Property>& properties, const Output& output) {
  output.line("peer: " + (peer.principal.empty() ? "(no name)" : shown(peer.principal, 1024)) +
              (peer.is_anonymous ? ", anonymous" : "") + ", by " + peer.mechanism + ", to " +
              shown(peer.service));
  print_rules(decision, output);
  print_properties(properties, output);
  if (!decision.is_admitted()) {
    output.line(output.styled(Style::kBad, "refused") + ": " + shown(decision.reason, 4096));
    return;
  }
  const bool is_other = decision.authid != decision.authzid;
  output.line(
      output.styled(Style::kGood, "admitted") + " as " + shown(decision.authid, 1024) +
      (is_other ? ", to act as " + shown(decision.authzid, 1024) + ", if the application allows it"
                : ""));
}

bool has_supposed_peer(const ExplainOptions& options) {
  return !options.principal.empty() || options.is_anonymous;
}

Result<authz::PeerInfo, Error> supposed_peer(const ExplainOptions& options) {
  auto mechanism = authz::mechanism_name(options.mechanism, mechanism_names());
  if (!mechanism) return mechanism.error();
  SupposedPeer supposed;
  supposed.principal = options.principal;
  supposed.mechanism = *std::move(mechanism);
  supposed.default_realm = gss::default_realm();
  supposed.is_anonymous = options.is_anonymous;
  if (!options.local_name.empty()) supposed.local_name = options.local_name;
  return peer_info_of(supposed);
}

// The attributes of --attr and --unknown.
std::optional<Error> read_supposed(const ExplainOptions& options, SupposedAttributes* attributes) {
  for (const std::string& given : options.values) {
    const std::size_t equals = given.find('=');
    if (equals == given.npos)
      return Error{"--attr must be NAME=VALUE, not " + gssloop::in_quotes(given)};
    if (auto error = attributes->add(given.substr(0, equals), given.substr(equals + 1))) {
      return error;
    }
  }
  for (const std::string& name : options.unknown) {
    if (auto error = attributes->add_unknown(name)) return error;
  }
  return std::nullopt;
}

Result<PeerReport, Exit> reported_peer(const ExplainOptions& options, const Output& output) {
  if (!options.attributes) {
    SelfLoginOptions login = options.login;
    if (login.service.empty()) login.service = options.service;
    auto report = report_by_self_login(login, gss::Oid::krb5(), output);
    if (!report) {
      output.error(
          "name a service of the keytab with -a, another keytab with -k, or a peer that need not "
          "log in with --as");
    }
    return report;
  }
  const auto text = read_small_file(*options.attributes, kMaxNameLen);
  if (!text) {
    output.error(text.error().message);
    return Exit::kNotTried;
  }
  auto report = read_peer_report(as_text(*text));
  if (report) return *std::move(report);
  output.error(shown(*options.attributes, 1024) +
               " is not the output of gssloop attributes --json: " + report.error().message);
  return Exit::kNotTried;
}

Result<authz::PeerInfo, Exit> peer_to_explain(const ExplainOptions& options, const Output& output) {
  authz::PeerInfo peer;
  if (has_supposed_peer(options)) {
    auto supposed = supposed_peer(options);
    if (!supposed) {
      output.error(supposed.error().message);
      return Exit::kUsage;
    }
    peer = *std::move(supposed);
    peer.service = options.service;
  } else {
    const auto report = reported_peer(options, output);
    if (!report) return report.error();
    peer = peer_info_of(*report, options.service);
  }
  peer.is_channel_bound = options.is_channel_bound;
  peer.ssf = options.ssf;
  return peer;
}

Json json_of(const authz::PeerInfo& peer, const authz::LoginDecision& decision,
             const std::vector<Property>& properties) {
  Json published = Json::array();
  for (const Property& property : properties) published.push_back(json_of(property));
  return {{"service", peer.service},
          {"mechanism", peer.mechanism},
          {"peer", shown(peer.principal, 1024)},
          {"admitted", decision.is_admitted()},
          {"refusal", decision.is_admitted() ? Json() : Json(decision.reason)},
          {"identity", decision.authid.empty() ? Json() : Json(decision.authid)},
          {"rules", to_json(decision.rules)},
          {"authorize", to_json(decision.authorize)},
          {"properties", std::move(published)}};
}

Exit explain(const ExplainOptions& options, const Output& output) {
  const auto read = read_policy_at(absolute_policy(options.policy));
  if (!read.reading.policy) {
    print_errors(read.reading.diagnostics, output);
    return is_missing(read) ? Exit::kNotTried : Exit::kFailed;
  }
  SupposedAttributes supposed(*read.reading.policy);
  if (auto error = read_supposed(options, &supposed)) {
    output.error(error->message);
    return Exit::kUsage;
  }
  auto peer = peer_to_explain(options, output);
  if (!peer) return peer.error();
  authz::RuleContext login(*read.reading.policy, *std::move(peer));
  if (has_supposed_peer(options)) supposed.give(&login);
  const auto decision = authz::decide_login(&login, options.authzid);
  const auto properties = properties_of(login);
  if (options.json) {
    output.json(json_of(login.peer(), decision, properties));
  } else {
    print_explanation(login.peer(), decision, properties, output);
  }
  return decision.is_admitted() ? Exit::kDone : Exit::kFailed;
}

std::optional<Error> check_usage(const ExplainOptions& options) {
  const bool supposes = !options.values.empty() || !options.unknown.empty() ||
                        !options.local_name.empty() || options.mechanism != "krb5";
  if (has_supposed_peer(options) || !supposes) return std::nullopt;
  return Error{"--attr, --unknown, --local-name and --mechanism describe a peer of --as"};
}

std::vector<Option> options_of_supposed(ExplainOptions* options) {
  return {{"--as",
           "PRINCIPAL",
           "Suppose this peer, which need not exist, instead of a login",
           &options->principal,
           {.excludes = "--user-attributes"}},
          {"--anonymous",
           "",
           "Suppose that the peer is anonymous",
           &options->is_anonymous,
           {.excludes = "--user-attributes"}},
          {"--attr", "NAME=VALUE", "An attribute of that peer; can be given several times",
           &options->values},
          {"--unknown", "NAME", "An attribute of that peer which the server cannot read",
           &options->unknown},
          {"--local-name", "NAME", "The local name of that peer, by auth_to_local",
           &options->local_name},
          {"-m,--mechanism", "NAME", "The mechanism of that peer, as in policies (krb5)",
           &options->mechanism}};
}

std::vector<Option> options_of(ExplainOptions* options) {
  std::vector<Option> list = {
      {"-s,--service",
       "NAME",
       "The application's name for the service, for example imap",
       &options->service,
       {.is_required = true}},
      {"-p,--policy", "FILE", "The policy (the module's default policy)", &options->policy},
      {"-u,--user-attributes", "FILE",
       "A user's attributes, as printed by gssloop attributes --json (yours)",
       &options->attributes},
      {"-a,--acceptor", "NAME", "SERVICE@HOST for the login within this program (on this machine)",
       &options->login.service}};
  add_credential_options(&options->login, &list);
  const auto supposed = options_of_supposed(options);
  list.insert(list.end(), supposed.begin(), supposed.end());
  list.insert(
      list.end(),
      {{"-z,--authzid", "NAME", "The authorization identity that the peer requests",
        &options->authzid},
       {"-b,--channel-bound", "", "Assume that the login is bound to its channel",
        &options->is_channel_bound},
       {"-S,--ssf", "BITS", "Assume this strength of protection, in bits (0)", &options->ssf},
       {"--json", "", "Print JSON", &options->json}});
  return list;
}

}  // namespace

Subcommand explain_subcommand() {
  const auto options = std::make_shared<ExplainOptions>();
  const auto choose = [=]() -> Result<Command, Error> {
    if (auto wrong = check_usage(*options)) return *std::move(wrong);
    return Command([=](Output& output) { return explain(*options, output); });
  };
  return {"explain", "Show what each rule of a policy decides about a peer",
          options_of(options.get()), choose};
}

}  // namespace gssloop::tools
