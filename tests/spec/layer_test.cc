// SPDX-License-Identifier: BSD-2-Clause
// The security layer over the scripted mechanism: what a mechanism answers that Kerberos never
// would. Without libsasl, whose GSS-SPNEGO arrives at Kerberos alone.
#include <limits>
#include <vector>

#include "plugin/layer/security_layer.h"
#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using plugin::ErrorKind;
using plugin::LoginError;
using plugin::SecurityLayer;
using plugin::SsfLimits;

constexpr Flags kAll = Flag::kMutual | Flag::kSequence | Flag::kReplay | Flag::kInteg | Flag::kConf;

SsfLimits limits(unsigned min_ssf = 0, unsigned max_ssf = 256, std::uint32_t max_len = 65536) {
  return {min_ssf, max_ssf, 0, max_len};
}

// A script that grants confidentiality, or does not, to both sides.
Script granting(bool conf) {
  Script script;
  if (!conf) {
    for (auto* legs : {&script.initiator, &script.acceptor}) {
      for (Leg& leg : *legs) leg.flags_cleared = GSS_C_CONF_FLAG;
    }
  }
  return script;
}

// Pair is two contexts that are there, with a layer on each.
struct Pair {
  explicit Pair(bool conf = true, std::uint32_t max_len = 65536)
      : talk(establish(granting(conf), kAll)),
        initiator(make(&*talk.initiator, max_len)),
        acceptor(make(&*talk.acceptor, max_len)) {}

  static std::unique_ptr<SecurityLayer> make(loop::EstablishedContext* context,
                                             std::uint32_t max_len) {
    auto layer = plugin::layer_by_flags(context, limits(0, 256, max_len), false);
    EXPECT_TRUE(layer) << layer.error().sentence;
    return *std::move(layer);
  }
  SecurityLayer& side(bool is_initiator) { return is_initiator ? *initiator : *acceptor; }

  Talk talk;
  std::unique_ptr<SecurityLayer> initiator, acceptor;
};

Result<ByteView, LoginError> encode(SecurityLayer& layer, std::string_view message) {
  const ByteView whole = as_bytes(message);
  return layer.encode({&whole, 1});
}

std::string packet(SecurityLayer& layer, std::string_view message) {
  const auto made = encode(layer, message);
  EXPECT_TRUE(made);
  return made ? to_string(*made) : "";
}

void expect_closed(SecurityLayer& layer, const std::string& good_packet) {
  EXPECT_FALSE(layer.decode(as_bytes(good_packet))) << "data came out of a closed layer";
  EXPECT_FALSE(encode(layer, "an answer"));
}

using LayerSpec = LoopSpec;

TEST_F(LayerSpec, DataPasses) {
  SPEC("R10");
  for (const bool conf : {false, true}) {
    Pair pair(conf);
    // A mechanism other than Kerberos is not asked how strong it is, and counts as DES.
    EXPECT_EQ(pair.initiator->ssf(), conf ? plugin::kUnknownCipherSsf : 1U);
    const std::string there = packet(*pair.initiator, "there");
    EXPECT_EQ(as_text(*pair.acceptor->decode(as_bytes(there))), "there");
    const std::string back = packet(*pair.acceptor, "and back");
    EXPECT_EQ(as_text(*pair.initiator->decode(as_bytes(back))), "and back");
  }
}

// The sum of these lengths is small in 64 bits, and so is that of many parts.
TEST_F(LayerSpec, WrongLengthsOfAVector) {
  SPEC("R8");
  Pair pair;
  const std::uint8_t octet = 'x';
  const ByteView one(&octet, 1), absurd(&octet, std::numeric_limits<std::size_t>::max());
  const std::vector<ByteView> rows[] = {
      {absurd}, {absurd, one}, {one, absurd}, {absurd, absurd}, std::vector<ByteView>(65536, one)};
  for (const auto& parts : rows) {
    const auto made = pair.initiator->encode(parts);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::kMisuse);
  }
  // Nothing was sent, so the layer is still good.
  const std::string there = packet(*pair.initiator, "there");
  EXPECT_EQ(as_text(*pair.acceptor->decode(as_bytes(there))), "there");
}

// RFC 4752 section 3.3: "the major_status other than the GSS_S_COMPLETE MUST be treated as a fatal
// error": supplementary bits beside it as well.
TEST_F(LayerSpec, OnlyCompleteOpensAPacket) {
  SPEC("R6");
  const OM_uint32 majors[] = {GSS_S_DUPLICATE_TOKEN,
                              GSS_S_OLD_TOKEN,
                              GSS_S_UNSEQ_TOKEN,
                              GSS_S_GAP_TOKEN,
                              GSS_S_DUPLICATE_TOKEN | GSS_S_OLD_TOKEN,
                              GSS_S_CONTINUE_NEEDED,
                              GSS_S_DEFECTIVE_TOKEN,
                              GSS_S_BAD_SIG,
                              GSS_S_CONTEXT_EXPIRED,
                              GSS_S_NO_CONTEXT,
                              GSS_S_FAILURE,
                              GSS_S_FAILURE | GSS_S_GAP_TOKEN,
                              1U << 24};
  for (const OM_uint32 major : majors) {
    for (const bool to_initiator : {false, true}) {
      for (const bool conf : {false, true}) {
        SCOPED_TRACE(::testing::Message() << major << to_initiator << conf);
        Pair pair(conf);
        const std::string first = packet(pair.side(!to_initiator), "a message");
        const std::string next = packet(pair.side(!to_initiator), "the next");
        scripted().edit([&](Script& script) { script.per_message.unwrap = major; });
        const auto opened = pair.side(to_initiator).decode(as_bytes(first));
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().kind, ErrorKind::kPacket);
        EXPECT_NE(opened.error().sentence.find("damaged, replayed or out of order"),
                  std::string::npos);
        scripted().edit([](Script& script) { script.per_message.unwrap.reset(); });
        expect_closed(pair.side(to_initiator), next);
      }
    }
  }
}

TEST_F(LayerSpec, ConfStateIsCheckedOnReceipt) {
  SPEC("R7");
  for (const bool to_initiator : {false, true}) {
    for (const bool conf : {false, true}) {
      Pair pair(conf);
      const std::string first = packet(pair.side(!to_initiator), "a message");
      const std::string next = packet(pair.side(!to_initiator), "the next");
      scripted().edit([](Script& script) { script.per_message.unwrap_conf_state = 0; });
      const auto opened = pair.side(to_initiator).decode(as_bytes(first));
      EXPECT_EQ(static_cast<bool>(opened), !conf);
      if (!conf) continue;
      EXPECT_NE(opened.error().sentence.find("was not encrypted"), std::string::npos);
      scripted().edit([](Script& script) { script.per_message.unwrap_conf_state.reset(); });
      expect_closed(pair.side(to_initiator), next);
    }
  }
}

// loop section 3.1: what was to be encrypted and was not does not leave.
TEST_F(LayerSpec, WhatCouldNotBeProtectedIsNotSent) {
  SPEC("R7 L36");
  const struct {
    std::optional<int> conf_state;
    std::optional<OM_uint32> major;
    bool conf, is_sent;
  } rows[] = {
      {0, {}, true, false},
      {0, {}, false, true},
      {{}, GSS_S_FAILURE, true, false},
      {{}, GSS_S_FAILURE, false, false},
      {{}, GSS_S_CONTEXT_EXPIRED, false, false},
      {{}, GSS_S_GAP_TOKEN, false, false},
      {{}, GSS_S_DUPLICATE_TOKEN, true, false},
  };
  for (const auto& row : rows) {
    for (const bool is_initiator : {false, true}) {
      Pair pair(row.conf);
      const std::string good = packet(pair.side(!is_initiator), "from the peer");
      scripted().edit([&](Script& script) {
        script.per_message.wrap_conf_state = row.conf_state;
        script.per_message.wrap = row.major;
      });
      const auto made = encode(pair.side(is_initiator), "a secret");
      EXPECT_EQ(static_cast<bool>(made), row.is_sent);
      if (row.is_sent) continue;
      EXPECT_EQ(made.error().kind, ErrorKind::kMechanism);
      scripted().edit([](Script& script) { script.per_message = {}; });
      expect_closed(pair.side(is_initiator), good);
    }
  }
}

// A mechanism that promised less overhead than it makes: what the peer cannot take is not sent.
TEST_F(LayerSpec, TokensBeyondThePeersMaximumAreNotSent) {
  SPEC("R8");
  for (const bool is_initiator : {false, true}) {
    Pair pair(true, 4096);
    SecurityLayer& side = pair.side(is_initiator);
    const std::string full(side.max_message_len(), 'x');
    const std::string made = packet(side, full);
    EXPECT_EQ(as_text(*pair.side(!is_initiator).decode(as_bytes(made))), full);
    EXPECT_LE(made.size(), 4U + 4096U);
    scripted().edit([](Script& script) { script.per_message.padding = 1; });
    const auto too_long = encode(side, full);
    ASSERT_FALSE(too_long);
    EXPECT_NE(too_long.error().sentence.find("more than the peer accepts"), std::string::npos);
  }
}

// What gss_wrap_size_limit says of the layer: nothing fits, it fails, or it wraps around below 0.
TEST_F(LayerSpec, SizeLimitsThatLeaveNoRoom) {
  SPEC("R8 R10");
  const struct {
    std::optional<OM_uint32> max_input_size, major;
    ErrorKind kind;
    const char* why;
  } rows[] = {
      {0, {}, ErrorKind::kTooWeak, "maxbufsize 65536"},
      {0xffffffff, {}, ErrorKind::kTooWeak, "maxbufsize 65536"},
      {65537, {}, ErrorKind::kTooWeak, "maxbufsize 65536"},
      {{}, GSS_S_FAILURE, ErrorKind::kMechanism, "gss_wrap_size_limit"},
      {{}, GSS_S_OLD_TOKEN, ErrorKind::kMechanism, "gss_wrap_size_limit"},
  };
  for (const auto& row : rows) {
    Script script = granting(true);
    script.per_message.max_input_size = row.max_input_size;
    script.per_message.wrap_size_limit = row.major;
    Talk talk = establish(std::move(script), kAll);
    const auto layer = plugin::layer_by_flags(&*talk.acceptor, limits(), false);
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().kind, row.kind);
    EXPECT_NE(layer.error().sentence.find(row.why), std::string::npos) << layer.error().sentence;
  }
}

TEST_F(LayerSpec, AStrengthThatIsNotToldCountsAsDes) {
  SPEC("R9 R10");
  const struct {
    unsigned min_ssf, max_ssf;
    bool is_admitted;
  } rows[] = {{0, 256, true}, {56, 256, true}, {57, 256, false}, {0, 56, true}, {0, 55, false}};
  for (const auto& row : rows) {
    Script script = granting(true);
    // Only Kerberos is asked: others crash on the question.
    script.inquiry.sasl_ssf = {std::string("\0\0\1\0", 4)};
    Talk talk = establish(std::move(script), kAll);
    const auto layer =
        plugin::layer_by_flags(&*talk.acceptor, limits(row.min_ssf, row.max_ssf), false);
    EXPECT_EQ(static_cast<bool>(layer), row.is_admitted) << row.min_ssf << " " << row.max_ssf;
  }
}

// The flags of the result decide, not those that were asked for, on each side for itself.
TEST_F(LayerSpec, FlagsThatAreNotGranted) {
  SPEC("R2 R9 R10 L33");
  constexpr OM_uint32 kSequence = GSS_C_SEQUENCE_FLAG, kInteg = GSS_C_INTEG_FLAG,
                      kConf = GSS_C_CONF_FLAG;
  const struct {
    OM_uint32 lacks;
    unsigned min_ssf;
    std::optional<unsigned> ssf;  // nullopt: too weak
  } rows[] = {
      {0, 0, 56},         {kConf, 0, 1},           {kConf, 2, {}},
      {kInteg, 0, 0},     {kInteg | kConf, 1, {}}, {kSequence, 0, {}},
      {kSequence, 2, {}},
  };
  for (const auto& row : rows) {
    Script script;
    script.acceptor[0].flags_cleared = row.lacks;
    Talk talk = establish(std::move(script), kAll);
    const auto layer = plugin::layer_by_flags(&*talk.acceptor, limits(row.min_ssf), false);
    const std::string what = "row " + std::to_string(&row - rows);
    ASSERT_EQ(static_cast<bool>(layer), row.ssf.has_value()) << what;
    if (!row.ssf) {
      EXPECT_EQ(layer.error().kind, ErrorKind::kTooWeak) << what;
    } else {
      EXPECT_EQ(*layer != nullptr ? (*layer)->ssf() : 0U, *row.ssf) << what;
    }
  }
}

// RFC 4559: HTTP has none, with any flags.
TEST_F(LayerSpec, HttpHasNoLayer) {
  SPEC("R10");
  Talk talk = establish(granting(true), kAll);
  const auto none = plugin::layer_by_flags(&*talk.acceptor, limits(), true);
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
  const auto demanded = plugin::layer_by_flags(&*talk.acceptor, limits(1), true);
  ASSERT_FALSE(demanded);
  EXPECT_EQ(demanded.error().kind, ErrorKind::kTooWeak);
}

}  // namespace
}  // namespace gssloop::testing
