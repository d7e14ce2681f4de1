// SPDX-License-Identifier: BSD-2-Clause
#include "tests/unit/policy_cases.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace gssloop::testing {
namespace {

using namespace std::string_literals;
using authz::PeerInfo;

const Strings& locals() {
  static const Strings names{"a", "b", "c", "d"};
  return names;
}
const Strings& octets() {
  static const Strings values{"",    "x",        "xx",   "xy",   "yx", " x",   "*",
                              "a\"", "\xc3\xa4", "b\\c", "\xff", "5",  "q\0r"s};
  return values;
}

std::string in_quotes(const std::string& octets, bool is_pattern) {
  std::string text;
  for (const char c : octets) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(c) & 0xff);
    const bool is_plain = std::string_view("xyabc5 krb").find(c) != std::string_view::npos;
    const bool is_star = !is_pattern && (c == '*' || c == '?');
    text += is_plain || is_star ? std::string(1, c) : std::string(escaped);
  }
  return text;
}

std::string text(const RuleTree& rule) {
  using Op = RuleTree::Op;
  if (rule.op == Op::kNot) return "!(" + text(rule.parts[0]) + ")";
  if (rule.op != Op::kTerm) {
    std::string whole;
    for (const RuleTree& part : rule.parts) {
      if (!whole.empty()) whole += rule.op == Op::kAnd ? " & " : "|";
      // "&" binds closer than "|", so that an "or" within an "and" needs its parentheses.
      whole += part.op == Op::kOr || part.op == rule.op ? "( " + text(part) + ")" : text(part);
    }
    return whole;
  }
  if (rule.question == 'e') return "exists " + rule.name;
  if (rule.question == 'c') return "complete " + rule.name;
  if (rule.question == '>') return rule.name + " >= " + rule.value;
  if (rule.question == '=') return rule.name + "=\"" + in_quotes(rule.value, false) + "\"";
  std::string pattern;
  for (const int element : rule.pattern) {
    pattern += element == -1   ? "*"
               : element == -2 ? "?"
                               : in_quotes(std::string(1, static_cast<char>(element)), true);
  }
  return rule.name + " ~ \"" + pattern + "\"";
}

RuleTree term(Dice* dice, bool knows_identities) {
  RuleTree rule;
  rule.name = dice->one_of(locals());
  rule.question = "==~~ec"[dice->below(6)];
  rule.value = dice->one_of(octets());
  for (unsigned i = dice->below(4); i > 0; --i) {
    const int element = static_cast<int>("xy*?\xff"[dice->below(5)]) & 0xff;
    rule.pattern.push_back(element == '*' ? -1 : element == '?' ? -2 : element);
  }
  if (knows_identities && dice->once_in(3)) {
    rule.name = dice->once_in(2) ? "authid" : "authzid";
    rule.value = dice->once_in(2) ? "x" : "xx";
  } else if (dice->once_in(4)) {
    const struct {
      const char* name;
      char question;
      const char* values[2];
    } kReserved[] = {{"peer.realm", '=', {"xy", "yx"}},
                     {"peer.mechanism", '=', {"krb5", "eap-aes128-cts-hmac-sha1-96"}},
                     {"peer.channel-bound", '=', {"yes", "no"}},
                     {"peer.anonymous", '=', {"yes", "no"}},
                     {"peer.ssf", '>', {"56", "128"}},
                     {"peer.ssf", '=', {"56", "0"}},
                     {"peer.principal", '~', {"", ""}},
                     {"peer.local-name", 'e', {"", ""}},
                     {"peer.service", '=', {"imap", "ldap"}}};
    const auto& row = kReserved[dice->below(std::size(kReserved))];
    rule.name = row.name;
    rule.question = row.question;
    rule.value = row.values[dice->below(2)];
  }
  return rule;
}

RuleTree tree(Dice* dice, unsigned depth, bool knows_identities) {
  if (depth == 0 || dice->once_in(3)) return term(dice, knows_identities);
  RuleTree rule;
  rule.op = static_cast<RuleTree::Op>(1 + dice->below(3));
  const unsigned num_parts = rule.op == RuleTree::kNot ? 1 : 2 + dice->below(2);
  for (unsigned i = 0; i < num_parts; ++i) {
    rule.parts.push_back(tree(dice, depth - 1, knows_identities));
  }
  return rule;
}

std::vector<RuleTree> rules(Dice* dice, unsigned most, bool knows_identities = false) {
  std::vector<RuleTree> list;
  for (unsigned i = dice->below(most + 1); i > 0; --i) {
    list.push_back(tree(dice, dice->below(4), knows_identities));
  }
  return list;
}

template <class Value>
std::vector<Value> values(Dice* dice) {
  std::vector<Value> list;
  for (unsigned i = dice->below(4); i > 0; --i) {
    list.push_back(Value::from_mechanism(to_bytes(as_bytes(dice->one_of(octets())))));
  }
  return list;
}

// Each source's attribute is absent, authenticated, asserted or unreadable; others imitate it.
Attributes attributes(Dice* dice, const std::vector<SourceLine>& sources) {
  Attributes found;
  for (const SourceLine& source : sources) {
    const std::string& name = source.name;
    const auto has = [&](const auto& attribute) { return attribute.name == name; };
    if (std::ranges::any_of(found.readable, has) || std::ranges::any_of(found.unreadable, has)) {
      continue;
    }
    const bool is_complete = dice->once_in(2);
    switch (dice->below(8)) {
      case 0:
        found.unreadable.push_back({name, "broken"});
        break;
      case 1:
        found.readable.push_back({name, is_complete, values<AssertedValue>(dice)});
        break;
      case 2:
        found.readable.push_back({name + " x", true, values<AuthenticatedValue>(dice)});
        found.readable.push_back({"x " + name, true, values<AuthenticatedValue>(dice)});
        break;
      default:
        found.readable.push_back({name, is_complete, values<AuthenticatedValue>(dice)});
        break;
    }
  }
  dice->shuffle(&found.readable);
  return found;
}

PeerInfo peer(Dice* dice, const std::vector<SourceLine>& sources) {
  PeerInfo peer;
  peer.service = dice->once_in(2) ? "imap" : "ldap";
  peer.mechanism = dice->once_in(4) ? kEap : "krb5";
  peer.principal = dice->one_of({"x@xy", "xx@yx", "x"});
  peer.default_realm = "xy";
  peer.is_anonymous = dice->once_in(6);
  peer.is_channel_bound = dice->once_in(2);
  peer.ssf = dice->once_in(2) ? 56 : 128;
  if (dice->once_in(2)) peer.local_name.values = {"xx"};
  if (dice->once_in(4)) peer.local_name = {{}, false, "no database"};
  peer.attributes = attributes(dice, sources);
  if (dice->once_in(20)) {
    peer.attributes = {};
    peer.unlisted = "the list is broken";
  }
  peer.authid = dice->one_of({"x", "xx"});
  peer.authzid = dice->one_of({"x", "xx"});
  return peer;
}

std::string list(const std::vector<RuleTree>& rules) {
  std::string toml = "[";
  for (const RuleTree& rule : rules) {
    toml += "\n  \"";
    for (const char c : text(rule)) toml += c == '"' || c == '\\' ? "\\"s + c : std::string(1, c);
    toml += "\",";
  }
  return toml + "]\n";
}

}  // namespace

Case generate(Dice* dice) {
  Case made;
  for (const std::string& local : locals()) {
    for (unsigned i = 1 + dice->below(2); i > 0; --i) {
      made.sources.push_back({local, dice->once_in(4) ? std::string(kEap) : "krb5",
                              dice->one_of({"s1", "s2", "s3", "s4", "urn:x y"}),
                              dice->one_of({"", "", "xy"}), dice->one_of({"text", "text", "hex"})});
    }
  }
  made.all_require = rules(dice, 1);
  made.require = rules(dice, 2);
  made.deny = rules(dice, 2);
  made.has_authorize = !dice->once_in(3);
  if (made.has_authorize) made.authorize = rules(dice, 2, true);
  made.identity = dice->one_of({"\"strip-default-realm\"", "\"principal\"", "\"auth-to-local\"",
                                "{ attribute = \"a\" }", "{ attribute = \"b\" }"});
  if (dice->once_in(2)) made.anonymous = "guest";
  made.peer = peer(dice, made.sources);
  return made;
}

std::string toml(const Case& made) {
  std::string file;
  for (const std::string& local : locals()) {
    file += "[attributes." + local + "]\nfrom = [";
    for (const SourceLine& source : made.sources) {
      if (source.local != local) continue;
      file += "{ mechanism = \"" + source.mechanism + "\", name = \"" + source.name +
              "\", form = \"" + source.form + "\"" +
              (source.issuer.empty() ? "" : ", issuer = \"" + source.issuer + "\"") + " }, ";
    }
    file += "]\n";
  }
  file += "[all]\nrequire = " + list(made.all_require) +
          "[services.default]\nidentity = " + made.identity + "\nrequire = " + list(made.require) +
          "deny = " + list(made.deny);
  if (made.has_authorize) file += "authorize = " + list(made.authorize);
  if (!made.anonymous.empty()) file += "anonymous = \"" + made.anonymous + "\"\n";
  return file;
}

}  // namespace gssloop::testing
