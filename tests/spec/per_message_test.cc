// SPDX-License-Identifier: BSD-2-Clause

// Messages that are protected and opened in place, by a mechanism that can do so and by one that
// cannot; and the strength that a mechanism tells.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;
using gss::Protection;

constexpr Protection kProtections[] = {Protection::kIntegrity, Protection::kConfidentiality};
constexpr Flags kEverything = Flag::kMutual | Flag::kConf | Flag::kInteg;

Talk with(PerMessageScript per_message) {
  Script script;
  script.per_message = per_message;
  return establish(std::move(script), kEverything);
}

PerMessageScript in_place(bool has_iov) {
  PerMessageScript script;
  script.has_iov = has_iov;
  script.padding = 5;
  return script;
}

bool is_zero_from(ByteView octets, std::size_t offset) {
  return std::ranges::all_of(octets.subspan(offset), [](std::uint8_t octet) { return octet == 0; });
}

TEST_F(LoopSpec, MessagesInPlaceAreTheSameWithAndWithoutIov) {
  for (const bool has_iov : {false, true}) {
    for (const Protection protection : kProtections) {
      for (const std::vector<ByteView>& parts : {std::vector<ByteView>{},
                                                 {as_bytes("message")},
                                                 {as_bytes("mes"), {}, as_bytes("sage")}}) {
        const std::string whole = parts.empty() ? "" : "message";
        Talk said = with(in_place(has_iov));
        Bytes buffer = to_bytes(as_bytes("before"));
        const auto len = said.initiator->wrap_into(protection, parts, 3, &buffer);
        ASSERT_TRUE(len) << len.error().text();
        EXPECT_EQ(as_text(ByteView(buffer).first(3)), "bef");
        EXPECT_EQ(buffer.size(), std::max<std::size_t>(6, 3 + *len));
        const MessageCall call = scripted().record().messages.back();
        EXPECT_EQ(call.function, has_iov ? "gss_wrap_iov" : "gss_wrap");
        EXPECT_EQ(call.input, whole);
        EXPECT_EQ(call.conf_req, protection == Protection::kConfidentiality);
        const std::span<std::uint8_t> token = std::span(buffer).subspan(3, *len);
        const auto opened = said.acceptor->unwrap_in_place(protection, token);
        ASSERT_TRUE(opened) << opened.error().text();
        EXPECT_EQ(to_string(*opened), whole);
        EXPECT_EQ(scripted().record().messages.back().function,
                  has_iov ? "gss_unwrap_iov" : "gss_unwrap");
        EXPECT_GE(opened->data(), token.data());
        EXPECT_LE(opened->data() + opened->size(), token.data() + token.size());
      }
    }
  }
}

TEST_F(LoopSpec, ABufferThatIsUsedAgainNeverShrinks) {
  for (const bool has_iov : {false, true}) {
    Talk said = with(in_place(has_iov));
    Bytes buffer;
    const Bytes large(1000, 'x');
    const ByteView parts[] = {large, as_bytes("small")};
    ASSERT_TRUE(said.initiator->wrap_into(Protection::kIntegrity, {parts, 1}, 0, &buffer));
    const std::size_t size = buffer.size();
    ASSERT_TRUE(said.initiator->wrap_into(Protection::kIntegrity, {parts + 1, 1}, 4, &buffer));
    EXPECT_EQ(buffer.size(), size);
    // Beyond its end, the gap is filled up.
    const auto len =
        said.initiator->wrap_into(Protection::kIntegrity, {parts + 1, 1}, 3000, &buffer);
    ASSERT_TRUE(len);
    EXPECT_EQ(buffer.size(), 3000 + *len);
  }
}

// A failure leaves nothing readable behind, whichever call failed and however.
TEST_F(LoopSpec, AMessageThatIsNotProtectedLeavesNothing) {
  const struct {
    const char* what;
    bool has_iov;
    void (*edit)(PerMessageScript*);
  } rows[] = {
      {"length fails", true, [](PerMessageScript* s) { s->wrap_iov_length = GSS_S_FAILURE; }},
      {"length is not complete", true,
       [](PerMessageScript* s) { s->wrap_iov_length = GSS_S_OLD_TOKEN; }},
      {"iov fails", true, [](PerMessageScript* s) { s->wrap_iov = GSS_S_CONTEXT_EXPIRED; }},
      {"iov is unavailable now", true,
       [](PerMessageScript* s) { s->wrap_iov = GSS_S_UNAVAILABLE; }},
      {"iov is not complete", true,
       [](PerMessageScript* s) { s->wrap_iov = GSS_S_DUPLICATE_TOKEN; }},
      {"iov does not encrypt", true, [](PerMessageScript* s) { s->wrap_conf_state = 0; }},
      {"iov leaves a gap", true, [](PerMessageScript* s) { s->shortens_iov = true; }},
      {"wrap fails", false, [](PerMessageScript* s) { s->wrap = GSS_S_FAILURE; }},
      {"wrap is not complete", false, [](PerMessageScript* s) { s->wrap = GSS_S_OLD_TOKEN; }},
      {"wrap does not encrypt", false, [](PerMessageScript* s) { s->wrap_conf_state = 0; }},
  };
  for (const auto& row : rows) {
    PerMessageScript script = in_place(row.has_iov);
    row.edit(&script);
    Talk said = with(script);
    Bytes buffer = to_bytes(as_bytes("what was there before, which may be anything"));
    const ByteView message = as_bytes("secret");
    const auto len =
        said.initiator->wrap_into(Protection::kConfidentiality, {&message, 1}, 4, &buffer);
    EXPECT_FALSE(len) << row.what;
    EXPECT_EQ(as_text(ByteView(buffer).first(4)), "what") << row.what;
    EXPECT_TRUE(is_zero_from(buffer, 4)) << row.what;
  }
}

TEST_F(LoopSpec, AMessageOfMoreThanAGibibyteIsRefused) {
  Talk said = with(in_place(true));
  const Bytes mebibyte(std::size_t{1} << 20);
  const std::vector<ByteView> parts(1025, mebibyte);
  Bytes buffer = to_bytes(as_bytes("before"));
  EXPECT_FALSE(said.initiator->wrap_into(Protection::kIntegrity, parts, 3, &buffer));
  EXPECT_EQ(buffer, to_bytes(as_bytes("bef\0\0\0"s)));
  EXPECT_TRUE(scripted().record().messages.empty());
}

TEST_F(LoopSpec, OpeningInPlaceRefusesWhatUnwrapRefuses) {
  for (const bool has_iov : {false, true}) {
    const auto wrapped = [](Talk* said, Protection protection) {
      return to_bytes(said->initiator->wrap(protection, as_bytes("message"))->view());
    };
    Talk said = with(in_place(has_iov));
    // Not encrypted, twice, out of order, changed.
    Bytes open = wrapped(&said, Protection::kIntegrity);
    EXPECT_FALSE(said.acceptor->unwrap_in_place(Protection::kConfidentiality, open));
    Bytes first = wrapped(&said, Protection::kConfidentiality);
    Bytes again = first;
    EXPECT_TRUE(said.acceptor->unwrap_in_place(Protection::kConfidentiality, first));
    EXPECT_FALSE(said.acceptor->unwrap_in_place(Protection::kConfidentiality, again));
    (void)wrapped(&said, Protection::kIntegrity);
    Bytes after_gap = wrapped(&said, Protection::kIntegrity);
    EXPECT_FALSE(said.acceptor->unwrap_in_place(Protection::kIntegrity, after_gap));
    Bytes changed = wrapped(&said, Protection::kIntegrity);
    changed.back() ^= 1;
    EXPECT_FALSE(said.acceptor->unwrap_in_place(Protection::kIntegrity, changed));
    EXPECT_FALSE(said.acceptor->unwrap_in_place(Protection::kIntegrity, {}));
  }
}

TEST_F(LoopSpec, TheStrengthIsOneNumberOrUnknown) {
  const struct {
    std::optional<std::vector<std::string>> answer;
    OM_uint32 major;
    std::optional<unsigned> strength;
    bool ok;
  } rows[] = {
      {std::nullopt, GSS_S_COMPLETE, std::nullopt, true},
      {{{"\0\0\1\0"s}}, GSS_S_COMPLETE, 256, true},
      {{{"\0\0\0\0"s}}, GSS_S_COMPLETE, 0, true},
      {{{"\x81\x82\x83\x84"s}}, GSS_S_COMPLETE, 0x81828384, true},
      {{{""s}}, GSS_S_COMPLETE, {}, false},
      {{{"\0\1\0"s}}, GSS_S_COMPLETE, {}, false},
      {{{"\0\0\0\1\0"s}}, GSS_S_COMPLETE, {}, false},
      {{{"\0\0\1\0"s, "\0\0\1\0"s}}, GSS_S_COMPLETE, {}, false},
      {std::vector<std::string>{}, GSS_S_COMPLETE, {}, false},
      {{{"\0\0\1\0"s}}, GSS_S_FAILURE, {}, false},
      {{{"\0\0\1\0"s}}, GSS_S_OLD_TOKEN, {}, false},
      {{{"\0\0\1\0"s}}, GSS_S_UNAVAILABLE, {}, true},
  };
  for (const auto& row : rows) {
    Script script;
    script.inquiry.sasl_ssf = row.answer;
    script.inquiry.sasl_ssf_answer = {row.major, 0};
    const Talk said = establish(std::move(script), kEverything);
    const auto strength = said.acceptor->confidentiality_ssf();
    ASSERT_EQ(static_cast<bool>(strength), row.ok) << &row - rows;
    if (strength) {
      EXPECT_EQ(*strength, row.strength) << &row - rows;
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
