// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>

#include "fuzz/targets.h"
#include "gssloop/gss/initial_token.h"
#include "gssloop/io/frame.h"
#include "plugin/layer/layer_terms.h"
#include "plugin/mech/gs2_header.h"

namespace gssloop::fuzz {

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
  if (is_control) again += '!';
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
      Bytes restored = gss::restore_initial_header(*inner, oid);
      if (is_control) restored.push_back(0);
      require(std::ranges::equal(restored, input), "restore undoes strip");
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
    require(frame.body.size() <= (is_control ? 0U : 64U), "no frame is over the limit");
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
  Bytes again = choice->serialize();
  if (is_control) again.push_back(0);
  require(std::ranges::equal(again, input), "what parses is written back to the same octets");
  require(choice->max_token_len <= LayerMessage::kMaxTokenLen, "sizes have 3 octets");
  for (std::uint8_t offered = 0; offered < 8; ++offered) {
    const auto layer = plugin::check_choice(*choice, Layers::from_bits(offered), false);
    const bool is_chosen = layer && Layers(*layer) == choice->layers;
    require(!layer || (is_chosen && Layers::from_bits(offered).has(*layer)),
            "a choice is exactly one offered layer");
  }
}

}  // namespace gssloop::fuzz
