// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/layer/layer_terms.h"

#include <gtest/gtest.h>

#include "tests/support/spec.h"

namespace gssloop::plugin {
namespace {

constexpr Layer kAll[] = {Layer::kNone, Layer::kIntegrity, Layer::kConfidentiality};
constexpr Layers kEvery = Layers(Layer::kNone) | Layer::kIntegrity | Layer::kConfidentiality;
const LayerStrength kAes256 = {kEvery, kEvery, 256};

Bytes octets(std::initializer_list<unsigned> list) {
  Bytes result;
  for (const unsigned octet : list) result.push_back(static_cast<std::uint8_t>(octet));
  return result;
}

TEST(LayerMessage, WhatParsesSerializesToTheSameOctets) {
  SPEC("R3 R5");
  const struct {
    Bytes cleartext;
    unsigned bits;
    std::uint32_t max_token_len;
    std::string authzid;
  } rows[] = {
      {octets({0, 0, 0, 0}), 0, 0, ""},
      {octets({1, 0, 0, 0}), 1, 0, ""},
      {octets({7, 0, 0xff, 0xff}), 7, 65535, ""},
      {octets({6, 1, 2, 3}), 6, 0x010203, ""},
      {octets({0xff, 0xff, 0xff, 0xff}), 0xff, 0xffffff, ""},
      {octets({4, 0, 0, 1, 'b', 'o', 'b'}), 4, 1, "bob"},
      {octets({2, 0x80, 0, 0, 0, 0xff, ' '}), 2, 0x800000, std::string("\0\xff ", 3)},
  };
  for (const auto& row : rows) {
    const auto parsed = LayerMessage::parse_choice(row.cleartext);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->layers.bits(), row.bits);
    EXPECT_EQ(parsed->max_token_len, row.max_token_len);
    EXPECT_EQ(parsed->authzid, row.authzid);
    EXPECT_EQ(parsed->serialize(), row.cleartext);
    const auto offer = LayerMessage::parse_offer(row.cleartext);
    ASSERT_EQ(static_cast<bool>(offer), row.authzid.empty());
    if (offer) {
      EXPECT_EQ(offer->serialize(), row.cleartext);
    }
  }
}

TEST(LayerMessage, LengthsAreChecked) {
  SPEC("R3 R5");
  for (std::size_t len = 0; len < 70; ++len) {
    const Bytes cleartext(len, 1);
    const auto offer = LayerMessage::parse_offer(cleartext);
    EXPECT_EQ(static_cast<bool>(offer), len == 4) << len;
    const auto choice = LayerMessage::parse_choice(cleartext);
    EXPECT_EQ(static_cast<bool>(choice), len >= 4) << len;
    if (!offer) {
      EXPECT_NE(offer.error().message.find(std::to_string(len) + " bytes"), std::string::npos);
    }
    if (!choice) {
      EXPECT_NE(choice.error().message.find("4 or more"), std::string::npos);
    }
  }
}

TEST(Layers, SetsOfThem) {
  for (unsigned bits = 0; bits <= 0xff; ++bits) {
    const Layers layers = Layers::from_bits(static_cast<std::uint8_t>(bits));
    EXPECT_EQ(layers.bits(), bits);
    EXPECT_EQ(layers.has_protection(), (bits & 6) != 0);
    // One bit that has a meaning, and no other bit at all.
    EXPECT_EQ(layers.only().has_value(), bits == 1 || bits == 2 || bits == 4) << bits;
    const auto strongest = layers.strongest();
    ASSERT_EQ(strongest.has_value(), (bits & 7) != 0);
    if (!strongest) continue;
    const unsigned expected = (bits & 4) != 0 ? 4 : (bits & 2) != 0 ? 2 : 1;
    EXPECT_EQ(static_cast<unsigned>(*strongest), expected);
  }
  EXPECT_EQ(to_string(kEvery), "none, integrity, confidentiality");
  EXPECT_EQ(to_string(Layers()), "nothing");
  EXPECT_EQ(to_string(Layers::from_bits(0xf8)), "nothing");
}

// Every octet that a client can choose, after every set that a server can offer.
TEST(Layers, JudgeChoice) {
  SPEC("R4");
  for (unsigned choice = 0; choice <= 0xff; ++choice) {
    for (unsigned offered = 0; offered <= 7; ++offered) {
      for (const bool ad_compat : {false, true}) {
        const unsigned meant = ad_compat && choice == 6 ? 4 : choice;
        const bool is_one = meant == 1 || meant == 2 || meant == 4;
        LayerMessage message{Layers::from_bits(static_cast<std::uint8_t>(choice))};
        const auto layer =
            check_choice(message, Layers::from_bits(static_cast<std::uint8_t>(offered)), ad_compat);
        ASSERT_EQ(static_cast<bool>(layer), is_one && (meant & offered) != 0)
            << choice << " of " << offered;
        if (layer) {
          EXPECT_EQ(static_cast<unsigned>(*layer), meant);
        } else {
          EXPECT_NE(layer.error().message, "");
        }
      }
    }
  }
  const auto both = check_choice({Layers::from_bits(6)}, kEvery, false);
  EXPECT_NE(both.error().message.find("ad_compat"), std::string::npos) << both.error().message;
  const auto odd = check_choice({Layers::from_bits(0xe1)}, kEvery, true);
  EXPECT_NE(odd.error().message.find("0xe1"), std::string::npos) << odd.error().message;
}

TEST(Layers, OfFlags) {
  SPEC("R2 R10");
  constexpr Flags kSequence = Flag::kSequence, kInteg = Flag::kInteg, kConf = Flag::kConf;
  const struct {
    Flags flags;
    unsigned layers;
  } rows[] = {
      {{}, 1},
      {kInteg, 1},
      {kSequence, 1},
      {kConf, 1},
      {kConf | kSequence, 1},
      {kConf | kInteg, 1},
      {kInteg | Flag::kReplay, 1},  // replay detection alone lets packets be left out
      {kInteg | kSequence, 3},
      {kInteg | kSequence | kConf, 7},
      {Flags::from_bits(0xffffffff), 7},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(layers_of_flags(row.flags).bits(), row.layers) << to_string(row.flags);
  }
}

TEST(SsfLimits, TakesWhatTheApplicationSaid) {
  SPEC("R9");
  sasl_security_properties_t properties{};
  properties.min_ssf = 3;
  properties.max_ssf = 300;
  for (const auto& [given, taken] : {std::pair(0U, 0U),
                                     {1U, 1U},
                                     {65536U, 65536U},
                                     {0xffffffU, 0xffffffU},
                                     {0x1000000U, 0xffffffU},
                                     {0xffffffffU, 0xffffffU}}) {
    properties.maxbufsize = given;
    const SsfLimits limits = SsfLimits::of(properties, 56);
    EXPECT_EQ(limits.min_ssf, 3U);
    EXPECT_EQ(limits.max_ssf, 300U);
    EXPECT_EQ(limits.external_ssf, 56U);
    EXPECT_EQ(limits.max_token_len, taken);
  }
}

const struct {
  SsfLimits limits;   // min, max, external, maxbufsize
  unsigned layers;    // acceptable ones, as bits
  const char* named;  // in why_too_weak
} kWindows[] = {
    {{0, 256, 0, 65536}, 7, nullptr},
    {{0, 0, 0, 65536}, 1, nullptr},
    {{0, 1, 0, 65536}, 3, nullptr},
    {{0, 255, 0, 65536}, 3, nullptr},
    {{0, 128, 0, 65536}, 3, nullptr},
    {{0, 0xffffffff, 0, 65536}, 7, nullptr},
    {{1, 256, 0, 65536}, 6, nullptr},
    {{1, 1, 0, 65536}, 2, nullptr},
    {{2, 256, 0, 65536}, 4, nullptr},
    {{256, 256, 0, 65536}, 4, nullptr},
    {{257, 512, 0, 65536}, 0, "min_ssf 257"},
    {{2, 255, 0, 65536}, 0, "max_ssf 255"},
    {{56, 128, 0, 65536}, 0, "above max_ssf 128"},
    {{128, 56, 0, 65536}, 0, "min_ssf 128 is above max_ssf 56"},
    {{1, 0, 0, 65536}, 0, "min_ssf 1 is above max_ssf 0"},
    // No buffer, no layer.
    {{0, 256, 0, 0}, 1, nullptr},
    {{1, 256, 0, 0}, 0, "maxbufsize 0"},
    {{256, 256, 0, 0}, 0, "maxbufsize 0"},
    // Beside TLS: its strength counts for min_ssf and against max_ssf.
    {{56, 128, 56, 65536}, 3, nullptr},
    {{56, 256, 256, 65536}, 1, nullptr},
    {{57, 256, 56, 65536}, 2, nullptr},
    {{58, 512, 56, 65536}, 4, nullptr},
    {{56, 56, 128, 65536}, 1, nullptr},
    {{0, 256, 1, 65536}, 3, nullptr},
    {{0, 257, 1, 65536}, 7, nullptr},
    {{0, 256, 0xffffffff, 65536}, 1, nullptr},
    {{300, 300, 128, 65536}, 0, "max_ssf 300"},
    {{300, 310, 128, 0}, 0, "maxbufsize 0"},
};

// What limits make of a context with AES-256, and, where nothing is left, which property the
// sentence names.
TEST(SsfLimits, Acceptable) {
  SPEC("R9");
  for (const auto& row : kWindows) {
    const std::string shown =
        std::to_string(row.limits.min_ssf) + " " + std::to_string(row.limits.max_ssf) + " " +
        std::to_string(row.limits.external_ssf) + " " + std::to_string(row.limits.max_token_len);
    EXPECT_EQ(acceptable(row.limits, kAes256).bits(), row.layers) << shown;
    if (row.layers != 0) continue;
    const std::string why = why_too_weak(row.limits, kAes256, kEvery);
    EXPECT_NE(why.find(row.named), std::string::npos) << shown << ": " << why;
  }
}

// The same, stated as a rule, over many limits and strengths.
TEST(SsfLimits, NothingOutsideTheWindowIsAcceptable) {
  SPEC("R9");
  const sasl_ssf_t values[] = {0, 1, 2, 55, 56, 57, 128, 256, 0xffffffff};
  for (const sasl_ssf_t min : values) {
    for (const sasl_ssf_t max : values) {
      for (const sasl_ssf_t external : values) {
        for (const std::uint32_t len : {0U, 1U, 65536U}) {
          const SsfLimits limits{min, max, external, len};
          for (const Layer layer : kAll) {
            const std::uint64_t added = kAes256.ssf_of(layer);
            const bool is_strong = added + external >= min;
            const bool is_weak = added == 0 || (added + external <= max && len > 0);
            ASSERT_EQ(acceptable(limits, kAes256).has(layer), is_strong && is_weak)
                << min << " " << max << " " << external << " " << len << to_string(layer);
          }
          // Limits that no mechanism can meet are known before anything is sent.
          if (!limits.why_impossible().empty()) {
            ASSERT_EQ(acceptable(limits, kAes256), Layers());
          }
        }
      }
    }
  }
}

// GSS-SPNEGO on a server: what TLS provides counts for min_ssf, and not against max_ssf.
TEST(SsfLimits, MaxSsfForTheMechanismAlone) {
  SPEC("R10");
  EXPECT_EQ(acceptable({0, 256, 256, 65536, true}, kAes256).bits(), 7U);
  EXPECT_EQ(acceptable({256, 256, 128, 65536, true}, kAes256).bits(), 4U);
  EXPECT_EQ(acceptable({0, 1, 256, 65536, true}, kAes256).bits(), 3U);
  EXPECT_EQ(acceptable({0, 0, 256, 65536, true}, kAes256).bits(), 1U);
  EXPECT_EQ(acceptable({0, 256, 256, 0, true}, kAes256).bits(), 1U);
}

TEST(SsfLimits, OnlyWhatTheContextHasIsAcceptable) {
  SPEC("R2 R9");
  const SsfLimits open{0, 256, 0, 65536}, strict{2, 256, 0, 65536};
  for (unsigned bits = 0; bits <= 7; ++bits) {
    const Layers layers = Layers::from_bits(static_cast<std::uint8_t>(bits));
    const LayerStrength strength{layers, layers, 256};
    EXPECT_EQ(acceptable(open, strength).bits(), bits);
    EXPECT_EQ(acceptable(strict, strength).bits(), bits & 4);
  }
  // A weak cipher is a weak one.
  EXPECT_EQ(acceptable({57, 256, 0, 65536}, {kEvery, kEvery, kUnknownCipherSsf}), Layers());
  EXPECT_EQ(acceptable({56, 256, 0, 65536}, {kEvery, kEvery, kUnknownCipherSsf}).bits(), 4U);
}

// A sentence for each reason, with the property that a person would have to change.
TEST(SsfLimits, WhyTooWeakNamesTheProperty) {
  SPEC("R9");
  const Layers kConf = Layer::kConfidentiality, kInteg = Layer::kIntegrity, kNone = Layer::kNone;
  const struct {
    SsfLimits limits;
    LayerStrength strength;
    Layers peer;
    std::vector<const char*> named;
  } rows[] = {
      {{56, 128, 0, 65536}, kAes256, kEvery, {"confidentiality", "256", "above max_ssf 128"}},
      {{57, 256, 0, 65536}, {kEvery, kEvery, 56}, kEvery, {"56", "below min_ssf 57"}},
      {{1, 256, 0, 0}, {kEvery, kNone, 0}, kEvery, {"min_ssf 1", "maxbufsize 0"}},
      {{1, 256, 0, 20}, {kEvery, kNone, 256}, kEvery, {"integrity", "maxbufsize 20"}},
      {{56, 256, 0, 40}, {kEvery, kInteg, 256}, kEvery, {"confidentiality", "maxbufsize 40"}},
      {{0, 0, 0, 65536}, kAes256, kInteg, {"peer requires integrity", "max_ssf 0"}},
      {{0, 256, 256, 65536},
       kAes256,
       kConf,
       {"requires conf", "max_ssf 256", "another external layer provides 256"}},
      {{0, 256, 0, 0}, {kEvery, kNone, 0}, kInteg, {"maxbufsize 0"}},
      {{1, 256, 0, 65536}, {kNone, kNone, 0}, kInteg, {"no integrity", "sequence"}},
      {{0, 256, 0, 65536}, {kInteg, kInteg, 0}, kConf, {"no confidentiality"}},
      {{1, 256, 0, 65536}, kAes256, kNone, {"none", "min_ssf 1", "requires more"}},
      {{2, 256, 0, 65536}, kAes256, kInteg | kNone, {"none, integrity", "min_ssf 2"}},
      {{2, 256, 1, 65536}, kAes256, kNone, {"min_ssf 2", "external layer provides 1"}},
      {{0, 100, 50, 65536}, kAes256, kConf, {"above max_ssf 100", "external layer provides 50"}},
  };
  for (const auto& row : rows) {
    ASSERT_FALSE((acceptable(row.limits, row.strength) & row.peer).strongest());
    const std::string why = why_too_weak(row.limits, row.strength, row.peer);
    for (const char* part : row.named) {
      EXPECT_NE(why.find(part), std::string::npos) << "\"" << part << "\" is not in: " << why;
    }
  }
}

}  // namespace
}  // namespace gssloop::plugin
