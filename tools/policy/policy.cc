// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/policy.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gssloop/authz/decision.h"
#include "tools/json.h"
#include "tools/policy/attribute_use.h"
#include "tools/policy/policy_login.h"
#include "tools/policy/self_report.h"
#include "tools/trial/files.h"

namespace gssloop::tools {
namespace {

constexpr std::size_t kMaxNameLen = std::size_t{16} * 1024 * 1024;  // octets, of --user-attributes

Json to_json(const authz::Place& place) {
  return {{"file", place.file}, {"line", place.line}, {"column", place.column}};
}

// gssloop policy check

struct CheckOptions {
  std::optional<std::string> path;
  bool is_strict = false;
  bool json = false;
};

Json to_json(const authz::Diagnostic& diagnostic) {
  Json json = to_json(diagnostic.place);
  json["severity"] = diagnostic.is_warning ? "warning" : "error";
  json["message"] = diagnostic.message;
  return json;
}

void print(const authz::Diagnostic& diagnostic, const Output& output) {
  const Style style = diagnostic.is_warning ? Style::kNote : Style::kBad;
  output.line(output.styled(style, shown(diagnostic.text(), 4096)));
}

std::string counted(std::size_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

// The compiled-in policy need not exist.
bool is_missing(const authz::PolicyOnDisk& read) { return read.is_absent && !read.reading.policy; }

Exit check(const CheckOptions& options, const Output& output) {
  const auto named = absolute_policy(options.path);
  const std::string path = named.value_or(GSSLOOP_POLICY_PATH);
  auto read = read_policy_at(named);
  if (read.reading.policy && !read.is_absent) {
    const auto advice = advice_about(*read.reading.policy);
    read.reading.diagnostics.insert(read.reading.diagnostics.end(), advice.begin(), advice.end());
  }
  const std::size_t num_errors = read.reading.num_errors();
  const std::size_t num_warnings = read.reading.diagnostics.size() - num_errors;
  if (options.json) {
    Json diagnostics = Json::array();
    for (const auto& diagnostic : read.reading.diagnostics) {
      diagnostics.push_back(to_json(diagnostic));
    }
    output.json({{"policy", path},
                 {"present", !read.is_absent},
                 {"valid", num_errors == 0},
                 {"diagnostics", std::move(diagnostics)}});
  } else {
    for (const auto& diagnostic : read.reading.diagnostics) print(diagnostic, output);
    if (read.is_absent && num_errors == 0) {
      output.line("there is no policy " + shown(path, 1024) +
                  ": attributes do not decide about logins");
    } else if (num_errors == 0 && num_warnings == 0) {
      output.line(output.styled(Style::kGood, "ok") + "  " + shown(path, 1024));
    } else {
      output.line(counted(num_errors, "error") + ", " + counted(num_warnings, "warning"));
    }
  }
  if (is_missing(read)) return Exit::kNotTried;
  return num_errors > 0 || (options.is_strict && num_warnings > 0) ? Exit::kFailed : Exit::kDone;
}

Subcommand check_subcommand() {
  const auto options = std::make_shared<CheckOptions>();
  const auto choose = [=]() -> Result<Command, Error> {
    return Command([=](Output& output) { return check(*options, output); });
  };
  return {"check",
          "Show every error in a policy file or folder",
          {{"FILE", "", "The policy (the module's default policy)", &options->path},
           {"-s,--strict", "", "Fail for warnings, too", &options->is_strict},
           {"--json", "", "Print JSON", &options->json}},
          choose};
}

// gssloop policy explain

struct ExplainOptions {
  std::string service;
  std::optional<std::string> policy;
  std::optional<std::string> attributes;  // a file, or "-"
  std::string authzid;
  SelfLoginOptions login;  // an empty service is that of --service
  bool is_channel_bound = false;
  unsigned ssf = 0;
  bool json = false;
};

const char* kind_of(const authz::Finding& finding) {
  switch (finding.kind) {
    case authz::Finding::Kind::kRequire:
      return "require";
    case authz::Finding::Kind::kDeny:
      return "deny";
    case authz::Finding::Kind::kAuthorize:
      break;
  }
  return "authorize";
}

Json to_json(const authz::Finding& finding) {
  Json json = to_json(finding.rule->place);
  json["kind"] = kind_of(finding);
  json["rule"] = finding.rule->text;
  json["truth"] = authz::to_string(finding.truth);
  json["unknown"] = finding.unknown.empty() ? Json() : Json(finding.unknown);
  return json;
}

Json to_json(const std::vector<authz::Finding>& findings) {
  Json json = Json::array();
  for (const authz::Finding& finding : findings) json.push_back(to_json(finding));
  return json;
}

// Property is one property that an application finds, or can request.
struct Property {
  const authz::Definition* definition;
  bool is_unasked;
  authz::LocalAttribute values, asserted;
};

std::vector<Property> properties_of(const authz::RuleContext& login) {
  std::vector<Property> properties;
  for (const authz::Definition& definition : login.policy().definitions()) {
    properties.push_back({&definition, login.scope().publish.adds(definition.name),
                          login.authenticated(definition), login.asserted(definition)});
  }
  return properties;
}

Json to_json(const Property& property) {
  return {{"attribute", property.definition->name},
          {"property", "*" + property.definition->property},
          {"values", property.values.values},
          {"complete", property.values.is_complete},
          {"unknown", property.values.has_unknown() ? Json(property.values.unknown) : Json()},
          {"asserted", property.asserted.values},
          {"published", property.is_unasked ? "always" : "requested"}};
}

void print(const authz::Finding& finding, const Output& output) {
  const Style style = finding.is_objection() ? Style::kBad : Style::kGood;
  std::string line = "  " + output.styled(style, std::string(authz::to_string(finding.truth))) +
                     "\t" + kind_of(finding) + "\t" + shown(finding.rule->place.text(), 1024) +
                     "\t" + shown(finding.rule->text, 4096);
  if (!finding.unknown.empty()) line += " (" + shown(finding.unknown, 1024) + ")";
  output.line(line);
}

void print(const Property& property, const Output& output) {
  std::string line = "  *" + property.definition->property + ": " +
                     (property.values.is_absent() ? "no value" : quoted(property.values.values));
  if (property.values.has_unknown()) line += " (unknown: " + shown(property.values.unknown) + ")";
  if (!property.asserted.values.empty()) {
    line += " (" + counted(property.asserted.values.size(), "value") + " asserted)";
  }
  output.line(line + (property.is_unasked ? ", always" : ", if requested"));
}

void print(const authz::PeerInfo& peer, const authz::LoginDecision& decision,
           const std::vector<Property>& properties, const Output& output) {
  output.line("peer: " + (peer.principal.empty() ? "(no name)" : shown(peer.principal, 1024)) +
              (peer.is_anonymous ? ", anonymous" : "") + ", by " + peer.mechanism + ", to " +
              shown(peer.service));
  output.line(output.styled(Style::kHeading, "rules"));
  if (decision.rules.empty() && decision.authorize.empty()) output.line("  none");
  for (const authz::Finding& finding : decision.rules) print(finding, output);
  for (const authz::Finding& finding : decision.authorize) print(finding, output);
  output.line(output.styled(Style::kHeading, "properties"));
  if (properties.empty()) output.line("  only raw ones");
  for (const Property& property : properties) print(property, output);
  if (decision.is_admitted()) {
    const bool is_other = decision.authid != decision.authzid;
    output.line(output.styled(Style::kGood, "admitted") + " as " + shown(decision.authid, 1024) +
                (is_other ? ", to act as " + shown(decision.authzid, 1024) +
                                ", if the application allows it"
                          : ""));
  } else {
    output.line(output.styled(Style::kBad, "refused") + ": " + shown(decision.reason, 4096));
  }
}

Result<PeerReport, Exit> peer_to_explain(const ExplainOptions& options, const Output& output) {
  if (!options.attributes) {
    SelfLoginOptions login = options.login;
    if (login.service.empty()) login.service = options.service;
    return report_by_self_login(login, gss::Oid::krb5(), output);
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

Exit explain(const ExplainOptions& options, const Output& output) {
  const auto read = read_policy_at(absolute_policy(options.policy));
  if (!read.reading.policy) {
    for (const auto& diagnostic : read.reading.diagnostics) {
      if (!diagnostic.is_warning) output.error(shown(diagnostic.text(), 4096));
    }
    return is_missing(read) ? Exit::kNotTried : Exit::kFailed;
  }
  const auto report = peer_to_explain(options, output);
  if (!report) return report.error();
  authz::PeerInfo peer = peer_info_of(*report, options.service);
  peer.is_channel_bound = options.is_channel_bound;
  peer.ssf = options.ssf;
  authz::RuleContext login(*read.reading.policy, std::move(peer));
  const auto decision = authz::decide_login(&login, options.authzid);
  const auto properties = properties_of(login);
  if (options.json) {
    Json published = Json::array();
    for (const Property& property : properties) published.push_back(to_json(property));
    output.json({{"service", login.peer().service},
                 {"mechanism", login.peer().mechanism},
                 {"peer", shown(login.peer().principal, 1024)},
                 {"admitted", decision.is_admitted()},
                 {"refusal", decision.is_admitted() ? Json() : Json(decision.reason)},
                 {"identity", decision.authid.empty() ? Json() : Json(decision.authid)},
                 {"rules", to_json(decision.rules)},
                 {"authorize", to_json(decision.authorize)},
                 {"properties", std::move(published)}});
  } else {
    print(login.peer(), decision, properties, output);
  }
  return decision.is_admitted() ? Exit::kDone : Exit::kFailed;
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

Subcommand explain_subcommand() {
  const auto options = std::make_shared<ExplainOptions>();
  const auto choose = [=]() -> Result<Command, Error> {
    return Command([=](Output& output) { return explain(*options, output); });
  };
  return {"explain", "Show what each rule of a policy decides about a peer",
          options_of(options.get()), choose};
}

}  // namespace

Subcommand policy_subcommand() {
  return {.name = "policy",
          .help = "Check a policy file, or show what it decides",
          .subcommands = {check_subcommand(), explain_subcommand()}};
}

}  // namespace gssloop::tools
