// SPDX-License-Identifier: BSD-2-Clause

// Credentials that are copied, changed and stored, with real Kerberos.

#include <algorithm>
#include <filesystem>
#include <memory>

#include "gssloop/gss/credentials.h"
#include "tests/kdc/krb5_handles.h"
#include "tests/live/gss_pair.h"

namespace gssloop::testing {
namespace {

using gss::Oid;

constexpr Flags kProtection = Flag::kInteg | Flag::kConf;

class CredentialLive : public ::testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() {
    if (!Realm::missing().empty()) return;
    RealmOptions options;
    options.services = {"imap/localhost"};
    realm_ = new Realm(options);
    realm_->add_user("alice", "password");
    realm_->add_user("bob", "password");
    realm_->kinit({.user = "alice", .password = "password", .forwardable = true});
  }
  static void TearDownTestSuite() {
    delete realm_;
    realm_ = nullptr;
  }
  void SetUp() override {
    if (realm_ == nullptr) GTEST_SKIP() << Realm::missing();
    realm_->apply_to_this_process();
  }

  // The mechanism under test.
  static Oid mech() { return GetParam() ? spnego() : Oid::krb5(); }
  static void use_ccache(const std::string& name) { setenv("KRB5CCNAME", name.c_str(), 1); }
  static std::string fresh_ccache(const std::string& name) {
    std::filesystem::remove(realm_->path(name));
    return "FILE:" + realm_->path(name);
  }
  static void destroy_ccache(const std::string& name) {
    Krb5Context context(realm_->krb5_conf());
    krb5_ccache ccache = nullptr;
    context.check(krb5_cc_resolve(context, name.c_str(), &ccache), name);
    context.check(krb5_cc_destroy(context, ccache), name);
  }
  static std::string principal_of(const std::string& name) {
    Krb5Context context(realm_->krb5_conf());
    Krb5Ccache ccache(context);
    context.check(krb5_cc_resolve(context, name.c_str(), ccache.out()), name);
    Krb5Principal principal(context);
    if (krb5_cc_get_principal(context, ccache.get(), principal.out()) != 0) return "nobody";
    char* text = nullptr;
    context.check(krb5_unparse_name(context, principal.get(), &text), name);
    const std::string result = text;
    krb5_free_unparsed_name(context, text);
    return result;
  }

  // Who an acceptor says that `credential` logs in as.
  static std::string login_of(gss_cred_id_t credential) {
    const GssPair pair = establish(mech(), Flag::kMutual, credential);
    if (!pair.ok()) return pair.failure;
    const auto shown = gss::display(pair.acceptor->source());
    return shown ? shown->text : shown.error().text();
  }
  static gss::Credential acquire() {
    auto credential = gss::acquire_initiator(GSS_C_NO_NAME, mech());
    EXPECT_TRUE(credential) << credential.error().text();
    return credential ? *std::move(credential) : gss::Credential();
  }
  static Flags granted(Flags request, gss_cred_id_t credential) {
    const GssPair pair = establish(mech(), request, credential);
    EXPECT_TRUE(pair.ok()) << pair.failure;
    if (!pair.ok()) return {};
    const Flags of_both = Flags::from_bits(pair.initiator->flags().bits() & kProtection.bits());
    EXPECT_EQ(of_both.bits(), pair.acceptor->flags().bits() & kProtection.bits());
    return of_both;
  }
  static GssPair delegate() {
    GssPair pair = establish(mech(), Flag::kMutual | Flag::kDeleg);
    EXPECT_TRUE(pair.ok()) << pair.failure;
    EXPECT_TRUE(pair.ok() && pair.acceptor->delegated() != GSS_C_NO_CREDENTIAL);
    return pair;
  }

  static Realm* realm_;
};

Realm* CredentialLive::realm_ = nullptr;

TEST_P(CredentialLive, ADuplicateOfAFileOutlivesItsOriginal) {
  gss::Credential original = acquire();
  auto copy = gss::duplicate(original.get());
  ASSERT_TRUE(copy) << copy.error().text();
  original.reset();
  EXPECT_EQ(login_of(copy->get()), "alice@EXAMPLE.TEST");
}

// The tickets of a memory ccache are copied, so not even its end is the copy's.
TEST_P(CredentialLive, ADuplicateOfAMemoryCcacheOutlivesIt) {
  realm_->kinit("bob", "password", "MEMORY:original");
  use_ccache("MEMORY:original");
  gss::Credential original = acquire();
  ASSERT_TRUE(gss::remaining_lifetime(original.get()));  // settles for a ccache
  auto copy = gss::duplicate(original.get());
  ASSERT_TRUE(copy) << copy.error().text();
  original.reset();
  destroy_ccache("MEMORY:original");
  use_ccache(realm_->default_ccache());
  EXPECT_EQ(login_of(copy->get()), "bob@EXAMPLE.TEST");
}

TEST_P(CredentialLive, ADuplicateOfAPasswordOutlivesItsOriginal) {
  use_ccache(fresh_ccache("none"));
  auto name = gss::import_name("bob", gss::NameForm::kUser);
  ASSERT_TRUE(name);
  auto original = gss::acquire_with_password(name->get(), mech(), Secret(as_bytes("password")));
  ASSERT_TRUE(original) << original.error().text();
  auto copy = gss::duplicate(original->get());
  ASSERT_TRUE(copy) << copy.error().text();
  original->reset();
  EXPECT_EQ(login_of(copy->get()), "bob@EXAMPLE.TEST");
}

TEST_P(CredentialLive, NothingIsDuplicatedOfNothing) {
  EXPECT_FALSE(gss::duplicate(GSS_C_NO_CREDENTIAL));
}

TEST_P(CredentialLive, SuppressedProtectionIsGrantedOnlyIfAskedFor) {
  SPEC("R10");
  gss::Credential credential = acquire();
  ASSERT_EQ(granted({}, credential.get()), kProtection) << "MIT's default, asked for or not";
  const gss::Status status = gss::suppress_default_protection(&credential);
  ASSERT_TRUE(status.is_complete()) << status.text();
  for (const Flags request : {Flags(), Flags(Flag::kInteg), kProtection}) {
    for (const Flags more : {Flags(), Flags(Flag::kMutual)}) {
      EXPECT_EQ(granted(request | more, credential.get()), request) << to_string(request | more);
    }
  }
}

TEST_P(CredentialLive, WhatIsSuppressedOnADuplicateIsNotOnTheOriginal) {
  SPEC("R10");
  const gss::Credential original = acquire();
  auto copy = gss::duplicate(original.get());
  ASSERT_TRUE(copy);
  ASSERT_TRUE(gss::suppress_default_protection(&*copy).is_complete());
  EXPECT_EQ(granted({}, copy->get()), Flags());
  EXPECT_EQ(granted({}, original.get()), kProtection);
}

// MIT krb5 would write through the null pointer.
TEST_P(CredentialLive, NoCredentialHasNothingToSuppress) {
  gss::Credential none;
  EXPECT_EQ(gss::suppress_default_protection(&none).routine_error(), GSS_S_NO_CRED);
  EXPECT_FALSE(none);
}

TEST_P(CredentialLive, ADelegatedCredentialIsStored) {
  const GssPair pair = delegate();
  const std::string ccache = fresh_ccache("stored");
  const gss::Status status = gss::store(pair.acceptor->delegated(), ccache);
  ASSERT_TRUE(status.is_complete()) << status.text();
  EXPECT_EQ(principal_of(ccache), "alice@EXAMPLE.TEST");
  EXPECT_EQ(std::filesystem::status(realm_->path("stored")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  use_ccache(ccache);
  EXPECT_EQ(login_of(acquire().get()), "alice@EXAMPLE.TEST");
}

TEST_P(CredentialLive, WhatIsStoredTakesThePlaceOfWhatWasThere) {
  const GssPair pair = delegate();
  const std::string ccache = fresh_ccache("replaced");
  realm_->kinit("bob", "password", ccache);
  ASSERT_TRUE(gss::store(pair.acceptor->delegated(), ccache).is_complete());
  EXPECT_EQ(principal_of(ccache), "alice@EXAMPLE.TEST");
}

// In a collection others keep theirs.
TEST_P(CredentialLive, ACollectionKeepsACcacheForEach) {
  const std::string folder = realm_->path("collection");
  std::filesystem::remove_all(folder);
  realm_->kinit("bob", "password", "DIR:" + folder);
  const GssPair pair = delegate();
  for (int i = 0; i < 2; ++i) {
    const gss::Status status = gss::store(pair.acceptor->delegated(), "DIR:" + folder);
    ASSERT_TRUE(status.is_complete()) << status.text();
  }
  std::vector<std::string> principals;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename() == "primary") continue;
    principals.push_back(principal_of("FILE:" + entry.path().string()));
  }
  std::ranges::sort(principals);
  EXPECT_EQ(principals, (std::vector<std::string>{"alice@EXAMPLE.TEST", "bob@EXAMPLE.TEST"}));
  EXPECT_EQ(principal_of("DIR:" + folder), "bob@EXAMPLE.TEST") << "the default remains";
}

// Programs that are given the name of the collection take its default ccache.
TEST_P(CredentialLive, TheFirstOfACollectionIsItsDefault) {
  const std::string folder = realm_->path("new-collection");
  std::filesystem::remove_all(folder);
  const GssPair pair = delegate();
  for (int i = 0; i < 2; ++i) {
    const gss::Status status = gss::store(pair.acceptor->delegated(), "DIR:" + folder);
    ASSERT_TRUE(status.is_complete()) << status.text();
    EXPECT_EQ(principal_of("DIR:" + folder), "alice@EXAMPLE.TEST");
    use_ccache("DIR:" + folder);
    EXPECT_EQ(login_of(acquire().get()), "alice@EXAMPLE.TEST");
    destroy_ccache("DIR:" + folder);
  }
}

// libkrb5 would store in a new ccache of the collection, one more each time.
TEST_P(CredentialLive, ACcacheOfACollectionHasTheNameThatWasAskedFor) {
  const std::string folder = realm_->path("names");
  const std::string ccache = "DIR::" + folder + "/tktchosen";
  std::filesystem::remove_all(folder);
  realm_->kinit("bob", "password", "DIR:" + folder);
  const GssPair pair = delegate();
  for (const bool is_bobs : {false, false, true}) {
    if (is_bobs) realm_->kinit("bob", "password", ccache);
    const gss::Status status = gss::store(pair.acceptor->delegated(), ccache);
    ASSERT_TRUE(status.is_complete()) << status.text();
    EXPECT_EQ(principal_of(ccache), "alice@EXAMPLE.TEST");
    const std::filesystem::directory_iterator files(folder);
    EXPECT_EQ(std::distance(begin(files), end(files)), 3) << "bob's, alice's, and the primary";
  }
  use_ccache(ccache);
  EXPECT_EQ(login_of(acquire().get()), "alice@EXAMPLE.TEST");
}

TEST_P(CredentialLive, ACcacheOfACollectionThatCannotBeMadeIsAFailure) {
  const GssPair pair = delegate();
  const gss::Status status = gss::store(pair.acceptor->delegated(), "DIR:/nowhere/at/all");
  EXPECT_FALSE(status.is_complete());
  EXPECT_FALSE(status.text().empty());
}

TEST_P(CredentialLive, AFailureToStoreSaysWhy) {
  const GssPair pair = delegate();
  const gss::Status status = gss::store(pair.acceptor->delegated(), "FILE:/nowhere/at/all");
  EXPECT_FALSE(status.is_complete());
  EXPECT_FALSE(status.minor_text().empty());
  EXPECT_FALSE(gss::store(GSS_C_NO_CREDENTIAL, fresh_ccache("never")).is_complete());
  EXPECT_FALSE(std::filesystem::exists(realm_->path("never")));
}

INSTANTIATE_TEST_SUITE_P(Mechanisms, CredentialLive, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "spnego" : "krb5"; });

}  // namespace
}  // namespace gssloop::testing
