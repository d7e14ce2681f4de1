// SPDX-License-Identifier: BSD-2-Clause
// Sizes: for all maxima that two sides name, a full-size write of either decodes at the other.
#include <algorithm>
#include <set>

#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

class LayerSizesTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
    credential_ = default_credential();
  }

  // Sends a full-size write, and one octet more, which libsasl cuts in two.
  static void expect_full_size(SaslSide* from, SaslSide* to, unsigned max_len) {
    ASSERT_GE(from->max_out(), 1U);
    ASSERT_LT(from->max_out(), max_len);
    for (const std::size_t more : {0U, 1U}) {
      const std::string message(from->max_out() + more, 'm');
      const Turn packets = from->encode(message);
      ASSERT_EQ(packets.code, SASL_OK) << from->error();
      const Turn received = to->decode(*packets.out);
      ASSERT_EQ(received.code, SASL_OK) << to->error();
      ASSERT_TRUE(received.out == message);
    }
  }

  void expect_all_fits(const char* mechanism, unsigned ssf, unsigned client_len,
                       unsigned server_len) const {
    SCOPED_TRACE(::testing::Message()
                 << mechanism << " " << ssf << " " << client_len << " " << server_len);
    ClientSetup setup{.strength = {.max_ssf = ssf, .maxbufsize = client_len}};
    setup.credential = credential_.get();
    SaslClient client(setup);
    SaslServer server({.strength = {.max_ssf = ssf, .maxbufsize = server_len}});
    const Login login = log_in(&client, &server, mechanism);
    const unsigned overhead = ssf == 1 ? 28 : 60;
    const bool has_layer = std::min(client_len, server_len) > overhead;
    if (mechanism == kSpnego && !has_layer && client_len > 0) {
      ASSERT_FALSE(login.ok());
      return;
    }
    ASSERT_TRUE(login.ok()) << client.error() << server.log().text();
    // Below what confidentiality needs there is still integrity.
    const unsigned agreed = has_layer ? ssf : std::min(client_len, server_len) > 28 ? 1 : 0;
    ASSERT_EQ(client.ssf(), agreed);
    ASSERT_EQ(server.ssf(), agreed);
    if (agreed == 0) return;
    expect_full_size(&client, &server, mechanism == kGssapi ? server_len : client_len);
    if (HasFatalFailure()) return;
    expect_full_size(&server, &client, mechanism == kGssapi ? client_len : server_len);
  }

 private:
  gss::Credential credential_;
};

TEST_F(LayerSizesTest, EveryMaximumUpTo4096) {
  SPEC("R8");
  for (unsigned len = 0; len <= 4096 && !HasFatalFailure(); ++len) {
    for (const unsigned ssf : {1U, 256U}) {
      // Where nothing changes any more, one of the two in turn.
      if (len > 200 && (len % 2 == 0) == (ssf == 1)) continue;
      expect_all_fits(kGssapi, ssf, len, len);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(LayerSizesTest, PowersOfTwoAndTheirNeighbours) {
  SPEC("R8");
  for (unsigned power = 8192; power <= 0x1000000 && !HasFatalFailure(); power *= 2) {
    for (const unsigned len : {power - 1, power, power + 1}) {
      if (len > 0xffffff) continue;
      for (const unsigned ssf : {1U, 256U}) {
        // The largest ones cost: once each.
        if (power > 0x80000 && (len > power || (len == power) == (ssf == 1))) continue;
        expect_all_fits(kGssapi, ssf, len, len);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(LayerSizesTest, EachSideHasItsOwnMaximum) {
  SPEC("R8");
  const unsigned lens[] = {0, 28, 29, 60, 61, 62, 100, 4096, 65536, 100000};
  for (const unsigned client_len : lens) {
    for (const unsigned server_len : lens) {
      for (const unsigned ssf : {1U, 256U}) {
        expect_all_fits(kGssapi, ssf, client_len, server_len);
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Nothing is negotiated there: each side uses its own sizes, which have to be the same.
TEST_F(LayerSizesTest, SpnegoWithEqualMaxima) {
  SPEC("R8 R10");
  std::set<unsigned> lens = {65535, 65536, 65537, 0xfffff, 0x100000};
  for (unsigned len = 0; len <= 200; ++len) lens.insert(len);
  for (unsigned len = 256; len <= 8192; len *= 2) lens.insert({len - 1, len, len + 1});
  for (const unsigned len : lens) {
    for (const unsigned ssf : {1U, 256U}) {
      expect_all_fits(kSpnego, ssf, len, len);
      if (HasFatalFailure()) return;
    }
  }
}

// ... or the sender's is the larger one, and the receiver's what most have: libldap's clients and
// slapd, as they come.
TEST_F(LayerSizesTest, SpnegoSendsNoMoreThanMostPeersTake) {
  SPEC("R8 R10 H3");
  for (const unsigned ssf : {1U, 256U}) {
    for (const unsigned len : {65537U, 0x100000U, 0xffffffU}) {
      SaslClient client({.strength = {.max_ssf = ssf, .maxbufsize = len}});
      SaslServer server({.strength = {.max_ssf = ssf, .maxbufsize = 65536}});
      const Login login = log_in(&client, &server, kSpnego);
      ASSERT_TRUE(login.ok()) << client.error() << server.log().text();
      EXPECT_EQ(client.max_out(), ssf == 1 ? 65536U - 28 : 65536U - 60) << len;
      expect_full_size(&client, &server, 65536);
      expect_full_size(&server, &client, 65536);
      if (HasFatalFailure()) return;
    }
  }
}

// A stranger's largest message is longer than ours by what the protection adds, and one octet
// beyond is not taken.
TEST_F(LayerSizesTest, WhatIsTakenAndWhatIsNot) {
  SPEC("R8");
  const struct {
    const char* mechanism;
    bool is_encrypted;
    unsigned max_token_len;  // with maxbufsize 4096
  } rows[] = {{kGssapi, false, 4096},
              {kGssapi, true, 4096},
              {kSpnego, false, 4096 + 28},
              {kSpnego, true, 4096 + 60}};
  for (const auto& row : rows) {
    for (const unsigned more : {0U, 1U}) {
      SaslServer server(
          {.strength = {.max_ssf = row.is_encrypted ? 256U : 1U, .maxbufsize = 4096}});
      RawContext client;
      if (row.mechanism == kGssapi) {
        client.unwrap(reach_offer(&server, &client).out.value());
        const std::string choice = layer_message(row.is_encrypted ? 4 : 2, 65536);
        ASSERT_EQ(server.step(client.wrap(choice)).code, SASL_OK);
      } else {
        const OM_uint32 unasked = row.is_encrypted ? 0 : GSS_C_CONF_FLAG;
        const Turn turn = server.start(kSpnego, client.begin({.flags = kLayerFlags & ~unasked,
                                                              .mech = spnego_oid(),
                                                              .only_as_requested = true}));
        ASSERT_EQ(turn.code, SASL_OK) << server.log().text();
        client.step(turn.out.value());
      }
      const unsigned overhead = row.is_encrypted ? 60 : 28;
      const std::string message(row.max_token_len - overhead + more, 'x');
      const Turn received = server.decode(client.packet(message, row.is_encrypted));
      EXPECT_EQ(received.code, more == 0 ? SASL_OK : SASL_BADMAC) << row.mechanism << more;
      EXPECT_EQ(received.out.has_value(), more == 0);
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
