// SPDX-License-Identifier: BSD-2-Clause
// Proves that the test realm gives what it promises, with a real KDC and raw GSS calls.
#include "tests/kdc/realm.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/kdc/forge.h"
#include "tests/kdc/gss_login.h"

namespace gssloop::testing {
namespace {

using Values = std::vector<std::string>;

class RealmTest : public ::testing::Test {
 protected:
  explicit RealmTest(RealmOptions options = make_options()) : realm_(std::move(options)) {
    realm_.apply_to_this_process();
  }

  static RealmOptions make_options() {
    RealmOptions options;
    options.services = {"imap/localhost"};
    return options;
  }

  static std::string token() { return initial_token("imap@localhost", GSS_C_MUTUAL_FLAG); }
  static GssLogin login() { return accept_token(token()); }

  Realm realm_;
};

TEST_F(RealmTest, PasswordGivesIndicatorsOfSeveralValuesAndPac) {
  realm_.add_user("alice", "pass word\"'\\");
  realm_.kinit("alice", "pass word\"'\\");
  const GssLogin seen = login();
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen.peer, "alice@EXAMPLE.TEST");
  EXPECT_EQ(seen.attributes.at("auth-indicators"), (Values{"spake", "second-factor"}));
  EXPECT_TRUE(seen.lists("urn:mspac:client-info"));
  EXPECT_TRUE(seen.refused.empty());
}

TEST_F(RealmTest, NoPreauthGivesPacButNoIndicators) {
  realm_.add_user("bob", "password", false);
  realm_.kinit("bob", "password");
  const GssLogin seen = login();
  EXPECT_FALSE(seen.lists("auth-indicators"));
  EXPECT_TRUE(seen.lists("urn:mspac:"));
}

TEST_F(RealmTest, NoPacRequestRemovesThePac) {
  realm_.add_user("alice", "password");
  realm_.kinit({.user = "alice", .password = "password", .request_pac = false});
  const GssLogin seen = login();
  EXPECT_TRUE(seen.lists("auth-indicators"));
  EXPECT_FALSE(seen.lists("urn:mspac:"));
}

TEST_F(RealmTest, NoAuthDataRequiredGivesNoAttributes) {
  realm_.add_user("alice", "password");
  realm_.modify("imap/localhost", {"+no_auth_data_required"});
  realm_.kinit("alice", "password");
  const GssLogin seen = login();
  ASSERT_TRUE(seen.ok());
  EXPECT_TRUE(seen.attributes.empty());
}

TEST_F(RealmTest, WrongPasswordThrowsWithReason) {
  realm_.add_user("alice", "password");
  try {
    realm_.kinit("alice", "wrong");
    FAIL() << "kinit succeeded";
  } catch (const RealmError& error) {
    EXPECT_NE(std::string(error.what()).find("kinit alice"), std::string::npos) << error.what();
  }
}

TEST_F(RealmTest, FailingKadminShowsItsOutput) {
  try {
    realm_.remove_principal("nobody");
    FAIL() << "kadmin succeeded";
  } catch (const RealmError& error) {
    EXPECT_NE(std::string(error.what()).find("does not exist"), std::string::npos) << error.what();
  }
}

TEST_F(RealmTest, ReplayGivesAnErrorToken) {
  realm_.add_user("alice", "password");
  realm_.kinit("alice", "password");
  const std::string once = token();
  EXPECT_TRUE(accept_token(once).ok());
  const GssLogin again = accept_token(once);
  EXPECT_TRUE(GSS_ERROR(again.major) || again.major == GSS_S_DUPLICATE_TOKEN);
  EXPECT_FALSE(again.output_token.empty());
}

TEST_F(RealmTest, RekeyedServiceIsRefused) {
  realm_.add_user("alice", "password");
  realm_.rekey("imap/localhost");
  realm_.kinit("alice", "password");
  EXPECT_TRUE(GSS_ERROR(login().major));
  realm_.write_keytab(realm_.default_keytab(), {"imap/localhost"});
  EXPECT_TRUE(login().ok());
}

TEST_F(RealmTest, ExpiredTicketIsRefused) {
  realm_.add_user("alice", "password");
  realm_.kinit({.user = "alice", .password = "password", .lifetime = std::chrono::seconds(1)});
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  EXPECT_THROW(token(), RealmError);
}

TEST_F(RealmTest, ClockOffsetIsSeenByTheAcceptor) {
  realm_.add_user("alice", "password");
  realm_.kinit("alice", "password");
  token();  // fetches the service ticket: later the KDC would refuse the skewed clock
  const std::string skewed = "FILE:" + realm_.path("skewed");
  realm_.copy_with_clock_offset(realm_.default_ccache(), skewed, std::chrono::hours(1));
  setenv("KRB5CCNAME", skewed.c_str(), 1);
  const GssLogin seen = login();
  EXPECT_TRUE(GSS_ERROR(seen.major));
  EXPECT_FALSE(seen.output_token.empty());
}

TEST_F(RealmTest, FolderCacheHoldsSeveralUsers) {
  const std::string folder = "DIR:" + realm_.path("caches");
  for (const char* user : {"alice", "bob"}) {
    realm_.add_user(user, "password");
    realm_.kinit(user, "password", folder);
  }
  setenv("KRB5CCNAME", folder.c_str(), 1);
  EXPECT_EQ(login().peer, "bob@EXAMPLE.TEST");
  setenv("KRB5CCNAME", ("DIR::" + realm_.path("caches") + "/tkt-alice").c_str(), 1);
  EXPECT_EQ(login().peer, "alice@EXAMPLE.TEST");
}

TEST_F(RealmTest, MemoryCacheIsFilledInThisProcess) {
  realm_.add_user("alice", "password");
  realm_.kinit("alice", "password", "MEMORY:realm_test");
  setenv("KRB5CCNAME", "MEMORY:realm_test", 1);
  EXPECT_EQ(login().peer, "alice@EXAMPLE.TEST");
}

TEST_F(RealmTest, StoppedKdcGivesNoTicket) {
  realm_.add_user("alice", "password");
  realm_.stop_kdc();
  EXPECT_THROW(realm_.kinit("alice", "password"), RealmError);
}

TEST_F(RealmTest, RemovedUserGetsNoTicket) {
  realm_.add_user("alice", "password");
  realm_.remove_principal("alice");
  EXPECT_THROW(realm_.kinit("alice", "password"), RealmError);
}

class ForeignRealmTest : public RealmTest {
 protected:
  static RealmOptions with_foreign() {
    RealmOptions options = make_options();
    options.foreign_realms = {"OTHER.TEST"};
    return options;
  }
  ForeignRealmTest() : RealmTest(with_foreign()) {}
};

TEST_F(ForeignRealmTest, ForeignUserReachesTheService) {
  realm_.add_user("bob@OTHER.TEST", "password");
  realm_.kinit("bob@OTHER.TEST", "password");
  const GssLogin seen = login();
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen.peer, "bob@OTHER.TEST");
}

class PkinitTest : public RealmTest {
 protected:
  static RealmOptions with_pkinit() {
    RealmOptions options = make_options();
    options.anonymous = true;
    options.kdc_settings = {"encrypted_challenge_indicator = fast"};
    return options;
  }
  PkinitTest() : RealmTest(with_pkinit()) {}
};

TEST_F(PkinitTest, AnonymousTicketGivesTheAnonymousNameType) {
  realm_.kinit({.user = "", .anonymous = true});
  const GssLogin seen = login();
  ASSERT_TRUE(seen.ok());
  EXPECT_TRUE(seen.is_anonymous_type);
  EXPECT_EQ(seen.peer, "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS");
}

TEST_F(PkinitTest, CertificateGivesThePkinitIndicator) {
  realm_.add_user("alice", "password");
  realm_.kinit({.user = "alice", .pkinit_identity = realm_.issue_certificate("alice")});
  EXPECT_EQ(login().attributes.at("auth-indicators"), (Values{"pkinit"}));
}

TEST_F(PkinitTest, AnonymousArmorServesFast) {
  realm_.add_user("alice", "password");
  const std::string armor = "FILE:" + realm_.path("armor");
  realm_.kinit({.user = "", .ccache = armor, .anonymous = true});
  realm_.kinit({.user = "alice", .password = "password", .armor_ccache = armor});
  EXPECT_TRUE(login().lists("auth-indicators"));
}

class PlainRealmTest : public RealmTest {
 protected:
  static RealmOptions odd_options() {
    RealmOptions options = make_options();
    options.disable_pac = true;
    options.encryption_types = {"aes128-cts-hmac-sha256-128"};
    return options;
  }
  PlainRealmTest() : RealmTest(odd_options()) {}
};

TEST_F(PlainRealmTest, DisabledPacLeavesTheIndicators) {
  realm_.add_user("alice", "password");
  realm_.kinit("alice", "password");
  const GssLogin seen = login();
  EXPECT_TRUE(seen.lists("auth-indicators"));
  EXPECT_FALSE(seen.lists("urn:mspac:"));
}

}  // namespace
}  // namespace gssloop::testing
