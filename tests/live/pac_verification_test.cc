// SPDX-License-Identifier: BSD-2-Clause

// A PAC counts only if this library verified it, whatever the Kerberos library says of it.

#include "gssloop/gss/pac_verification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gssloop/gss/credentials.h"
#include "tests/kdc/forge.h"
#include "tests/kdc/realm.h"
#include "tests/live/pac_calls.h"
#include "tests/live/pac_login.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

constexpr char kTarget[] = "imap@localhost";
constexpr char kLogonInfo[] = "urn:mspac:logon-info";
constexpr char kClientInfo[] = "urn:mspac:client-info";

// What an acceptor says of an attribute.
struct Answer {
  enum class Kind { kAbsent, kUnreadable, kAsserted, kAuthenticated };
  Kind kind = Kind::kAbsent;
  std::string text;  // the value, or the reason
};
using Kind = Answer::Kind;

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  return out << static_cast<int>(answer.kind) << ": " << printable(as_bytes(answer.text));
}

Answer answer_about(const Attributes& attributes, const std::string& name) {
  for (const UnreadableAttribute& it : attributes.unreadable) {
    if (it.name == name) return {Kind::kUnreadable, it.reason};
  }
  const Attribute* found = attributes.find(name);
  if (found == nullptr) return {};
  if (found->authenticated() == nullptr) return {Kind::kAsserted, {}};
  return {Kind::kAuthenticated, std::string(found->authenticated()->front().text())};
}

class PacVerificationTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RealmOptions options;
    options.services = {"imap/localhost", "smtp/localhost"};
    options.libdefaults = {"default_keytab_name = FILE:/nowhere"};
    realm_ = new Realm(options);
    realm_->add_user("alice", "password");
    realm_->write_keytab(realm_->path("smtp.keytab"), {"smtp/localhost"});
  }
  static void TearDownTestSuite() { delete realm_; }

  void SetUp() override {
    realm_->apply_to_this_process();
    setenv("KRB5RCACHENAME", "none:", 1);
  }
  void TearDown() override { present_pac({}); }

  // Forges a ticket for the next login. If `is_believed`, the Kerberos library of that login says
  // that the PAC is authenticated.
  static void forge(const ForgedTicket& ticket, bool is_believed) {
    const auto pacs = forge_ticket(*realm_, ticket, realm_->default_ccache());
    present_pac(is_believed ? pacs.at(0) : std::string());
  }

  static Answer answer(const std::string& name = kLogonInfo, gss::AcceptorInput accepted = {}) {
    const auto context = accept_login(kTarget, std::move(accepted));
    const auto attributes = context ? context->source_attributes() : gss::Status();
    EXPECT_TRUE(attributes);
    if (!attributes) return {};
    const auto alone = context->source_attribute(name);
    const Answer found = answer_about(*attributes, name);
    EXPECT_EQ(static_cast<bool>(alone), found.kind == Kind::kAuthenticated);
    return found;
  }

  static Realm* realm_;
};

Realm* PacVerificationTest::realm_ = nullptr;

TEST_F(PacVerificationTest, OnlyARightPacIsAuthenticated) {
  SPEC("P6 N2");
  const std::chrono::seconds kHour{3600};
  const struct {
    const char* what;
    Signature signature;
    PacVariation variation;
    bool is_right;
    const char* reason;
  } rows[] = {
      {"a right PAC", Signature::kGood, {}, true, ""},
      {"another key's signature", Signature::kBad, {}, false, "no key of imap/localhost@EXAMPLE"},
      {"another client's", Signature::kGood, {.client = {"bob"}}, false, "another client"},
      {"a longer name's", Signature::kGood, {.client = {"alice", "x"}}, false, "another client"},
      {"an older ticket's",
       Signature::kGood,
       {.authtime_offset = -kHour},
       false,
       "another authentication time"},
      {"a younger ticket's",
       Signature::kGood,
       {.authtime_offset = std::chrono::seconds(1)},
       false,
       "another authentication time"},
      {"a read-only KDC's", Signature::kGood, {.rodc_identifier = "\x12\x34"}, true, ""},
      {"the same, with another key",
       Signature::kBad,
       {.rodc_identifier = "\x12\x34"},
       false,
       "no key of imap/localhost@EXAMPLE"},
  };
  for (const auto& row : rows) {
    for (const bool is_believed : {false, true}) {
      forge({.client = {{"alice"}},
             .pac = row.signature,
             .logon_info = "Domain Admins",
             .pac_variation = row.variation},
            is_believed);
      const Answer seen = answer();
      ASSERT_EQ(seen.kind, row.is_right ? Kind::kAuthenticated : Kind::kUnreadable)
          << row.what << is_believed << seen;
      if (row.is_right) {
        EXPECT_EQ(seen.text, "Domain Admins") << row.what;
      } else {
        EXPECT_EQ(seen.text.find("Domain Admins"), std::string::npos) << row.what;
        // Without it, the reason may be the Kerberos library's.
        if (is_believed) {
          EXPECT_NE(seen.text.find(row.reason), std::string::npos) << row.what << seen;
        }
      }
    }
  }
}

// Octets that are no PAC, and a PAC without a server signature.
TEST_F(PacVerificationTest, WhatIsNotSignedIsUnreadable) {
  SPEC("P6");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, true);
  const std::string header("\x01\0\0\0\0\0\0\0\x01\0\0\0\x08\0\0\0\x18\0\0\0\0\0\0\0", 24);
  for (const std::string& octets :
       {std::string("x"), std::string(8, '\0'), header + "12345678", header.substr(0, 20)}) {
    present_pac(octets);
    EXPECT_EQ(answer().kind, Kind::kUnreadable) << printable(as_bytes(octets));
  }
}

// The service has no key that could verify the KDC's signature: each forged ticket has a wrong one.
TEST_F(PacVerificationTest, TheKdcsSignatureIsNotTheServicesToVerify) {
  SPEC("P6");
  for (const bool is_believed : {false, true}) {
    forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, is_believed);
    EXPECT_EQ(answer().kind, Kind::kAuthenticated);
  }
}

// The values come from the verified PAC, not from another answer of the Kerberos library.
TEST_F(PacVerificationTest, ValuesAreThoseOfTheVerifiedPac) {
  SPEC("P8");
  const Signature kGood = Signature::kGood, kBad = Signature::kBad;
  const struct {
    Signature first, second;
  } rows[] = {{kGood, kBad}, {kBad, kGood}, {kBad, kBad}, {kGood, kGood}};
  for (const auto& row : rows) {
    const ForgedTicket ticket{.client = {{"alice"}},
                              .pac = row.first,
                              .logon_info = "first",
                              .further_pacs = {{row.second, "second"}}};
    const auto pacs = forge_ticket(*realm_, ticket, realm_->default_ccache());
    ASSERT_EQ(pacs.size(), 2U);
    const struct {
      std::string presented;
      bool is_first_right, is_second_right;
    } libraries[] = {{{}, row.first == kGood, row.second == kGood},
                     {pacs[0], row.first == kGood, false},
                     {pacs[1], false, row.second == kGood}};
    for (const auto& library : libraries) {
      present_pac(library.presented);
      const Answer seen = answer();
      EXPECT_NE(seen.kind, Kind::kAsserted);
      if (!library.presented.empty()) {
        EXPECT_EQ(seen.kind == Kind::kAuthenticated,
                  library.is_first_right || library.is_second_right);
      }
      if (seen.kind != Kind::kAuthenticated) continue;
      EXPECT_TRUE((library.is_first_right && seen.text == "first") ||
                  (library.is_second_right && seen.text == "second"))
          << seen;
    }
  }
}

TEST_F(PacVerificationTest, ContainersAroundAPacMakeNoDifference) {
  SPEC("P8");
  for (const int num_containers : {1, 2, 3}) {
    for (const Signature signature : {Signature::kGood, Signature::kBad}) {
      forge({.client = {{"alice"}},
             .pac = signature,
             .logon_info = "nested",
             .pac_variation = {.num_containers = num_containers}},
            false);
      const Answer seen = answer();
      // The Kerberos library may not look that deep.
      if (num_containers > 1 && seen.kind == Kind::kAbsent) continue;
      EXPECT_EQ(seen.kind, signature == Signature::kGood ? Kind::kAuthenticated : Kind::kUnreadable)
          << num_containers << seen;
    }
  }
}

TEST_F(PacVerificationTest, ATicketWithoutAPacHasNoBuffer) {
  SPEC("P6");
  forge_ticket(*realm_, {.client = {{"alice"}}}, realm_->default_ccache());
  const unsigned before = num_pac_verifications();
  EXPECT_EQ(answer().kind, Kind::kAbsent);
  EXPECT_EQ(num_pac_verifications(), before);
}

TEST_F(PacVerificationTest, BuffersHaveOneNameEach) {
  SPEC("P8");
  forge({.client = {{"alice"}},
         .pac = Signature::kGood,
         .logon_info = "info",
         .pac_buffers = {{18, "eighteen"}, {4000000000, "many"}}},
        false);
  const auto context = accept_login(kTarget);
  ASSERT_TRUE(context);
  auto attributes = context->attributes();
  const auto text = [&](const char* name) {
    const auto attribute = attributes.get(name);
    return attribute ? std::string(attribute->authenticated()->front().text()) : "";
  };
  EXPECT_EQ(text("urn:mspac:logon-info"), "info");
  EXPECT_EQ(text("urn:mspac:1"), "info");
  EXPECT_EQ(text("urn:mspac:18"), "eighteen");
  EXPECT_EQ(text("urn:mspac:4000000000"), "many");
  for (const char* name : {"urn:mspac:01", "urn:mspac:+1", "urn:mspac: 1", "urn:mspac:1 ",
                           "urn:mspac:19", "urn:mspac:logon-info ", "urn:mspac:4294967297",
                           "URN:MSPAC:logon-info", "urn:Mspac:1", "urn:mspac:LOGON-INFO"}) {
    EXPECT_EQ(text(name), "") << name;
  }
}

// Absent is only what the verified PAC, or a ticket without a PAC, does not have. A PAC that is not
// verified may lack a buffer because an attacker removed it.
TEST_F(PacVerificationTest, OnlyAVerifiedPacSaysThatABufferIsAbsent) {
  SPEC("P6");
  const auto credential =
      gss::acquire_acceptor(GSS_C_NO_NAME, gss::Oid::krb5(), realm_->default_keytab());
  ASSERT_TRUE(credential);
  const std::string keytab = realm_->default_keytab();
  const struct {
    const char* what;
    std::optional<Signature> signature;
    const char* logon_info;
    PacVariation variation;
    std::optional<std::string> keytab;
    Kind kind;
  } rows[] = {
      {"a right PAC", Signature::kGood, "info", {}, keytab, Kind::kAuthenticated},
      {"a right PAC without it", Signature::kGood, "", {}, keytab, Kind::kAbsent},
      {"a right PAC with two",
       Signature::kGood,
       "info",
       {.second_logon_info = "more"},
       keytab,
       Kind::kUnreadable},
      {"a wrong PAC without it", Signature::kBad, "", {}, keytab, Kind::kUnreadable},
      {"no keytab", Signature::kGood, "", {}, std::nullopt, Kind::kUnreadable},
      {"another keytab", Signature::kGood, "", {}, "FILE:/nowhere", Kind::kUnreadable},
      {"no PAC", std::nullopt, "", {}, keytab, Kind::kAbsent},
      {"no PAC and no keytab", std::nullopt, "", {}, std::nullopt, Kind::kAbsent},
  };
  for (const auto& row : rows) {
    for (const bool is_believed : {false, true}) {
      if (is_believed && !row.signature) continue;
      forge({.client = {{"alice"}},
             .pac = row.signature,
             .logon_info = row.logon_info,
             .pac_variation = row.variation},
            is_believed);
      const auto context = accept_login(kTarget, {credential->get(), std::nullopt, row.keytab});
      ASSERT_TRUE(context);
      const auto found = context->find_source_attribute(kLogonInfo);
      const Kind kind = !found ? Kind::kUnreadable : *found ? Kind::kAuthenticated : Kind::kAbsent;
      EXPECT_EQ(kind, row.kind) << row.what << is_believed
                                << (found ? std::string() : found.error().text());
    }
  }
}

TEST_F(PacVerificationTest, APacIsVerifiedOnceAndOnlyIfABufferIsRead) {
  SPEC("P9");
  forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "info"}, false);
  const auto context = accept_login(kTarget);
  ASSERT_TRUE(context);
  auto attributes = context->attributes();
  const unsigned before = num_pac_verifications();
  EXPECT_TRUE(attributes.inquire());
  EXPECT_FALSE(attributes.get("auth-indicators"));
  EXPECT_EQ(num_pac_verifications(), before);
  EXPECT_TRUE(attributes.get(kLogonInfo));
  EXPECT_TRUE(attributes.get(kClientInfo));
  EXPECT_TRUE(attributes.get_all());
  EXPECT_EQ(num_pac_verifications(), before + 1);
}

TEST_F(PacVerificationTest, ANameAloneVerifiesNothing) {
  SPEC("P6");
  for (const bool is_believed : {false, true}) {
    forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, is_believed);
    const auto context = accept_login(kTarget);
    ASSERT_TRUE(context);
    for (const char* name : {kLogonInfo, "URN:MSPAC:logon-info", "urn:Mspac:1"}) {
      EXPECT_FALSE(gss::get(context->source(), name)) << name;
    }
    const auto all = gss::get_all(context->source());
    ASSERT_TRUE(all);
    EXPECT_EQ(answer_about(*all, kLogonInfo).kind, Kind::kUnreadable);
  }
}

// Without the keytab of the credential, and with one that has no key of the ticket's service.
TEST_F(PacVerificationTest, WithoutAKeyAPacIsUnreadable) {
  SPEC("P7");
  const auto credential =
      gss::acquire_acceptor(GSS_C_NO_NAME, gss::Oid::krb5(), realm_->default_keytab());
  ASSERT_TRUE(credential);
  const std::string smtp = "FILE:" + realm_->path("smtp.keytab");
  const struct {
    std::optional<std::string> keytab;
    const char* reason;
  } rows[] = {
      {std::nullopt, "the keytab of the acceptor's credential is not known"},
      {smtp, "smtp.keytab has no key of imap/localhost@EXAMPLE.TEST"},
      {"FILE:" + realm_->path("no.keytab"), "no.keytab cannot be read: "},
      {"NONSENSE:x", "NONSENSE:x cannot be read: "},
      {realm_->default_keytab(), ""},
  };
  for (const auto& row : rows) {
    for (const bool is_believed : {false, true}) {
      forge({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "x"}, is_believed);
      const Answer seen = answer(kLogonInfo, {credential->get(), std::nullopt, row.keytab});
      const bool is_verified = *row.reason == '\0';
      EXPECT_EQ(seen.kind, is_verified ? Kind::kAuthenticated : Kind::kUnreadable) << seen;
      if (is_verified) continue;
      EXPECT_NE(seen.text.find(row.reason), std::string::npos) << seen;
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
