// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>
#include <krb5.h>

#include <cerrno>
#include <string>

#include "gssloop/gss/failure_cause.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/kerberos.h"
#include "gssloop/gss/mechanisms.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"
#include "tests/support/spec.h"

namespace gssloop::gss {
namespace {

using namespace std::string_literals;

TEST(Oid, DottedAndOctetsAreTheSameThing) {
  const struct {
    std::string dotted, octets;
  } rows[] = {
      {"1.2.840.113554.1.2.2", "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"},
      {"1.3.6.1.5.5.2", "\x2b\x06\x01\x05\x05\x02"},
      {"1.3.6.1.5.2.5", "\x2b\x06\x01\x05\x02\x05"},
      {"1.3.6.1.4.1.32473.1.1", "\x2b\x06\x01\x04\x01\x81\xfd\x59\x01\x01"},
      {"0.0", "\0"s},
      {"0.39", "\x27"},
      {"1.0", "\x28"},
      {"1.39", "\x4f"},
      {"2.0", "\x50"},
      {"2.47", "\x7f"},
      {"2.48", "\x81\0"s},
      {"2.999.3", "\x88\x37\x03"},
      {"1.2.127", "\x2a\x7f"},
      {"1.2.128", "\x2a\x81\0"s},
      {"1.2.0.0", "\x2a\0\0"s},
      {"1.2.4294967295", "\x2a\x8f\xff\xff\xff\x7f"},
      {"2.4294967295", "\x90\x80\x80\x80\x4f"},
  };
  for (const auto& row : rows) {
    const auto oid = Oid::from_dotted(row.dotted);
    ASSERT_TRUE(oid) << row.dotted;
    EXPECT_EQ(to_string(oid->octets()), row.octets) << row.dotted;
    EXPECT_EQ(oid->dotted(), row.dotted);
    const gss_OID_desc desc = oid->desc();
    EXPECT_EQ(Oid(&desc), *oid);
  }
}

TEST(Oid, RefusesWhatIsNone) {
  for (const char* dotted :
       {"",      ".",     "1",    "1.",   ".1",  "1..2", "1.2.", "1.2.x",          "1.2 ",
        " 1.2",  "+1.2",  "-1.2", "1.-2", "3.1", "0.40", "1.40", "1.2.4294967296", "4294967298.1",
        "1.2,3", "0x1.2", "1.2\n"}) {
    EXPECT_FALSE(Oid::from_dotted(dotted)) << '"' << dotted << '"';
  }
  EXPECT_FALSE(Oid::from_dotted("1.2\0.3"s));
}

TEST(Oid, EmptyIsNoOid) {
  const Oid none(GSS_C_NO_OID);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.dotted(), "");
  EXPECT_EQ(OidArgument(none).get(), GSS_C_NO_OID);
  const Oid krb5 = Oid::krb5();
  OidArgument argument(krb5);
  ASSERT_NE(argument.get(), GSS_C_NO_OID);
  EXPECT_NE(gss_oid_equal(argument.get(), gss_mech_krb5), 0);
  EXPECT_EQ(krb5.dotted(), "1.2.840.113554.1.2.2");
  EXPECT_EQ(Oid::iakerb().dotted(), "1.3.6.1.5.2.5");
}

TEST(Oid, EapIsOfAnyEncryptionType) {
  for (const char* eap :
       {"1.3.6.1.5.5.15.1.1.17", "1.3.6.1.5.5.15.1.1.18", "1.3.6.1.5.5.15.1.1.200"}) {
    EXPECT_TRUE(Oid::from_dotted(eap)->is_eap()) << eap;
  }
  for (const char* other : {"1.3.6.1.5.5.15.1.1", "1.3.6.1.5.5.15.1.10", "1.3.6.1.5.5.15.1",
                            "1.2.840.113554.1.2.2", "2.3.6.1.5.5.15.1.1.17"}) {
    EXPECT_FALSE(Oid::from_dotted(other)->is_eap()) << other;
  }
  EXPECT_FALSE(Oid().is_eap());
}

TEST(KeytabPath, Table) {
  const struct {
    std::string name, path;
  } rows[] = {
      {"FILE:/etc/krb5.keytab", "/etc/krb5.keytab"},
      {"WRFILE:/etc/krb5.keytab", "/etc/krb5.keytab"},
      {"FILE:relative", "relative"},
      {"FILE:", ""},
      {"/etc/krb5.keytab", "/etc/krb5.keytab"},
      {"/srv/a:b/keytab", "/srv/a:b/keytab"},
      {"dir/a:b", "dir/a:b"},
      {"relative", "relative"},
      {"MEMORY:name", ""},
      {"MEMORY:/looks/like/a/path", ""},
      {"KEYRING:x", ""},
      {"SRVTAB:/etc/srvtab", ""},
      {"file:/etc/krb5.keytab", ""},  // types are case-sensitive
      {"", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(keytab_path(row.name), row.path) << row.name;
}

TEST(Status, SplitsTheMajorAndIsCompleteByEqualityAlone) {
  SPEC("L10 L24 L40");
  const struct {
    OM_uint32 major, calling, routine, supplementary;
    bool is_complete;
  } rows[] = {
      {0, 0, 0, 0, true},
      {GSS_S_CONTINUE_NEEDED, 0, 0, 1, false},
      {GSS_S_DUPLICATE_TOKEN, 0, 0, 2, false},
      {GSS_S_GAP_TOKEN, 0, 0, 16, false},
      {GSS_S_FAILURE, 0, GSS_S_FAILURE, 0, false},
      {0xd0001, 0, GSS_S_FAILURE, 1, false},
      {GSS_S_CALL_BAD_STRUCTURE | GSS_S_NO_CRED | 2, GSS_S_CALL_BAD_STRUCTURE, GSS_S_NO_CRED, 2,
       false},
  };
  for (const auto& row : rows) {
    const Status status("gss_call", row.major, 0);
    EXPECT_EQ(status.calling_error(), row.calling) << row.major;
    EXPECT_EQ(status.routine_error(), row.routine) << row.major;
    EXPECT_EQ(status.supplementary(), row.supplementary) << row.major;
    EXPECT_EQ(status.is_complete(), row.is_complete) << row.major;
    EXPECT_EQ(status.major_text().empty(), row.is_complete) << row.major;
    EXPECT_EQ(status.text().rfind("gss_call: ", 0), 0U) << status.text();
  }
}

OM_uint32 minor_of(long code) { return static_cast<OM_uint32>(code); }

TEST(FailureCause, ByMinorThenByMajor) {
  // If gss_display_status is the first call of a process, MIT krb5 1.20.1 loses 32 octets.
  ASSERT_TRUE(MechanismRegistry::indicate());
  const struct {
    OM_uint32 major, minor;
    FailureCause cause;
  } rows[] = {
      {GSS_S_FAILURE, minor_of(KRB5_FCC_NOFILE), FailureCause::kNoTicket},
      {GSS_S_FAILURE, minor_of(KRB5KRB_AP_ERR_TKT_EXPIRED), FailureCause::kTicketExpired},
      {GSS_S_FAILURE, minor_of(KRB5KRB_AP_ERR_SKEW), FailureCause::kClockSkew},
      {GSS_S_FAILURE, minor_of(KRB5KRB_AP_ERR_BADKEYVER), FailureCause::kWrongKeyVersion},
      {GSS_S_FAILURE, minor_of(KRB5KRB_AP_ERR_BAD_INTEGRITY), FailureCause::kWrongKey},
      {GSS_S_FAILURE, minor_of(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN), FailureCause::kNoSuchService},
      {GSS_S_FAILURE, minor_of(KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN), FailureCause::kNoSuchClient},
      {GSS_S_FAILURE, minor_of(KRB5KDC_ERR_PREAUTH_FAILED), FailureCause::kWrongPassword},
      {GSS_S_FAILURE, minor_of(KRB5_KT_NOTFOUND), FailureCause::kNoKeytab},
      {GSS_S_NO_CRED, 39756033, FailureCause::kNoKeytab},  // MIT's KG_KEYTAB_NOMATCH
      {GSS_S_NO_CRED, ENOENT, FailureCause::kNoKeytab},
      {GSS_S_NO_CRED, EACCES, FailureCause::kNoKeytab},
      {GSS_S_NO_CRED, EISDIR, FailureCause::kNoKeytab},
      {GSS_S_NO_CRED, minor_of(KRB5_KEYTAB_BADVNO), FailureCause::kDamagedKeytab},
      {GSS_S_FAILURE, ENOENT, FailureCause::kUnknown},
      {GSS_S_FAILURE, minor_of(KRB5KRB_AP_ERR_REPEAT), FailureCause::kReplay},
      {GSS_S_FAILURE, minor_of(KRB5_KDC_UNREACH), FailureCause::kNoKdc},
      {GSS_S_FAILURE, minor_of(KRB5KRB_ERR_GENERIC), FailureCause::kRefusedUnsaid},
      {GSS_S_DUPLICATE_TOKEN, minor_of(KRB5KRB_AP_ERR_SKEW), FailureCause::kClockSkew},
      {GSS_S_BAD_BINDINGS, 0, FailureCause::kBadBindings},
      {GSS_S_NO_CRED, 0, FailureCause::kNoCredential},
      {GSS_S_DEFECTIVE_TOKEN, 0, FailureCause::kDefectiveToken},
      {GSS_S_CREDENTIALS_EXPIRED, 0, FailureCause::kTicketExpired},
      {GSS_S_DUPLICATE_TOKEN, 0, FailureCause::kReplay},
      {GSS_S_FAILURE, 12345, FailureCause::kUnknown},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(cause_of(Status("call", row.major, row.minor)), row.cause)
        << row.major << ' ' << row.minor;
  }
}

// An initiator opens no connection but that to the daemon that keeps its tickets.
TEST(FailureCause, ADaemonThatKeepsTicketsDoesNotAnswer) {
  for (const long code : {KRB5_KCM_NO_SERVER, KRB5_KCM_RPC_ERROR, long{ECONNREFUSED}}) {
    EXPECT_EQ(cause_of(Status("gss_acquire_cred", GSS_S_NO_CRED, minor_of(code), Oid::krb5())),
              FailureCause::kSilentTicketDaemon)
        << code;
    EXPECT_EQ(cause_of(Status("gss_acquire_cred_from", GSS_S_NO_CRED, minor_of(code), Oid::krb5())),
              FailureCause::kNoCredential)
        << code;
  }
}

// Of an acceptor's call, the errors of files are those of its replay cache.
TEST(FailureCause, AnAcceptorsFileIsItsReplayCache) {
  for (const int error : {EACCES, EPERM, ENOENT, ENOTDIR, EROFS, ENOSPC, EDQUOT, EIO, ELOOP}) {
    const auto minor = static_cast<OM_uint32>(error);
    EXPECT_EQ(cause_of(Status("gss_accept_sec_context", GSS_S_FAILURE, minor)),
              FailureCause::kReplayCache)
        << error;
    EXPECT_EQ(cause_of(Status("gss_init_sec_context", GSS_S_FAILURE, minor)),
              FailureCause::kUnknown)
        << error;
  }
  for (const int error : {0, ENOMEM, EINVAL}) {
    const auto minor = static_cast<OM_uint32>(error);
    EXPECT_EQ(cause_of(Status("gss_accept_sec_context", GSS_S_FAILURE, minor)),
              FailureCause::kUnknown)
        << error;
  }
}

TEST(Buffer, MovesAndReleasesOnce) {
  SPEC("L41 N14");
  Buffer first;
  OM_uint32 minor = 0;
  OM_uint32 message_context = 0;
  ASSERT_EQ(gss_display_status(&minor, GSS_S_FAILURE, GSS_C_GSS_CODE, GSS_C_NO_OID,
                               &message_context, first.out()),
            GSS_S_COMPLETE);
  const std::string shown = to_string(first.view());
  EXPECT_FALSE(shown.empty());
  Buffer second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(to_string(second.view()), shown);
  first = std::move(second);
  EXPECT_EQ(to_string(first.view()), shown);
  EXPECT_EQ(first.out()->length, 0U);  // what was held is released before it is filled again
}

}  // namespace
}  // namespace gssloop::gss
