// SPDX-License-Identifier: BSD-2-Clause
// Layers with each cipher that Kerberos has: strengths and overheads are the context's own, and the
// old ones pad.
#include <ostream>

#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

struct Cipher {
  const char* name;
  unsigned ssf;
  bool is_deprecated = false;
  friend std::ostream& operator<<(std::ostream& out, const Cipher& c) { return out << c.name; }
};

class LayerCiphersTest : public LiveTest, public ::testing::WithParamInterface<Cipher> {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    RealmOptions options;
    options.services = {"imap/localhost"};
    options.encryption_types = {GetParam().name};
    if (GetParam().is_deprecated) {
      options.libdefaults = {"allow_weak_crypto = true", "allow_des3 = true", "allow_rc4 = true"};
    }
    own_realm_ = std::make_unique<Realm>(options);
    own_realm_->add_user("alice", "secret", false);
    own_realm_->apply_to_this_process();
    own_realm_->kinit("alice", "secret");
    disable_replay_cache();
    restart_library({});
  }
  void TearDown() override {
    LiveTest::TearDown();
    own_realm_.reset();
  }

 private:
  std::unique_ptr<Realm> own_realm_;
};

std::string cipher_name(const ::testing::TestParamInfo<Cipher>& info) {
  std::string name = info.param.name;
  std::erase(name, '-');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Each, LayerCiphersTest,
                         ::testing::Values(Cipher{"aes256-cts-hmac-sha384-192", 256},
                                           Cipher{"aes128-cts-hmac-sha256-128", 128},
                                           Cipher{"aes256-cts-hmac-sha1-96", 256},
                                           Cipher{"aes128-cts-hmac-sha1-96", 128},
                                           Cipher{"camellia256-cts-cmac", 256},
                                           Cipher{"camellia128-cts-cmac", 128},
                                           Cipher{"arcfour-hmac", 64, true},
                                           Cipher{"des3-cbc-sha1", 112, true}),
                         cipher_name);

TEST_P(LayerCiphersTest, TheStrengthIsTheCiphers) {
  SPEC("R9 R10");
  const unsigned ssf = GetParam().ssf;
  const struct {
    unsigned min_ssf, max_ssf;
    bool fits;
  } rows[] = {{0, 256, true}, {ssf, ssf, true}, {ssf + 1, 512, false}, {2, ssf - 1, false}};
  for (const char* mechanism : kWithLayers) {
    for (const auto& row : rows) {
      const Strength strength{.min_ssf = row.min_ssf, .max_ssf = row.max_ssf};
      SaslClient client({.strength = strength});
      SaslServer server({.strength = strength});
      const Login login = log_in(&client, &server, mechanism);
      ASSERT_EQ(login.ok(), row.fits) << row.min_ssf << client.error() << server.log().text();
      if (!row.fits) continue;
      EXPECT_EQ(client.ssf(), ssf);
      EXPECT_EQ(server.ssf(), ssf);
    }
  }
}

void expect_full_size(SaslSide* from, SaslSide* to) {
  for (const unsigned less : {0U, 1U, 7U}) {
    if (from->max_out() <= less) continue;
    const std::string message(from->max_out() - less, 'm');
    const Turn packet = from->encode(message);
    ASSERT_EQ(packet.code, SASL_OK) << from->error();
    const Turn received = to->decode(*packet.out);
    ASSERT_EQ(received.code, SASL_OK) << to->error();
    ASSERT_TRUE(received.out == message);
  }
}

TEST_P(LayerCiphersTest, FullSizeWritesDecode) {
  SPEC("R8");
  for (const char* mechanism : kWithLayers) {
    for (const unsigned max_ssf : {1U, 256U}) {
      unsigned num_layers = 0;
      for (unsigned len = 1; len <= 70000; len += len < 120 ? 1 : len < 300 ? 7 : len) {
        SCOPED_TRACE(::testing::Message() << mechanism << " " << max_ssf << " " << len);
        const Strength strength{.max_ssf = max_ssf, .maxbufsize = len};
        SaslClient client({.strength = strength});
        SaslServer server({.strength = strength});
        const Login login = log_in(&client, &server, mechanism);
        // Where the buffers hold nothing: no layer in GSSAPI, no login in GSS-SPNEGO.
        if (!login.ok() && mechanism == kSpnego && len < 100) continue;
        ASSERT_TRUE(login.ok()) << client.error() << server.log().text();
        ASSERT_EQ(client.ssf(), server.ssf());
        if (client.ssf() == 0) continue;
        ++num_layers;
        expect_full_size(&client, &server);
        expect_full_size(&server, &client);
        if (HasFatalFailure()) return;
      }
      EXPECT_GT(num_layers, 50U);
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
