// SPDX-License-Identifier: BSD-2-Clause
// Proves the forged tickets and tokens against MIT's own acceptor.
#include "tests/kdc/forge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kdc/gss_login.h"
#include "tests/kdc/realm.h"

namespace gssloop::testing {
namespace {

using Values = std::vector<std::string>;

class ForgeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RealmOptions options;
    options.services = {"imap/localhost"};
    realm_ = new Realm(options);
    realm_->stop_kdc();  // nothing here may ask it
  }
  static void TearDownTestSuite() { delete realm_; }
  void SetUp() override { realm_->apply_to_this_process(); }

  static GssLogin login_with(const ForgedTicket& ticket) {
    forge_ticket(*realm_, ticket, realm_->default_ccache());
    return accept_token(initial_token("imap@localhost", GSS_C_MUTUAL_FLAG));
  }

  static void store_ticket() {
    forge_ticket(*realm_, {.client = {{"alice"}}}, realm_->default_ccache());
  }

  static Realm* realm_;
};

Realm* ForgeTest::realm_ = nullptr;

TEST_F(ForgeTest, NamesArriveAsGiven) {
  const struct {
    ForgedPrincipal client;
    std::string displayed;
  } rows[] = {
      {{{"alice"}}, "alice@EXAMPLE.TEST"},
      {{{" admin"}}, " admin@EXAMPLE.TEST"},
      {{{"admin "}}, "admin @EXAMPLE.TEST"},
      {{{"admin@EXAMPLE.TEST"}}, "admin\\@EXAMPLE.TEST@EXAMPLE.TEST"},
      {{{"a\\b"}}, "a\\\\b@EXAMPLE.TEST"},
      {{{"a/b"}}, "a\\/b@EXAMPLE.TEST"},
      {{{"a", "b"}}, "a/b@EXAMPLE.TEST"},
      {{{"\xff\xfe"}}, "\xff\xfe@EXAMPLE.TEST"},
      {{{"a\nb\t"}}, "a\\nb\\t@EXAMPLE.TEST"},
      {{{"\x1b[2J"}}, "\x1b[2J@EXAMPLE.TEST"},
      {{{std::string("root\0x", 6)}}, "root\\0x@EXAMPLE.TEST"},
      {{{""}}, "@EXAMPLE.TEST"},
      {{{"alice"}, "OTHER.TEST"}, "alice@OTHER.TEST"},
      {{{"alice"}, "O@T"}, "alice@O\\@T"},
  };
  for (const auto& row : rows) {
    const GssLogin seen = login_with({.client = row.client});
    EXPECT_TRUE(seen.ok()) << row.displayed << " minor " << seen.minor;
    EXPECT_EQ(seen.peer, row.displayed);
    EXPECT_TRUE(seen.attributes.empty());
  }
}

TEST_F(ForgeTest, GoodPacAndIndicatorsAreGiven) {
  const GssLogin seen = login_with({.client = {{"alice"}},
                                    .pac = Signature::kGood,
                                    .logon_info = "not NDR",
                                    .indicators = Values{"one", "", "drei \xc3\xa4"}});
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen.attributes.at("auth-indicators"), (Values{"one", "", "drei \xc3\xa4"}));
  EXPECT_EQ(seen.attributes.at("urn:mspac:logon-info"), Values{"not NDR"});
  EXPECT_TRUE(seen.refused.empty());
}

// tests/live/pac_verification_test.cc has what our library makes of it.
TEST_F(ForgeTest, BadPacIsListed) {
  const GssLogin seen = login_with({.client = {{"alice"}}, .pac = Signature::kBad});
  ASSERT_TRUE(seen.ok());
  EXPECT_TRUE(seen.lists("urn:mspac:client-info"));
}

TEST_F(ForgeTest, UnsignedIndicatorsAreNotListed) {
  for (const Signature signature : {Signature::kBad, Signature::kMissing}) {
    const GssLogin seen = login_with(
        {.client = {{"alice"}}, .indicators = Values{"admin"}, .indicators_signature = signature});
    ASSERT_TRUE(seen.ok()) << static_cast<int>(signature) << " minor " << seen.minor;
    EXPECT_FALSE(seen.lists("auth-indicators"));
  }
}

TEST_F(ForgeTest, CammacWithoutVerifierFailsTheContext) {
  const GssLogin seen = login_with({.client = {{"alice"}},
                                    .indicators = Values{"admin"},
                                    .indicators_signature = Signature::kNoVerifier});
  EXPECT_TRUE(GSS_ERROR(seen.major));
}

TEST_F(ForgeTest, ExpiredTicketIsRefusedByTheAcceptor) {
  forge_ticket(
      *realm_,
      {.client = {{"alice"}}, .start = std::chrono::hours(-2), .end = std::chrono::hours(-1)},
      realm_->default_ccache());
  const GssLogin seen = accept_token(forged_ap_req(*realm_, {}));
  EXPECT_TRUE(GSS_ERROR(seen.major));
}

TEST_F(ForgeTest, RawApReqCarriesTheFlagsItWasGiven) {
  store_ticket();
  const OM_uint32 odd = GSS_C_MUTUAL_FLAG | GSS_C_ANON_FLAG;
  const GssLogin seen = accept_token(forged_ap_req(*realm_, {.flags = odd}));
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen.peer, "alice@EXAMPLE.TEST");
  EXPECT_NE(seen.flags & GSS_C_MUTUAL_FLAG, 0U);
}

TEST_F(ForgeTest, RawApReqOfAnotherTimeIsRefused) {
  store_ticket();
  const GssLogin seen =
      accept_token(forged_ap_req(*realm_, {.clock_offset = std::chrono::hours(1)}));
  EXPECT_TRUE(GSS_ERROR(seen.major));
  EXPECT_FALSE(seen.output_token.empty());
}

// Requirement G10: MIT accepts an initiator without bindings and leaves the flag clear.
TEST_F(ForgeTest, BindingsAreBoundOnlyIfTheInitiatorGaveThem) {
  store_ticket();
  char data[] = "n,,tls-unique";
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {sizeof data - 1, data};
  const GssLogin bound =
      accept_token(initial_token("imap@localhost", GSS_C_MUTUAL_FLAG, &bindings), &bindings);
  ASSERT_TRUE(bound.ok());
  EXPECT_NE(bound.flags & GSS_C_CHANNEL_BOUND_FLAG, 0U);
  const GssLogin unbound =
      accept_token(initial_token("imap@localhost", GSS_C_MUTUAL_FLAG), &bindings);
  ASSERT_TRUE(unbound.ok());
  EXPECT_EQ(unbound.flags & GSS_C_CHANNEL_BOUND_FLAG, 0U);
  const GssLogin forged = accept_token(forged_ap_req(*realm_, {}), &bindings);
  ASSERT_TRUE(forged.ok());
  EXPECT_EQ(forged.flags & GSS_C_CHANNEL_BOUND_FLAG, 0U);
  const GssLogin wrong = accept_token(forged_ap_req(*realm_, {.bindings = {1, 2, 3}}), &bindings);
  EXPECT_EQ(wrong.major, static_cast<OM_uint32>(GSS_S_BAD_BINDINGS));
}

}  // namespace
}  // namespace gssloop::testing
