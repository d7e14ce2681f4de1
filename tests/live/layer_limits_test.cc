// SPDX-License-Identifier: BSD-2-Clause
// What both applications' limits make of a login: its strength, or the side that refuses, and why.
#include <algorithm>

#include "tests/live/live_test.h"
#include "tests/live/pages.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

// How a login ends: with a strength, or refused by one side with a text that names the property.
struct End {
  enum class By { kNobody, kClient, kServer };
  unsigned ssf = 0;
  By by = By::kNobody;
  const char* why = "";
};
constexpr End ends(unsigned ssf) { return {ssf}; }
constexpr End client(const char* why) { return {0, End::By::kClient, why}; }
constexpr End server(const char* why) { return {0, End::By::kServer, why}; }

struct Row {
  Strength client, server;
  End gssapi, spnego;
};

class LayerLimitsTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }

  static void expect_end(const Row& row, const char* mechanism, const End& end) {
    SaslClient client({.strength = row.client});
    SaslServer server({.strength = row.server});
    const Login login = log_in(&client, &server, mechanism);
    const std::string all = client.error() + "\n" + server.log().text();
    EXPECT_EQ(login.ok(), end.by == End::By::kNobody) << all;
    switch (end.by) {
      case End::By::kNobody:
        EXPECT_EQ(client.ssf(), end.ssf);
        EXPECT_EQ(server.ssf(), end.ssf);
        break;
      case End::By::kClient:
        EXPECT_EQ(login.client.code, SASL_TOOWEAK) << all;
        EXPECT_NE(client.error().find(end.why), std::string::npos) << all;
        break;
      case End::By::kServer:
        EXPECT_EQ(login.server.code, SASL_TOOWEAK) << all;
        EXPECT_TRUE(server.log().has(end.why, SASL_LOG_ERR)) << all;
        EXPECT_TRUE(server.proxy_calls().empty());
        break;
    }
  }
};

const Row kRows[] = {
    {{}, {}, ends(256), ends(256)},
    {{.max_ssf = 256}, {.max_ssf = 256}, ends(256), ends(256)},
    {{.max_ssf = 0xffffffff}, {.max_ssf = 0xffffffff}, ends(256), ends(256)},
    {{.max_ssf = 1}, {}, ends(1), ends(1)},
    {{.max_ssf = 0}, {}, ends(0), ends(0)},
    {{.maxbufsize = 0}, {}, ends(0), ends(0)},
    // In GSSAPI the server chooses what to offer; in GSS-SPNEGO the client alone decides, and
    // flags that demand too much are refused and never passed over.
    {{}, {.max_ssf = 1}, ends(1), server("above max_ssf 1")},
    {{}, {.max_ssf = 0}, ends(0), server("max_ssf 0")},
    {{}, {.maxbufsize = 0}, ends(0), server("maxbufsize 0")},
    {{.max_ssf = 1}, {.max_ssf = 0}, ends(0), server("max_ssf 0")},
    {{.max_ssf = 1}, {.maxbufsize = 0}, ends(0), server("maxbufsize 0")},
    {{.max_ssf = 0}, {.max_ssf = 0}, ends(0), ends(0)},
    {{}, {.min_ssf = 1}, ends(256), ends(256)},
    {{.min_ssf = 256}, {.min_ssf = 256}, ends(256), ends(256)},
    {{.max_ssf = 1}, {.min_ssf = 1}, ends(1), ends(1)},
    {{.max_ssf = 0}, {.min_ssf = 1}, server("min_ssf 1"), server("min_ssf 1")},
    {{.max_ssf = 1}, {.min_ssf = 2}, server("min_ssf 2"), server("min_ssf 2")},
    {{.min_ssf = 1}, {.max_ssf = 0}, client("min_ssf 1"), server("max_ssf 0")},
    {{.min_ssf = 2}, {.max_ssf = 1}, client("min_ssf 2"), server("max_ssf 1")},
    {{.min_ssf = 1}, {.maxbufsize = 0}, client("min_ssf 1"), server("maxbufsize 0")},
    {{.maxbufsize = 0}, {.min_ssf = 1}, server("min_ssf 1"), server("min_ssf 1")},
    // AES-256 and nothing between: which property to raise is said.
    {{.min_ssf = 56, .max_ssf = 128}, {}, client("max_ssf 128"), client("max_ssf 128")},
    {{}, {.min_ssf = 56, .max_ssf = 128}, server("max_ssf 128"), server("max_ssf 128")},
    {{.max_ssf = 128}, {}, ends(1), ends(1)},
    {{}, {.max_ssf = 128}, ends(1), server("max_ssf 128")},
    {{.max_ssf = 255}, {.max_ssf = 255}, ends(1), ends(1)},
    {{.min_ssf = 128}, {}, ends(256), ends(256)},
    // A layer outside.
    {{.external_ssf = 256}, {.external_ssf = 256}, ends(0), ends(0)},
    {{.min_ssf = 56, .external_ssf = 256}, {.min_ssf = 56, .external_ssf = 256}, ends(0), ends(0)},
    {{.max_ssf = 512, .external_ssf = 128},
     {.max_ssf = 512, .external_ssf = 128},
     ends(256),
     ends(256)},
    {{.external_ssf = 255}, {}, ends(1), ends(1)},
    {{.min_ssf = 129, .max_ssf = 129, .external_ssf = 128}, {}, ends(1), ends(1)},
    // ... is not taken off a GSS-SPNEGO server's max_ssf: others' clients ask for a layer all the
    // same.
    {{}, {.external_ssf = 256}, ends(0), ends(256)},
    {{}, {.max_ssf = 255, .external_ssf = 256}, ends(0), server("above max_ssf 255")},
    // Buffers that cannot hold one octet of protected data.
    {{.maxbufsize = 28}, {}, ends(0), client("maxbufsize 28")},
    {{}, {.maxbufsize = 28}, ends(0), server("maxbufsize 28")},
    {{.maxbufsize = 60}, {}, ends(1), client("maxbufsize 60")},
    {{}, {.maxbufsize = 60}, ends(1), server("maxbufsize 60")},
    {{.maxbufsize = 61}, {.maxbufsize = 61}, ends(256), ends(256)},
    {{.max_ssf = 1, .maxbufsize = 29}, {.maxbufsize = 29}, ends(1), ends(1)},
};

TEST_F(LayerLimitsTest, Table) {
  SPEC("R9 R10");
  for (const Row& row : kRows) {
    for (const char* mechanism : kWithLayers) {
      SCOPED_TRACE(::testing::Message()
                   << mechanism << ": row " << &row - kRows << " of the table");
      expect_end(row, mechanism, mechanism == kGssapi ? row.gssapi : row.spnego);
    }
  }
}

// The same, stated as a rule: the strengths that a side admits, with AES-256.
bool admits(const Strength& side, unsigned ssf, bool is_max_apart = false) {
  const unsigned needed_len = ssf == 0 ? 0 : ssf == 1 ? 29 : 61;
  if (std::uint64_t{ssf} + side.external_ssf < side.min_ssf) return false;
  const unsigned counted = ssf + (is_max_apart ? 0 : side.external_ssf);
  return ssf == 0 || (counted <= side.max_ssf && side.maxbufsize >= needed_len);
}

unsigned room(const Strength& side) {
  if (side.maxbufsize == 0 || side.max_ssf <= side.external_ssf) return 0;
  return side.max_ssf - side.external_ssf;
}

// The strength that a login must come to; nullopt: refused as too weak.
std::optional<unsigned> expected(const char* mechanism, const Strength& a, const Strength& b) {
  const auto both = [&](unsigned ssf) { return admits(a, ssf) && admits(b, ssf); };
  if (mechanism == kSpnego) {
    const bool needs_conf = a.min_ssf > a.external_ssf + 1;
    const unsigned asked = needs_conf || room(a) >= 256 ? 256 : std::min(room(a), 1U);
    return admits(a, asked) && admits(b, asked, true) ? std::optional(asked) : std::nullopt;
  }
  for (const unsigned ssf : {256U, 1U, 0U}) {
    if (both(ssf)) return ssf;
  }
  return std::nullopt;
}

void expect_rule(const char* mechanism, const Strength& a, const Strength& b) {
  SaslClient client({.strength = a});
  SaslServer server({.strength = b});
  const Login login = log_in(&client, &server, mechanism);
  const auto wanted = expected(mechanism, a, b);
  const auto shown = [](const Strength& s) {
    return ::testing::Message() << s.min_ssf << "-" << s.max_ssf << "+" << s.external_ssf << "/"
                                << s.maxbufsize;
  };
  ASSERT_EQ(login.ok(), wanted.has_value())
      << mechanism << shown(a) << shown(b) << client.error() << server.log().text();
  if (wanted) {
    ASSERT_EQ(client.ssf(), *wanted) << mechanism << shown(a) << shown(b);
    ASSERT_EQ(server.ssf(), *wanted) << mechanism << shown(a) << shown(b);
    return;
  }
  const int code = login.client.code < SASL_OK ? login.client.code : login.server.code;
  ASSERT_EQ(code, SASL_TOOWEAK) << mechanism << shown(a) << shown(b);
}

TEST_F(LayerLimitsTest, EveryWindowOfEitherSide) {
  SPEC("R9 R10");
  for (const unsigned min : {0U, 1U, 2U, 56U, 256U}) {
    for (const unsigned max : {0U, 1U, 128U, 256U, 400U}) {
      for (const unsigned external : {0U, 56U, 256U}) {
        for (const unsigned len : {0U, 29U, 61U, 65536U}) {
          // libsasl does not take these itself.
          if (len == 0 && min > 0) continue;
          const Strength one{min, max, len, external};
          for (const Strength& other : {Strength{}, Strength{.max_ssf = 1}}) {
            for (const char* mechanism : kWithLayers) {
              expect_rule(mechanism, one, other);
              expect_rule(mechanism, other, one);
              if (HasFatalFailure()) return;
            }
          }
        }
      }
    }
  }
}

// An application passes the result of a read that failed, or a length that is wrong. The layer
// reads no more than the packets that it takes.
TEST_F(LayerLimitsTest, LengthsOfTheApplicationThatAreWrong) {
  SPEC("R8");
  for (const char* mechanism : kWithLayers) {
    for (const unsigned len : {~0U, 0x80000000U, 0x7fffffffU, 0x40000000U}) {
      for (const bool has_packet : {false, true}) {
        SaslClient client;
        SaslServer server;
        ASSERT_TRUE(log_in(&client, &server, mechanism).ok()) << client.error();
        const std::string packet = has_packet ? client.encode("hello").out.value_or("") : "";
        const Pages pages(packet + std::string("\xff\xff\xff\xff", 4));
        const char* out = nullptr;
        unsigned out_len = 0;
        EXPECT_LT(sasl_decode(server.get(), pages.text(), len, &out, &out_len), SASL_OK)
            << mechanism << " " << len;
        EXPECT_EQ(out_len, 0U);
        EXPECT_EQ(server.log().has("a read that failed", SASL_LOG_ERR), len > 0x7fffffffU);
        // For good.
        EXPECT_LT(server.decode(client.encode("next").out.value_or("")).code, SASL_OK);
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
