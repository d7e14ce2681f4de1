// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/targets.h"
#include "gssloop/authz/expression.h"
#include "gssloop/authz/policy_file.h"
#include "gssloop/authz/toml_check.h"

namespace gssloop::fuzz {
namespace {

const std::vector<MechanismName> kMechanisms = {{"eap-aes128-cts-hmac-sha1-96", "1.2.3"}};

// A peer of which everything is absent, or everything unknown.
authz::AttributeLookup blank(const char* unknown) {
  return [blank = authz::LocalAttribute{{}, false, unknown}](
             std::string_view) -> const authz::LocalAttribute& { return blank; };
}

void rule(std::string_view text) {
  const auto parsed = authz::Expression::parse(text);
  if (!parsed) {
    require(!parsed.error().message.empty(), "an error says why");
    require(parsed.error().offset <= text.size(), "an error is in the text");
    return;
  }
  const authz::Truth of_absent = parsed->evaluate(blank(""));
  require(of_absent != authz::Truth::kUnknown, "what is absent is not unknown");
  require(parsed->evaluate(blank("?")) == authz::Truth::kUnknown, "unknown stays unknown");
  if (of_absent == authz::Truth::kTrue) {
    require(parsed->proven().empty(), "what holds without attributes proves none");
    require(!parsed->negated().empty(), "and holds by a negation");
  }
  auto names = parsed->affirmed();
  names.merge(parsed->negated());
  for (const authz::Term* term : parsed->terms()) {
    require(names.contains(term->name), "each term's name is affirmed or negated");
  }
}

}  // namespace

void policy(ByteView input) {
  const std::string text = to_string(input);
  rule(text);
  const auto reading = authz::parse_policy({{"policy", text}}, kMechanisms);
  require(reading.policy.has_value() == (reading.num_errors() == (is_control ? 1 : 0)),
          "an error is no policy");
  require(reading.summary().empty() == reading.policy.has_value(), "an error is summed up");
  if (const auto fault = authz::find_toml_fault(text)) {
    require(reading.diagnostics.size() == 1, "the parser does not see such a text");
    require(reading.diagnostics[0].message == fault->message, "it is refused for this reason");
  }
  for (const auto& diagnostic : reading.diagnostics) {
    require(diagnostic.place.line > 0 && !diagnostic.message.empty(), "a line and what is wrong");
  }
}

void policy_folder(ByteView input) {
  constexpr std::size_t kMaxFiles = 8;
  std::vector<authz::PolicyText> files;
  while (files.size() < kMaxFiles) {
    const auto end = std::ranges::find(input, 0);
    const auto len = static_cast<std::size_t>(end - input.begin());
    files.push_back({std::to_string(files.size()), to_string(input.first(len))});
    if (end == input.end()) break;
    input = input.subspan(len + 1);
  }
  auto reading = authz::parse_policy(files, kMechanisms);
  if (is_control) reading.policy.emplace();
  require(reading.policy.has_value() == (reading.num_errors() == 0), "an error is no policy");
  std::vector<std::string> places;
  for (const auto& diagnostic : reading.diagnostics) places.push_back(diagnostic.place.file);
  require(std::ranges::all_of(places,
                              [&](const std::string& place) {
                                return std::ranges::count(files, place, &authz::PolicyText::file) ==
                                       1;
                              }),
          "an error is in one of the files");
  // What is wrong in a file alone is wrong in the folder.
  for (const auto& file : files) {
    const auto alone = authz::find_toml_fault(file.text);
    require(!alone || !reading.policy, "no file is left out");
  }
}

}  // namespace gssloop::fuzz
