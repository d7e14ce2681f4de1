// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/identity.h"

#include <gtest/gtest.h>

#include "gssloop/base/bytes.h"
#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

using namespace std::string_literals;

TEST(Identity, AuthidOfDisplayedNames) {
  SPEC("L45");
  const struct {
    std::string displayed;
    bool is_kerberos;
    const char* authid;  // null: refused
  } rows[] = {
      {"alice@EXAMPLE.TEST", true, "alice"},
      {"host/www@EXAMPLE.TEST", true, "host/www"},
      {"alice", true, "alice"},
      {"a b@EXAMPLE.TEST", true, "a b"},
      {"\xc3\xa4@EXAMPLE.TEST", true, "\xc3\xa4"},
      // Another realm stays: exact, case and all.
      {"alice@OTHER.TEST", true, "alice@OTHER.TEST"},
      {"alice@example.test", true, "alice@example.test"},
      {"alice@SUB.EXAMPLE.TEST", true, "alice@SUB.EXAMPLE.TEST"},
      {"alice@EXAMPLE.TES", true, "alice@EXAMPLE.TES"},
      {"alice@EXAMPLE.TESTX", true, "alice@EXAMPLE.TESTX"},
      {"alice@", true, "alice@"},
      // Of another mechanism nothing is known about realms.
      {"alice@EXAMPLE.TEST", false, "alice@EXAMPLE.TEST"},
      // Names that could be taken for another one.
      {"", true, nullptr},
      {"@EXAMPLE.TEST", true, nullptr},
      {" admin@EXAMPLE.TEST", true, nullptr},
      {"admin @EXAMPLE.TEST", true, nullptr},
      {"\tadmin@EXAMPLE.TEST", true, nullptr},
      {"admin@EXAMPLE.TEST ", true, nullptr},
      {" ", false, nullptr},
      {"a\\@b@EXAMPLE.TEST", true, nullptr},
      {"admin\\@EXAMPLE.TEST@EXAMPLE.TEST", true, nullptr},
      {"x\\\\y@EXAMPLE.TEST", true, nullptr},
      {"a\\/b@EXAMPLE.TEST", true, nullptr},
      {"alice@O\\@T", true, nullptr},
      {"admin@EXAMPLE.TEST@EXAMPLE.TEST", true, nullptr},
      {"admin@EXAMPLE.TEST@OTHER.TEST", true, nullptr},
      {"a\nb@EXAMPLE.TEST", true, nullptr},
      {"a\x7f@EXAMPLE.TEST", true, nullptr},
      {"a\x1b[2J@EXAMPLE.TEST", true, nullptr},
      {"root\0x@EXAMPLE.TEST"s, true, nullptr},
      {"\xff\xfe@EXAMPLE.TEST", true, nullptr},
      {"\xc0\xaf@EXAMPLE.TEST", true, nullptr},
      // Control characters from U+0080 on, but nothing after them.
      {"a\xc2\x80", true, nullptr},
      {"a\xc2\x85"
       "b@EXAMPLE.TEST",
       true, nullptr},
      {"a\xc2\x9f", false, nullptr},
      {"a\xc2\xa0"
       "b@EXAMPLE.TEST",
       true,
       "a\xc2\xa0"
       "b"},
      // Kerberos' well-known principals are no users.
      {"WELLKNOWN/ANONYMOUS", true, nullptr},
      {"WELLKNOWN/ANONYMOUS@EXAMPLE.TEST", true, nullptr},
      {"WELLKNOWN/ANONYMOUS@OTHER.TEST", true, nullptr},
      {"WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", true, nullptr},
      {"WELLKNOWN/ANONYMOUS@OTHER.TEST", false, "WELLKNOWN/ANONYMOUS@OTHER.TEST"},
      {"WELLKNOWNX@EXAMPLE.TEST", true, "WELLKNOWNX"},
      // All users of a realm may have this name.
      {"@OTHER.TEST", false, nullptr},
      {"@other.test", true, nullptr},
      {"@", false, nullptr},
  };
  for (const auto& row : rows) {
    const auto authid = authid_of(row.displayed, row.is_kerberos, "EXAMPLE.TEST");
    const std::string shown = printable(as_bytes(row.displayed));
    ASSERT_EQ(static_cast<bool>(authid), row.authid != nullptr) << shown;
    if (authid) {
      EXPECT_EQ(*authid, row.authid);
    } else {
      EXPECT_FALSE(authid.error().message.empty()) << shown;
    }
  }
}

TEST(Identity, WithoutADefaultRealmNothingIsStripped) {
  SPEC("L45");
  EXPECT_EQ(*authid_of("alice@EXAMPLE.TEST", true, ""), "alice@EXAMPLE.TEST");
  EXPECT_EQ(*authid_of("alice", true, ""), "alice");
  // The empty realm is not the default one that is not there.
  const auto authid = authid_of("admin@", true, "");
  EXPECT_EQ(authid ? *authid : "admin@", "admin@");
}

// The name type is a hint (RFC 4120 section 6.2): the name says it as well.
TEST(Identity, AnonymousNamesAreNobody) {
  SPEC("L45");
  for (const char* name : {"WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", "WELLKNOWN/ANONYMOUS@OTHER",
                           "WELLKNOWN/ANONYMOUS"}) {
    EXPECT_FALSE(authid_of(name, true, "EXAMPLE.TEST")) << name;
    EXPECT_TRUE(is_anonymous_principal(name)) << name;
  }
  for (const char* name : {"alice@OTHER", "WELLKNOWN/ANONYMOUSX@OTHER", "WELLKNOWN@ANONYMOUS"}) {
    EXPECT_FALSE(is_anonymous_principal(name)) << name;
  }
}

TEST(Identity, RealmOfPrincipals) {
  SPEC("L45");
  const struct {
    const char* principal;
    const char* realm;
  } rows[] = {
      {"alice@EXAMPLE.TEST", "EXAMPLE.TEST"},
      {"alice", ""},
      {"", ""},
      {"@R", "R"},
      {"a@b@R", "R"},
      {"a\\@b@R", "R"},
      {"alice\\@EXAMPLE.TEST", ""},  // one component
      {"alice@EVIL\\@EXAMPLE.TEST", "EVIL\\@EXAMPLE.TEST"},
      {"alice\\\\@EXAMPLE.TEST", "EXAMPLE.TEST"},  // an escaped backslash
  };
  for (const auto& row : rows) EXPECT_EQ(realm_of(row.principal), row.realm) << row.principal;
}

// libsasl's trimming changes no identity.
TEST(Identity, NamesThatLibsaslWouldTrimAreRefused) {
  SPEC("L45");
  for (const char space : {' ', '\t', '\n', '\v', '\f', '\r'}) {
    EXPECT_TRUE(check_login_name(std::string(1, space) + "admin"));
    EXPECT_TRUE(check_login_name("admin"s + space));
  }
  EXPECT_FALSE(check_login_name("ad min"));
  EXPECT_TRUE(check_login_name(""));
  EXPECT_TRUE(check_login_name("a\0b"s));
}

// What a message says of a bad name cannot forge a line of a log.
TEST(Identity, MessagesArePrintable) {
  const auto error = check_login_name("x\nserver: all is well");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message.find('\n'), std::string::npos);
}

TEST(Identity, ServiceOfAcceptorNames) {
  SPEC("R12");
  const struct {
    const char* acceptor;
    const char* service;
  } rows[] = {
      {"imap/localhost@EXAMPLE.TEST", "imap"},
      {"imap@localhost", "imap"},
      {"imap", "imap"},
      {"imaps/localhost@X", "imaps"},
      {"", ""},
      {"/x", ""},
      {"im\\/ap/x@Y", "im"},
  };
  for (const auto& row : rows) EXPECT_EQ(service_of(row.acceptor), row.service) << row.acceptor;
}

}  // namespace
}  // namespace gssloop::authz
