// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/case_run.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "gssloop/authz/decision.h"
#include "tools/policy/supposed_peer.h"

namespace gssloop::tools {
namespace {

using authz::Finding;
using authz::LoginDecision;
using authz::Rule;

auto place_key(const authz::Place& place) { return std::tie(place.file, place.line, place.column); }

// Every rule of the policy once, although several scopes can have it.
class RuleCounter {
 public:
  explicit RuleCounter(const authz::Policy& policy) {
    for (const authz::Scope* scope : policy.scopes()) {
      add(Finding::Kind::kRequire, scope->require);
      add(Finding::Kind::kDeny, scope->deny);
      if (scope->authorize) add(Finding::Kind::kAuthorize, *scope->authorize);
    }
    std::ranges::sort(rules_, [](const CountedRule& a, const CountedRule& b) {
      return place_key(a.rule->place) < place_key(b.rule->place);
    });
  }

  void count(const Rule& decisive) {
    if (CountedRule* rule = find(decisive)) ++rule->num_cases;
  }

  bool has(Finding::Kind kind, std::string_view text) const {
    return std::ranges::any_of(rules_, [&](const CountedRule& counted) {
      return counted.kind == kind && counted.rule->text == text;
    });
  }

  std::vector<CountedRule> take() && { return std::move(rules_); }

 private:
  CountedRule* find(const Rule& rule) {
    const auto found = std::ranges::find_if(rules_, [&](const CountedRule& counted) {
      return place_key(counted.rule->place) == place_key(rule.place);
    });
    return found != rules_.end() ? &*found : nullptr;
  }

  void add(Finding::Kind kind, const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
      if (find(rule) == nullptr) rules_.push_back({kind, &rule, 0});
    }
  }

  std::vector<CountedRule> rules_;
};

std::string key_of(const Finding& finding) {
  return std::string(authz::to_string(finding.kind)) + " " + finding.rule->text;
}

std::string refusal_of(const LoginDecision& decision) {
  switch (decision.refusal) {
    case LoginDecision::Refusal::kRules:
      return key_of(*authz::objection(decision.rules));
    case LoginDecision::Refusal::kAuthorize:
      return "authorize";
    case LoginDecision::Refusal::kAnonymity:
      return "anonymous";
    case LoginDecision::Refusal::kNone:
    case LoginDecision::Refusal::kIdentity:
    case LoginDecision::Refusal::kPolicyIdentity:
    case LoginDecision::Refusal::kCanonicalization:
      break;
  }
  return "identity";
}

void count_decisive(const LoginDecision& decision, RuleCounter* counter) {
  if (decision.refusal == LoginDecision::Refusal::kRules) {
    counter->count(*authz::objection(decision.rules)->rule);
  }
  if (!decision.is_admitted()) return;
  for (const Finding& finding : decision.authorize) {
    if (finding.truth == authz::Truth::kTrue) counter->count(*finding.rule);
  }
}

std::string expectation(const PolicyCase& tested, const RuleCounter& rules) {
  if (tested.admitted_as) return "admitted as " + *tested.admitted_as;
  const std::string& by = *tested.refused_by;
  std::string text = "refused by " + by;
  for (const auto kind : {Finding::Kind::kRequire, Finding::Kind::kDeny}) {
    const std::string prefix = std::string(authz::to_string(kind)) + " ";
    if (by.starts_with(prefix) && !rules.has(kind, by.substr(prefix.size()))) {
      text += " (the policy has no such rule)";
    }
  }
  return text;
}

CaseOutcome outcome_of(const PolicyCase& tested, const LoginDecision& decision,
                       const RuleCounter& rules) {
  CaseOutcome outcome;
  outcome.tested = &tested;
  outcome.expected = expectation(tested, rules);
  if (decision.is_admitted()) {
    outcome.admitted_as = decision.authid;
    outcome.decided = "admitted as " + decision.authid;
    outcome.is_as_expected = tested.admitted_as == decision.authid;
    return outcome;
  }
  outcome.refused_by = refusal_of(decision);
  outcome.decided = "refused by " + *outcome.refused_by + " (" + decision.reason + ")";
  outcome.is_as_expected = tested.refused_by == outcome.refused_by;
  return outcome;
}

}  // namespace

std::size_t CaseResults::num_failed() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count(outcomes, false, &CaseOutcome::is_as_expected));
}

std::size_t CaseResults::num_unused() const noexcept {
  return static_cast<std::size_t>(std::ranges::count(rules, 0U, &CountedRule::num_cases));
}

CaseResults run_cases(const authz::Policy& policy, const std::vector<PolicyCase>& cases) {
  CaseResults results;
  RuleCounter counter(policy);
  for (const PolicyCase& tested : cases) {
    SupposedAttributes attributes(policy);
    suppose_attributes(tested, &attributes, &results.errors);
    auto peer = peer_info_of(tested.peer);
    if (!peer) continue;  // the reader of the file noted it
    authz::RuleContext login(policy, *std::move(peer));
    attributes.give(&login);
    const auto decision = authz::decide_login(&login, tested.peer.authzid);
    count_decisive(decision, &counter);
    results.outcomes.push_back(outcome_of(tested, decision, counter));
  }
  if (!results.errors.empty()) return {{}, {}, std::move(results.errors)};
  results.rules = std::move(counter).take();
  return results;
}

}  // namespace gssloop::tools
