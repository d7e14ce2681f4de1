// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_UNIT_POLICY_CASES_H_
#define GSSLOOP_TESTS_UNIT_POLICY_CASES_H_

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gssloop/authz/peer_info.h"

// Generated policies and peers for policy_oracle_test.cc.

namespace gssloop::testing {

using Strings = std::vector<std::string>;

inline constexpr std::string_view kEap = "eap-aes128-cts-hmac-sha1-96";

// Dice throws the same numbers on every machine.
class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  unsigned below(std::size_t bound) { return static_cast<unsigned>(random_() % bound); }
  bool once_in(unsigned n) { return below(n) == 0; }
  std::string one_of(const Strings& list) { return list[below(list.size())]; }
  template <class List>
  void shuffle(List* list) {
    for (std::size_t i = list->size(); i > 1; --i) std::swap((*list)[i - 1], (*list)[below(i)]);
  }

 private:
  std::mt19937 random_;
};

// RuleTree is what a rule asks, as a tree of the tests' own.
struct RuleTree {
  enum Op { kTerm, kNot, kAnd, kOr } op = kTerm;
  std::vector<RuleTree> parts;
  // of kTerm
  char question = '=';  // = ~ > (at least) e (exists) c (complete)
  std::string name, value;
  std::vector<int> pattern;  // octets; -1 any, -2 one
};

struct SourceLine {
  std::string local, mechanism, name, issuer, form;
};

// Case is a policy and a peer, before either is given to the code under test.
struct Case {
  std::vector<SourceLine> sources;
  std::vector<RuleTree> all_require, require, deny, authorize;
  bool has_authorize = false;
  std::string identity, anonymous;
  authz::PeerInfo peer;
};

// generate makes a case of few names and few values, so that they meet often.
Case generate(Dice* dice);

// toml writes the policy of a case.
std::string toml(const Case& made);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_UNIT_POLICY_CASES_H_
