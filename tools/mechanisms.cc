// SPDX-License-Identifier: BSD-2-Clause
#include "tools/mechanisms.h"

#include <memory>
#include <string>
#include <vector>

#include "gssloop/gss/mechanisms.h"
#include "gssloop/gss/sasl_mechanism.h"
#include "tools/json.h"

namespace gssloop::tools {
namespace {

struct Options {
  bool json = false;
  bool verbose = false;
};

// MechanismFacts is all that is printed of one mechanism.
struct MechanismFacts {
  const gss::Mechanism& mechanism;
  std::vector<gss::MechanismAttribute> attributes;
  std::vector<std::string> offered_as;  // SASL names
  std::string why_not_gs2;              // empty: a GS2 name is among offered_as
};

MechanismFacts facts_of(const gss::Mechanism& mechanism,
                        const std::vector<gss::SaslMechanism>& offered) {
  MechanismFacts facts{mechanism, gss::declared_attributes(mechanism.oid), {}, {}};
  for (const gss::SaslMechanism& sasl : offered) {
    if (sasl.gss_mechanism.oid != mechanism.oid) continue;
    facts.offered_as.push_back(sasl.sasl_name);
    if (sasl.family == gss::SaslFamily::kGs2) {
      facts.offered_as.push_back(sasl.sasl_name + "-PLUS");
    }
  }
  facts.why_not_gs2 = gss::why_not_gs2(mechanism, nullptr);
  return facts;
}

Json to_json(const MechanismFacts& facts) {
  Json attributes = Json::array();
  for (const gss::MechanismAttribute& attribute : facts.attributes) {
    attributes.push_back({{"name", attribute.name}, {"description", attribute.description}});
  }
  return {{"name", facts.mechanism.name},
          {"oid", facts.mechanism.oid.dotted()},
          {"sasl_name", facts.mechanism.sasl_name},
          {"description", facts.mechanism.description},
          {"attributes", std::move(attributes)},
          {"offered_as", facts.offered_as},
          {"why_not_gs2", facts.why_not_gs2.empty() ? Json() : Json(facts.why_not_gs2)}};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + shown(name);
  return text;
}

// The attributes of RFC 5587, with the name and the short name of each.
void print_attributes(const MechanismFacts& facts, const Output& output) {
  for (std::size_t i = 0; i < facts.attributes.size(); ++i) {
    const gss::MechanismAttribute& attribute = facts.attributes[i];
    output.line(
        std::string(i == 0 ? "  declares:    " : "               ") + shown(attribute.name) +
        output.styled(Style::kDim,
                      attribute.description.empty() ? "" : "  " + shown(attribute.description)));
  }
  if (facts.attributes.empty()) output.line("  declares:    nothing");
}

void print(const MechanismFacts& facts, const Output& output) {
  const gss::Mechanism& mechanism = facts.mechanism;
  const std::string name = mechanism.name.empty() ? "(no name)" : shown(mechanism.name);
  output.line(output.styled(Style::kHeading, name) + "  " + mechanism.oid.dotted());
  if (!mechanism.description.empty()) output.line("  " + shown(mechanism.description));
  output.line("  SASL name:   " +
              (mechanism.sasl_name.empty() ? "none" : shown(mechanism.sasl_name)));
  output.line("  offered as:  " + (facts.offered_as.empty()
                                       ? output.styled(Style::kNote, "nothing")
                                       : output.styled(Style::kGood, joined(facts.offered_as))));
  if (!facts.why_not_gs2.empty()) output.line("  not as GS2:  " + facts.why_not_gs2);
}

Exit run(const Options& options, const Output& output) {
  const auto registry = gss::MechanismRegistry::indicate();
  if (!registry) {
    output.error("cannot list the GSS-API mechanisms: " + registry.error().text());
    return Exit::kNotTried;
  }
  const auto offered = gss::sasl_mechanisms(*registry, nullptr);
  Json document = Json::array();
  for (const gss::Mechanism& mechanism : registry->all()) {
    const MechanismFacts facts = facts_of(mechanism, offered);
    if (options.json) {
      document.push_back(to_json(facts));
    } else {
      if (&mechanism != &registry->all().front()) output.line();
      print(facts, output);
      if (options.verbose) print_attributes(facts, output);
    }
  }
  if (options.json) output.json({{"mechanisms", std::move(document)}});
  return Exit::kDone;
}

}  // namespace

Subcommand mechanisms_subcommand() {
  const auto options = std::make_shared<Options>();
  const auto choose = [=]() -> Result<Command, Error> {
    return Command([=](Output& output) { return run(*options, output); });
  };
  return {"mechanisms",
          "List this machine's GSS-API mechanisms, and their names in SASL",
          {{"-v,--verbose", "", "Print the attributes of RFC 5587, too", &options->verbose},
           {"--json", "", "Print JSON", &options->json}},
          choose};
}

}  // namespace gssloop::tools
