// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/targets.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "gssloop/authz/expression.h"
#include "gssloop/authz/policy_file.h"
#include "gssloop/authz/toml_check.h"
#include "gssloop/gss/initial_token.h"
#include "gssloop/io/frame.h"
#include "plugin/layer/layer_terms.h"
#include "plugin/mech/gs2_header.h"

namespace gssloop::fuzz {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz target: %s\n", what);
  std::abort();
}

namespace {

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

void gs2_message(ByteView input) {
  const auto parsed = plugin::parse_gs2_message(input);
  if (!parsed) {
    require(!parsed.error().message.empty(), "a refusal says why");
    return;
  }
  const auto header = parsed->header.serialize();
  require(static_cast<bool>(header), "what parses can be written");
  std::string again = *header;
  again += as_text(parsed->token);
  require(again == as_text(input), "what parses is written back to the same octets");
  const std::size_t unbound_len = parsed->header.is_nonstandard ? 2 : 0;
  require(std::ranges::equal(parsed->bound_header, as_bytes(*header).subspan(unbound_len)),
          "the bound part is the header without F");
  require(parsed->header.authzid.find('\0') == std::string::npos, "no NUL in an authzid");
}

void initial_token(ByteView input) {
  const gss::Oid oids[] = {gss::Oid::krb5(), gss::Oid::iakerb()};
  for (const gss::Oid& oid : oids) {
    const auto inner = gss::strip_initial_header(input, oid);
    if (inner) {
      require(std::ranges::equal(gss::restore_initial_header(*inner, oid), input),
              "restore undoes strip");
    }
    const Bytes framed = gss::restore_initial_header(input, oid);
    const auto stripped = gss::strip_initial_header(framed, oid);
    require(stripped && std::ranges::equal(*stripped, input), "strip undoes restore");
  }
}

void frames(ByteView input) {
  io::FrameReader reader(64);
  while (!input.empty() && !reader.is_refused()) {
    const ByteView octets = input.first(std::min<std::size_t>(input.size(), 3));
    const std::size_t num_taken = reader.feed(octets);
    require(num_taken > 0 || reader.is_complete() || reader.is_refused(), "the reader moves on");
    input = input.subspan(num_taken);
    if (!reader.is_complete()) continue;
    const auto frame = reader.take();
    require(frame.body.size() <= 64, "no frame over the limit");
  }
}

void layer_message(ByteView input) {
  using plugin::Layer, plugin::LayerMessage, plugin::Layers;
  const auto offer = LayerMessage::parse_offer(input);
  require(static_cast<bool>(offer) == (input.size() == 4), "an offer has 4 octets");
  const auto choice = LayerMessage::parse_choice(input);
  require(static_cast<bool>(choice) == (input.size() >= 4), "a choice has 4 octets or more");
  if (!choice) {
    require(!choice.error().message.empty(), "a refusal says why");
    return;
  }
  require(std::ranges::equal(choice->serialize(), input),
          "what parses is written back to the same octets");
  require(choice->max_token_len <= LayerMessage::kMaxTokenLen, "sizes have 3 octets");
  for (std::uint8_t offered = 0; offered < 8; ++offered) {
    const auto layer = plugin::check_choice(*choice, Layers::from_bits(offered), false);
    const bool is_chosen = layer && Layers(*layer) == choice->layers;
    require(!layer || (is_chosen && Layers::from_bits(offered).has(*layer)),
            "a choice is exactly one offered layer");
  }
}

void policy(ByteView input) {
  const std::string text = to_string(input);
  rule(text);
  const auto reading =
      authz::parse_policy({{"policy", text}}, {{"eap-aes128-cts-hmac-sha1-96", "1.2.3"}});
  require(reading.policy.has_value() == (reading.num_errors() == 0), "an error is no policy");
  require(reading.summary().empty() == reading.policy.has_value(), "an error is summed up");
  if (const auto fault = authz::find_toml_fault(text)) {
    require(reading.diagnostics.size() == 1, "the parser does not see such a text");
    require(reading.diagnostics[0].message == fault->message, "it is refused for this reason");
  }
  for (const auto& diagnostic : reading.diagnostics) {
    require(diagnostic.place.line > 0 && !diagnostic.message.empty(), "a line and what is wrong");
  }
}

}  // namespace gssloop::fuzz
