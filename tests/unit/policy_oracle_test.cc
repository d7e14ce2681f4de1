// SPDX-License-Identifier: BSD-2-Clause
// Generated policies and peers, decided twice: by the code under test, and by a second evaluator
// that was written from the documentation alone, as plainly as it can be.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "gssloop/authz/evaluation.h"
#include "gssloop/authz/policy_file.h"
#include "tests/support/spec.h"
#include "tests/unit/policy_cases.h"

namespace gssloop::authz {
namespace {

using testing::Case, testing::Dice, testing::kEap, testing::RuleTree, testing::SourceLine;
using testing::Strings;

constexpr int kNumCases = 4000;

// ---- the second evaluator: 0 false, 1 unknown, 2 true

constexpr int kAnd[3][3] = {{0, 0, 0}, {0, 1, 1}, {0, 1, 2}};
constexpr int kOr[3][3] = {{0, 1, 2}, {1, 1, 2}, {2, 2, 2}};
constexpr int kNot[3] = {2, 1, 0};

struct Known {
  Strings values;
  bool is_unknown = false;
  bool is_complete = true;
};

bool matches(const std::vector<int>& pattern, std::size_t i, const std::string& value,
             std::size_t j) {
  if (i == pattern.size()) return j == value.size();
  if (pattern[i] == -1) {
    for (std::size_t end = j; end <= value.size(); ++end) {
      if (matches(pattern, i + 1, value, end)) return true;
    }
    return false;
  }
  if (j == value.size()) return false;
  const bool is_same = pattern[i] == -2 || pattern[i] == (static_cast<int>(value[j]) & 0xff);
  return is_same && matches(pattern, i + 1, value, j + 1);
}

std::string realm(const PeerInfo& peer) {
  const std::size_t at = peer.principal.find('@');
  return at == std::string::npos ? "" : peer.principal.substr(at + 1);
}

Known local(const std::string& name, const Case& made) {
  Known known;
  for (const SourceLine& source : made.sources) {
    if (source.local != name || source.mechanism != made.peer.mechanism) continue;
    if (!source.issuer.empty() && source.issuer != realm(made.peer)) continue;
    if (!made.peer.unlisted.empty()) known.is_unknown = true;
    for (const auto& unreadable : made.peer.attributes.unreadable) {
      if (unreadable.name == source.name) known.is_unknown = true;
    }
    for (const Attribute& attribute : made.peer.attributes.readable) {
      if (attribute.name != source.name || attribute.values.index() != 0) continue;
      if (!attribute.is_complete) known.is_complete = false;
      for (const AuthenticatedValue& value : std::get<0>(attribute.values)) {
        std::string shown;
        for (const std::uint8_t octet : value.octets()) {
          char hex[3];
          std::snprintf(hex, sizeof hex, "%02x", octet);
          shown += source.form == "hex" ? hex : std::string(1, static_cast<char>(octet));
        }
        const bool is_bad = shown.find('\xff') != shown.npos || shown.find('\0') != shown.npos;
        is_bad ? void(known.is_unknown = true) : known.values.push_back(shown);
      }
    }
  }
  return known;
}

Known lookup(const std::string& name, const Case& made) {
  const PeerInfo& peer = made.peer;
  const auto one = [](const std::string& value) { return Known{{value}, false, true}; };
  const auto any = [&](const std::string& value) { return value.empty() ? Known{} : one(value); };
  if (name == "peer.realm") return any(peer.is_anonymous ? "" : realm(peer));
  if (name == "peer.principal") return any(peer.is_anonymous ? "" : peer.principal);
  if (name == "peer.mechanism") return one(peer.mechanism);
  if (name == "peer.service") return one(peer.service);
  if (name == "peer.channel-bound") return one(peer.is_channel_bound ? "yes" : "no");
  if (name == "peer.anonymous") return one(peer.is_anonymous ? "yes" : "no");
  if (name == "peer.ssf") return one(peer.ssf == 56 ? "56" : "128");
  if (name == "authid") return one(peer.authid);
  if (name == "authzid") return one(peer.authzid);
  if (name == "peer.local-name") {
    return {peer.local_name.values, !peer.local_name.unknown.empty(), false};
  }
  return local(name, made);
}

int decide(const RuleTree& rule, const Case& made) {
  if (rule.op == RuleTree::kNot) return kNot[decide(rule.parts[0], made)];
  if (rule.op != RuleTree::kTerm) {
    int result = rule.op == RuleTree::kAnd ? 2 : 0;
    for (const RuleTree& part : rule.parts) {
      const auto& table = rule.op == RuleTree::kAnd ? kAnd : kOr;
      result = table[result][decide(part, made)];
    }
    return result;
  }
  const Known known = lookup(rule.name, made);
  if (rule.question == 'c') {
    if (known.is_unknown) return 1;
    return !known.values.empty() && known.is_complete ? 2 : 0;
  }
  for (const std::string& value : known.values) {
    if (rule.question == 'e') return 2;
    if (rule.question == '=' && value == rule.value) return 2;
    if (rule.question == '~' && matches(rule.pattern, 0, value, 0)) return 2;
    if (rule.question == '>' && std::stoi(value) >= std::stoi(rule.value)) return 2;
  }
  return known.is_unknown ? 1 : 0;
}

bool is_admitted(const Case& made) {
  for (const RuleTree& rule : made.deny) {
    if (decide(rule, made) != 0) return false;
  }
  for (const auto* rules : {&made.all_require, &made.require}) {
    for (const RuleTree& rule : *rules) {
      if (decide(rule, made) != 2) return false;
    }
  }
  return true;
}

bool may_act(const Case& made) {
  if (!made.has_authorize || made.peer.authid == made.peer.authzid) return true;
  return std::ranges::any_of(made.authorize,
                             [&](const RuleTree& r) { return decide(r, made) == 2; });
}

// "" where the peer is refused.
std::string name_of(const Case& made) {
  const PeerInfo& peer = made.peer;
  const bool is_by_attribute = made.identity.starts_with("{");
  const Known known = is_by_attribute ? local(made.identity.substr(15, 1), made) : Known{};
  if (peer.is_anonymous && known.values.empty() && !known.is_unknown) return made.anonymous;
  if (is_by_attribute) {
    const bool is_one = known.values.size() == 1 && !known.is_unknown;
    return is_one && !known.values[0].starts_with(" ") ? known.values[0] : "";
  }
  if (made.identity == "\"auth-to-local\"") {
    return peer.local_name.values.empty() ? "" : peer.local_name.values[0];
  }
  const bool is_stripped =
      made.identity == "\"strip-default-realm\"" && peer.mechanism == "krb5" && realm(peer) == "xy";
  return is_stripped ? peer.principal.substr(0, peer.principal.find('@')) : peer.principal;
}

// ---- both

struct Decision {
  bool is_admitted = false, may_act = false;
  std::string name;
  std::vector<Truth> truths;  // of deny, require (all, own), authorize

  friend bool operator==(const Decision&, const Decision&) = default;
};

Decision by_policy(const Case& made, const std::string& file) {
  const auto reading = parse_policy({{"generated", file}}, {{std::string(kEap), "1.2.3"}});
  Decision decision;
  if (!reading.policy) {
    ADD_FAILURE() << reading.summary() << "\n" << file;
    return decision;
  }
  const RuleContext context(*reading.policy, made.peer);
  const auto findings = evaluate_rules(context);
  const auto authorize_rules = authorize_findings(context);
  const auto identity = identify(context);
  decision.name = identity ? *identity : "";
  decision.is_admitted = objection(findings) == nullptr;
  decision.may_act = !authorize(context, authorize_rules);
  for (const auto* each : {&findings, &authorize_rules}) {
    for (const Finding& finding : *each) decision.truths.push_back(finding.truth);
  }
  return decision;
}

Decision by_oracle(const Case& made) {
  Decision decision{is_admitted(made), may_act(made), name_of(made), {}};
  for (const auto* rules : {&made.deny, &made.all_require, &made.require, &made.authorize}) {
    for (const RuleTree& rule : *rules) {
      decision.truths.push_back(static_cast<Truth>(decide(rule, made)));
    }
  }
  return decision;
}

TEST(PolicyOracle, AgreesOnGeneratedPolicies) {
  SPEC("N1 N3 N5 N10 N16 N17 N29 N30");
  Dice dice(1);
  int num_admitted = 0, num_acting = 0, num_named = 0, num_unknown = 0;
  for (int i = 0; i < kNumCases; ++i) {
    const Case made = generate(&dice);
    const std::string file = toml(made);
    const Decision wanted = by_oracle(made), found = by_policy(made, file);
    ASSERT_EQ(found.truths, wanted.truths) << i << "\n" << file;
    ASSERT_EQ(found.is_admitted, wanted.is_admitted) << i << "\n" << file;
    ASSERT_EQ(found.may_act, wanted.may_act) << i << "\n" << file;
    ASSERT_EQ(found.name, wanted.name) << i << "\n" << file;
    num_admitted += wanted.is_admitted;
    num_acting += wanted.may_act;
    num_named += !wanted.name.empty();
    num_unknown += std::ranges::count(wanted.truths, Truth::kUnknown) > 0;
  }
  // Each outcome was seen often enough to prove something.
  for (const int num : {num_admitted, num_acting, num_named, num_unknown}) {
    EXPECT_GT(num, kNumCases / 20);
    EXPECT_LT(num, kNumCases - kNumCases / 20);
  }
}

TEST(PolicyOracle, NoOrderMattersToAnyDecision) {
  SPEC("N18");
  Dice dice(2);
  for (int i = 0; i < kNumCases / 4; ++i) {
    Case made = generate(&dice);
    const Decision before = by_policy(made, toml(made));
    for (int permutation = 0; permutation < 8; ++permutation) {
      dice.shuffle(&made.sources);
      dice.shuffle(&made.peer.attributes.readable);
      dice.shuffle(&made.peer.attributes.unreadable);
      for (Attribute& attribute : made.peer.attributes.readable) {
        std::visit([&](auto& values) { dice.shuffle(&values); }, attribute.values);
      }
      ASSERT_EQ(by_policy(made, toml(made)), before) << i << "\n" << toml(made);
    }
  }
}

}  // namespace
}  // namespace gssloop::authz
