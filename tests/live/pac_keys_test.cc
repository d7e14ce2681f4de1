// SPDX-License-Identifier: BSD-2-Clause

// The keys that verify a PAC: of each cipher, old and new ones, in one keytab.

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "tests/kdc/forge.h"
#include "tests/kdc/realm.h"
#include "tests/live/pac_calls.h"
#include "tests/live/pac_login.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

constexpr char kClientInfo[] = "urn:mspac:client-info";
constexpr krb5_enctype kAes128Sha1 = ENCTYPE_AES128_CTS_HMAC_SHA1_96;
constexpr krb5_enctype kAes256Sha1 = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
constexpr krb5_enctype kAes256Sha2 = ENCTYPE_AES256_CTS_HMAC_SHA384_192;

class PacKeysTest : public ::testing::Test {
 protected:
  void make_realm(std::vector<std::string> encryption_types, bool is_deprecated = false) {
    RealmOptions options;
    options.services = {"imap/localhost", "smtp/localhost"};
    options.encryption_types = std::move(encryption_types);
    if (is_deprecated) options.libdefaults = {"allow_weak_crypto = true", "allow_rc4 = true"};
    realm_ = std::make_unique<Realm>(options);
    realm_->apply_to_this_process();
    setenv("KRB5RCACHENAME", "none:", 1);
    realm_->add_user("alice", "password", false);
  }

  // Of a PAC's buffer, in one login by the tickets at hand: "", or why it is not authenticated.
  static std::string why_unreadable() {
    const auto context = accept_login("imap@localhost");
    if (!context) return "no context";
    const auto attribute = context->source_attribute(kClientInfo);
    if (!attribute) return attribute.error().text();
    return attribute->authenticated() != nullptr ? "" : "asserted";
  }

  std::unique_ptr<Realm> realm_;
};

struct Cipher {
  const char* name;
  bool is_deprecated = false;
  friend std::ostream& operator<<(std::ostream& out, const Cipher& c) { return out << c.name; }
};

class PacCiphersTest : public PacKeysTest, public ::testing::WithParamInterface<Cipher> {};

std::string cipher_name(const ::testing::TestParamInfo<Cipher>& info) {
  std::string name = info.param.name;
  std::erase(name, '-');
  return name;
}
INSTANTIATE_TEST_SUITE_P(
    Each, PacCiphersTest,
    ::testing::Values(Cipher{"aes256-cts-hmac-sha384-192"}, Cipher{"aes128-cts-hmac-sha256-128"},
                      Cipher{"aes256-cts-hmac-sha1-96"}, Cipher{"aes128-cts-hmac-sha1-96"},
                      Cipher{"camellia256-cts-cmac"}, Cipher{"camellia128-cts-cmac"},
                      Cipher{"arcfour-hmac", true}),
    cipher_name);

// Of the KDC, and of the forger.
TEST_P(PacCiphersTest, ThePacIsVerified) {
  SPEC("P7");
  make_realm({GetParam().name}, GetParam().is_deprecated);
  realm_->kinit("alice", "password");
  EXPECT_EQ(why_unreadable(), "");
  for (const Signature signature : {Signature::kGood, Signature::kBad}) {
    forge_ticket(*realm_, {.client = {{"alice"}}, .pac = signature}, realm_->default_ccache());
    EXPECT_EQ(why_unreadable().empty(), signature == Signature::kGood) << why_unreadable();
  }
}

// The ticket is older than the key; the keytab has both keys.
TEST_F(PacKeysTest, AKeyMayChangeBetweenTicketAndLogin) {
  SPEC("P7");
  make_realm({});
  realm_->kinit("alice", "password");
  EXPECT_EQ(why_unreadable(), "");  // from here on, the cache has the service's ticket
  for (int i = 0; i < 3; ++i) {
    realm_->rekey("imap/localhost");
    realm_->write_keytab(realm_->path("keytab"), {"imap/localhost"});
    EXPECT_EQ(why_unreadable(), "") << i;
  }
  realm_->kinit("alice", "password");
  EXPECT_EQ(why_unreadable(), "");
}

TEST_F(PacKeysTest, EachKeyOfTheServiceIsTried) {
  SPEC("P7");
  make_realm({"aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96", "aes256-cts-hmac-sha384-192"});
  realm_->rekey("imap/localhost");
  realm_->write_keytab(realm_->path("keytab"), {"imap/localhost", "smtp/localhost"});
  for (const krb5_enctype enctype : {kAes256Sha1, kAes128Sha1, kAes256Sha2}) {
    for (const krb5_kvno kvno : {1U, 2U}) {
      for (const Signature signature : {Signature::kGood, Signature::kBad}) {
        const ForgedTicket ticket{
            .client = {{"alice"}}, .kvno = kvno, .enctype = enctype, .pac = signature};
        forge_ticket(*realm_, ticket, realm_->default_ccache());
        EXPECT_EQ(why_unreadable().empty(), signature == Signature::kGood)
            << enctype << " " << kvno << why_unreadable();
      }
    }
  }
}

// A keytab with the keys of one service alone says which service the ticket is for.
TEST_F(PacKeysTest, AKeytabOfOneServiceVerifiesItsPacsAlone) {
  SPEC("P6 P7");
  make_realm({"aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96"});
  const std::string path = realm_->path("imap.keytab");
  realm_->write_keytab(path, {"imap/localhost"});
  realm_->rekey("imap/localhost");
  realm_->write_keytab(path, {"imap/localhost"});
  setenv("KRB5_KTNAME", path.c_str(), 1);
  const PacVariation of_another = {.client = {"bob"}};
  const PacVariation older = {.authtime_offset = std::chrono::seconds(-60)};
  for (const krb5_enctype enctype : {kAes256Sha1, kAes128Sha1}) {
    for (const krb5_kvno kvno : {1U, 2U}) {
      // The Kerberos library says that each PAC is authenticated.
      const auto why = [&](Signature signature, const PacVariation& variation) {
        const ForgedTicket ticket{.client = {{"alice"}},
                                  .keytab = path,
                                  .kvno = kvno,
                                  .enctype = enctype,
                                  .pac = signature,
                                  .pac_variation = variation};
        present_pac(forge_ticket(*realm_, ticket, realm_->default_ccache()).at(0));
        std::string reason = why_unreadable();
        present_pac({});
        return reason;
      };
      EXPECT_EQ(why(Signature::kGood, {}), "") << enctype << " " << kvno;
      EXPECT_NE(why(Signature::kBad, {}), "") << enctype << " " << kvno;
      EXPECT_NE(why(Signature::kGood, of_another), "") << enctype << " " << kvno;
      EXPECT_NE(why(Signature::kGood, older), "") << enctype << " " << kvno;
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
