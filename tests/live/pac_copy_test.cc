// SPDX-License-Identifier: BSD-2-Clause

// The verification of a PAC by an acceptor that holds a copy of its keytab.

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/memory_keytab.h"
#include "gssloop/gss/names.h"
#include "gssloop/gss/open_keytab.h"
#include "tests/kdc/forge.h"
#include "tests/kdc/realm.h"
#include "tests/live/pac_calls.h"
#include "tests/live/pac_login.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

constexpr char kLogonInfo[] = "urn:mspac:logon-info";

// An acceptor that holds a copy of the keytab, as the module does.
class PacCopyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RealmOptions options;
    options.services = {"imap/localhost", "smtp/localhost"};
    realm_ = new Realm(options);
    realm_->add_user("alice", "password");
  }
  static void TearDownTestSuite() { delete realm_; }

  void SetUp() override {
    realm_->apply_to_this_process();
    setenv("KRB5RCACHENAME", "none:", 1);
    keytab_ = realm_->default_keytab();
    copy_ = gss::MemoryKeytab::copy_of(keytab_);
    ASSERT_TRUE(copy_);
    const auto name = gss::import_name("imap@localhost", gss::NameForm::kHostbasedService);
    auto credential = gss::acquire_acceptor(name->get(), gss::Oid::krb5(), copy_->name());
    ASSERT_TRUE(credential);
    credential_ = *std::move(credential);
  }

  void TearDown() override { present_pac({}); }

  // Forges a ticket for the next login. If `is_believed`, the Kerberos library of that login says
  // that the PAC is authenticated.
  static void forge(const ForgedTicket& ticket, bool is_believed) {
    const auto pacs = forge_ticket(*realm_, ticket, realm_->default_ccache());
    present_pac(is_believed ? pacs.at(0) : std::string());
  }

  // Why a buffer is unreadable; empty: it is authenticated.
  std::string why_unreadable(const char* displayed = "alice@EXAMPLE.TEST") {
    const auto context = accept_login(target_, {credential_.get(), std::nullopt, keytab_});
    if (!context) return "no context";
    const CallsCounted before = calls_counted();
    const auto attribute = context->attributes(displayed, &*copy_).get(kLogonInfo);
    made_ = calls_since(before);
    return attribute ? "" : attribute.error().text();
  }

  static Realm* realm_;
  std::string target_ = "imap@localhost";
  std::string keytab_;
  std::optional<gss::MemoryKeytab> copy_;
  gss::Credential credential_;
  CallsCounted made_;  // by the last verification
};

Realm* PacCopyTest::realm_ = nullptr;

TEST_F(PacCopyTest, WhatIsKnownIsNotAskedAgain) {
  SPEC("P9");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, false);
  EXPECT_EQ(why_unreadable(), "");
  EXPECT_EQ(made_, (CallsCounted{.keytabs = 0, .readings = 1, .displays = 1, .services = 1}));
  EXPECT_EQ(why_unreadable(), "");
  EXPECT_EQ(made_, CallsCounted());
  EXPECT_EQ(why_unreadable(""), "");
  EXPECT_EQ(made_, (CallsCounted{.keytabs = 0, .readings = 0, .displays = 1, .services = 0}));
}

// Without memory for the keys a PAC is unknown; the next login reads them again.
TEST_F(PacCopyTest, KeysThatCouldNotBeReadAreReadAgain) {
  SPEC("P7");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, false);
  const auto context = accept_login(target_, {credential_.get(), std::nullopt, keytab_});
  ASSERT_TRUE(context);
  fail_next_reading();
  const auto attribute = context->attributes("alice@EXAMPLE.TEST", &*copy_).get(kLogonInfo);
  ASSERT_FALSE(attribute);
  EXPECT_NE(attribute.error().text().find(" cannot be read: "), std::string::npos)
      << attribute.error().text();
  EXPECT_EQ(why_unreadable(), "");
}

TEST_F(PacCopyTest, ACopyInUseMakesNoDifference) {
  SPEC("P7");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, false);
  keytab_ = "FILE:" + realm_->path("no.keytab");
  for (int i = 0; i < 2; ++i) {
    const auto lease = copy_->lease();
    ASSERT_TRUE(lease);
    EXPECT_FALSE(copy_->lease());
    EXPECT_EQ(why_unreadable(), "");
    EXPECT_EQ(made_.keytabs, 1U);
  }
  EXPECT_EQ(why_unreadable(), "");
  EXPECT_EQ(made_.keytabs, 0U);
}

TEST_F(PacCopyTest, TheNameThatIsKnownIsThePacsClient) {
  SPEC("P6");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, true);
  EXPECT_EQ(why_unreadable("alice@EXAMPLE.TEST"), "");
  EXPECT_NE(why_unreadable("bob@EXAMPLE.TEST").find("another client"), std::string::npos);
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .pac_variation = {.client = {"bob"}}},
        true);
  EXPECT_NE(why_unreadable().find("another client"), std::string::npos);
}

// The keytab has a key of another service, and the service of the last ticket is known.
TEST_F(PacCopyTest, AnotherServicesKeyVerifiesNothing) {
  SPEC("P6 P7");
  const ForgedTicket right{.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"};
  ForgedTicket of_smtp = right, wrong = right;
  of_smtp.service = "smtp/localhost";
  wrong.pac = Signature::kBad;
  const std::string signed_by_smtp =
      forge_ticket(*realm_, of_smtp, "FILE:" + realm_->path("smtp.ccache")).at(0);
  for (int i = 0; i < 3; ++i) {
    forge(right, false);
    present_pac(signed_by_smtp);
    EXPECT_NE(why_unreadable().find("no key of imap/localhost@EXAMPLE"), std::string::npos) << i;
    forge(wrong, true);
    EXPECT_NE(why_unreadable().find("no key of imap/localhost@EXAMPLE"), std::string::npos) << i;
    forge(right, true);
    EXPECT_EQ(why_unreadable(), "") << i;
  }
}

// A credential of all keys: the tickets are of one service after the other.
TEST_F(PacCopyTest, TheServiceMayChangeFromTicketToTicket) {
  SPEC("P7");
  auto credential = gss::acquire_acceptor(GSS_C_NO_NAME, gss::Oid::krb5(), copy_->name());
  ASSERT_TRUE(credential);
  credential_ = *std::move(credential);
  for (int i = 0; i < 2; ++i) {
    for (const char* service : {"imap", "smtp"}) {
      target_ = std::string(service) + "@localhost";
      const ForgedTicket ticket{.client = {{"alice"}},
                                .service = std::string(service) + "/localhost",
                                .pac = Signature::kGood,
                                .logon_info = "x"};
      forge(ticket, true);
      EXPECT_EQ(why_unreadable(), "") << service;
      EXPECT_EQ(made_.services, 1U) << service;
      EXPECT_EQ(why_unreadable(), "") << service;
      EXPECT_EQ(made_.services, 0U) << service;
    }
  }
}

// The changed file does not count: the credential has the keys that decrypted the ticket.
TEST_F(PacCopyTest, TheFileMayChangeBeforeTheVerification) {
  SPEC("P7");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, false);
  keytab_ = "FILE:" + realm_->path("no.keytab");
  EXPECT_EQ(why_unreadable(), "");
}

// Each copy is new: the threads begin at the same time to read its keys, and to remember the
// service.
TEST_F(PacCopyTest, ThreadsVerifyWithOneCopy) {
  SPEC("P7");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, false);
  constexpr int kNumThreads = 4, kNumCopies = 50;
  std::vector<std::optional<gss::MemoryKeytab>> copies;
  for (int i = 0; i < kNumCopies; ++i) copies.push_back(gss::MemoryKeytab::copy_of(keytab_));
  std::atomic<int> num_verified = 0;
  std::barrier start(kNumThreads);
  std::vector<std::thread> threads;
  std::vector<std::optional<loop::EstablishedContext>> contexts(kNumThreads);
  for (auto& context : contexts) {
    context = accept_login(target_, {credential_.get(), std::nullopt, keytab_});
    ASSERT_TRUE(context);
  }
  for (const auto& context : contexts) {
    threads.emplace_back([&] {
      for (const auto& copy : copies) {
        start.arrive_and_wait();
        if (context->attributes("alice@EXAMPLE.TEST", &*copy).get(kLogonInfo)) ++num_verified;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_verified, kNumThreads * kNumCopies);
}

}  // namespace
}  // namespace gssloop::testing
