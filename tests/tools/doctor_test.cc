// SPDX-License-Identifier: BSD-2-Clause
// The findings of `gssloop doctor` if one thing is broken: Kerberos.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/kdc/forge.h"
#include "tests/support/spec.h"
#include "tests/tools/doctor_fixture.h"
#include "tests/tools/fake_kdc.h"
#include "tools/doctor/checks.h"

namespace gssloop::testing {
namespace {

using tools::examine;

TEST_F(DoctorTest, AHealthyMachineHasNoProblem) {
  const auto findings = examine(options());
  EXPECT_FALSE(tools::has_problem(findings));
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  // Every check has a good finding, except "user", which has only notes.
  const Names good = {"module", "mechanisms",   "application", "policy", "krb5.conf",
                      "host",   "kdc",          "clock",       "ticket", "keytab",
                      "key",    "replay-cache", "login"};
  EXPECT_EQ(checks(findings, Kind::kGood), good);
  EXPECT_TRUE(
      has(findings, Kind::kGood, "login",
          "succeeds (GSS-SPNEGO, GSSAPI, GS2-KRB5): the server admits alice@EXAMPLE.TEST as "
          "alice (there is no policy)"));
  EXPECT_TRUE(
      has(findings, Kind::kGood, "keytab", "imap/localhost@EXAMPLE.TEST: version 1 aes256"));
}

TEST_F(DoctorTest, DecidesTheTrialLoginByThePolicy) {
  DoctorOptions asked = options();
  asked.policy = realm().path("policy.toml");
  write_file(asked.policy, "[services.imap]\nrequire = ['peer.realm=EXAMPLE.TEST']\n");
  EXPECT_TRUE(has(examine(asked), Kind::kGood, "login",
                  "this policy (" + asked.policy + ") admits alice@EXAMPLE.TEST as alice"));
  const char* const rules[] = {"require = ['peer.realm=OTHER.TEST']",
                               "deny = ['peer.realm=EXAMPLE.TEST']"};
  for (const char* rule : rules) {
    write_file(asked.policy, "[services.imap]\n" + std::string(rule) + "\n");
    const auto findings = examine(asked);
    EXPECT_EQ(roots(findings), Roots{"login"}) << rule;
    EXPECT_TRUE(has(findings, Kind::kProblem, "login",
                    "the server refuses alice@EXAMPLE.TEST (GSS-SPNEGO, GSSAPI, GS2-KRB5): the "
                    "policy refuses \"alice\": " +
                        std::string(rule).substr(0, std::string(rule).find(' ')) + " at " +
                        asked.policy + ":2",
                    "gssloop policy explain --service imap --policy " + asked.policy));
  }
}

// Only the kind of login that the policy demands.
TEST_F(DoctorTest, SaysThatAPolicyAdmitsWithAChannelBindingOnly) {
  DoctorOptions asked = options();
  asked.policy = realm().path("policy.toml");
  write_file(asked.policy, "[services.imap]\nrequire = ['peer.channel-bound=yes']\n");
  const auto findings = examine(asked);
  EXPECT_EQ(roots(findings), Roots());
  EXPECT_TRUE(has(findings, Kind::kNote, "login",
                  "admits alice@EXAMPLE.TEST as alice, but only with a channel binding", "-PLUS"));
}

// The keys of the keytab decide about the PAC of the trial login as well.
TEST_F(DoctorTest, SaysThatAPacIsUnknown) {
  SPEC("P7");
  DoctorOptions asked = options();
  asked.policy = realm().path("policy.toml");
  write_file(asked.policy,
             "[attributes.client]\n"
             "from = [{ mechanism = 'krb5', name = 'urn:mspac:client-info', form = 'hex' }]\n"
             "[services.imap]\nrequire = ['exists client']\n");
  EXPECT_TRUE(has(examine(asked), Kind::kGood, "login", "admits alice@EXAMPLE.TEST as alice"));
  set("KRB5CCNAME", "FILE:" + realm().path("forged"));
  forge_ticket(realm(), {.client = {{"alice"}}, .pac = Signature::kBad},
               "FILE:" + realm().path("forged"));
  const auto findings = examine(asked);
  EXPECT_TRUE(has(findings, Kind::kNote, "login", "the PAC of that login is unknown to rules: "));
  EXPECT_EQ(roots(findings), Roots{"login"});
  EXPECT_TRUE(has(findings, Kind::kProblem, "login", "the policy refuses \"alice\": require at "));
}

// ---- Keytab

TEST_F(DoctorTest, NamesTheKeytabThatIsMissing) {
  set("KRB5_KTNAME", "FILE:" + realm().path("nothing"));
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"keytab", "mechanisms", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "keytab", realm().path("nothing") + " does not exist",
                  "ktadd -k " + realm().path("nothing") + " imap/localhost'"));
}

TEST_F(DoctorTest, TakesTheKeytabThatIsNamed) {
  DoctorOptions asked = options();
  asked.keytab = "FILE:" + realm().path("nothing");
  EXPECT_EQ(checks(examine(asked), Kind::kProblem), (Names{"keytab", "mechanisms", "login"}));
  set("KRB5_KTNAME", asked.keytab);
  asked.keytab = realm().default_keytab();
  EXPECT_EQ(checks(examine(asked), Kind::kProblem), Names());
}

TEST_F(DoctorTest, SaysWhoCannotReadTheKeytab) {
  if (geteuid() == 0) GTEST_SKIP() << "to root every file is readable";
  ASSERT_EQ(chmod(realm().path("keytab").c_str(), 0), 0);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"keytab", "mechanisms", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "keytab",
                  "cannot be read by user " + std::to_string(geteuid()), realm().path("keytab")));
}

TEST_F(DoctorTest, NotesAKeytabThatEverybodyMayRead) {
  ASSERT_EQ(chmod(realm().path("keytab").c_str(), 0644), 0);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kNote, "keytab", "every user of this machine can read",
                  "chmod o-rwx " + realm().path("keytab")));
}

TEST_F(DoctorTest, SaysWhatTheKeytabHasInstead) {
  realm().add_service("ldap/localhost");
  const std::string other = "FILE:" + realm().path("other");
  realm().write_keytab(other, {"ldap/localhost"});
  set("KRB5_KTNAME", other);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"keytab", "mechanisms", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "keytab",
                  "has no key for imap/localhost@EXAMPLE.TEST; it has ldap/localhost@EXAMPLE.TEST",
                  "ktadd -k " + realm().path("other") + " imap/localhost'"));
}

TEST_F(DoctorTest, TakesAnyKeyWhereTheConfigurationDoes) {
  realm().add_service("ldap/localhost");
  const std::string other = "FILE:" + realm().path("other");
  realm().write_keytab(other, {"ldap/localhost"});
  DoctorOptions asked = options();
  asked.app = app("mech_list: GSSAPI\nkeytab: " + other + "\nservice_principal: **\n");
  const auto findings = examine(asked);
  EXPECT_TRUE(has(findings, Kind::kNote, "keytab", "it has ldap/localhost", "imap/localhost"));
  EXPECT_TRUE(has(findings, Kind::kGood, "mechanisms", "offers GSSAPI"));
  // But this key does not decrypt a ticket for another service.
  EXPECT_EQ(checks(findings, Kind::kProblem), Names{"login"});
  asked.examines_client = false;
  EXPECT_TRUE(has(examine(asked), Kind::kGood, "login", "can accept"));
}

TEST_F(DoctorTest, SeesThatTheKdcHasANewerKey) {
  realm().rekey("imap/localhost");
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"key", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "key", "(version 2, aes256-cts-hmac-sha1-96)",
                  "ktadd -k " + realm().path("keytab") + " imap/localhost'"));
  EXPECT_TRUE(has(findings, Kind::kProblem, "login", "fails on the server", "\"key\""));
  EXPECT_EQ(causes(findings), (Causes{{"login", "key"}}));
}

// An old ticket in the cache must not hide the problem of new clients.
TEST_F(DoctorTest, AsksForANewTicketToCompareKeys) {
  get_service_ticket();
  realm().rekey("imap/localhost");
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names{"key"});
}

TEST_F(DoctorTest, NotesWeakKeys) {
  realm().kadmin(realm().name(),
                 {"addprinc", "-randkey", "-e", "arcfour-hmac:normal", "old/localhost"});
  realm().write_keytab(realm().default_keytab(), {"old/localhost"});
  DoctorOptions asked = options();
  asked.service = "old";
  const auto findings = examine(asked);
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kNote, "keytab", "only weak keys", "AES"));
  EXPECT_FALSE(has(examine(options()), Kind::kNote, "keytab", "weak"));
}

TEST_F(DoctorTest, SaysThatTheKdcDoesNotKnowTheService) {
  realm().remove_principal("imap/localhost");
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"key", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "key", "issues no ticket for imap/localhost",
                  "addprinc -randkey imap/localhost"));
}

// ---- Ticket

TEST_F(DoctorTest, SaysThatThereIsNoTicket) {
  set("KRB5CCNAME", "FILE:" + realm().path("no-tickets"));
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"ticket", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "ticket", realm().path("no-tickets"), "kinit"));
  EXPECT_TRUE(has(findings, Kind::kNote, "key", "was not compared", "ticket"));
}

// libkrb5 1.20.1 may crash on it. The doctor must not.
TEST_F(DoctorTest, SaysThatTheTicketFileIsEmpty) {
  write_file(realm().path("ccache"), "");
  EXPECT_TRUE(has(examine(options()), Kind::kProblem, "ticket", "the file is empty", "kinit"));
}

TEST_F(DoctorTest, SaysWhenTheTicketExpired) {
  const std::string keytab = "FILE:" + realm().path("krbtgt");
  realm().write_keytab(keytab, {"krbtgt/EXAMPLE.TEST"});
  ForgedTicket expired;
  expired.client.components = {"alice"};
  expired.service = "krbtgt/EXAMPLE.TEST";
  expired.keytab = keytab;
  expired.start = std::chrono::hours(-9);
  expired.end = std::chrono::hours(-1);
  forge_ticket(realm(), expired, realm().default_ccache());
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"ticket", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "ticket", "expired 1 h ago", "kinit alice"));
  EXPECT_TRUE(has(findings, Kind::kProblem, "login", "fails on the client", "\"ticket\""));
}

TEST_F(DoctorTest, NotesATicketThatExpiresSoon) {
  realm().kinit({.user = "alice", .password = "password", .lifetime = std::chrono::seconds(100)});
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kNote, "ticket", "expires in 1 min", "kinit alice"));
}

// ---- krb5.conf

TEST_F(DoctorTest, SaysThatNoKdcIsKnownForTheRealm) {
  use_configuration(replaced(
      replaced(configuration(), "default_realm = EXAMPLE.TEST", "default_realm = WRONG.TEST"),
      "localhost = EXAMPLE.TEST", "localhost = WRONG.TEST"));
  const auto findings = examine(options());
  EXPECT_TRUE(has(findings, Kind::kProblem, "kdc", "no KDC is known for the realm WRONG.TEST",
                  "WRONG.TEST under [realms]"));
  EXPECT_TRUE(has(findings, Kind::kProblem, "keytab", "it has imap/localhost@EXAMPLE.TEST"));
}

TEST_F(DoctorTest, NotesThatTheDefaultRealmIsNotTheHosts) {
  use_configuration(
      replaced(configuration(), "default_realm = EXAMPLE.TEST", "default_realm = WRONG.TEST"));
  const auto findings = examine(options());
  EXPECT_TRUE(
      has(findings, Kind::kNote, "krb5.conf", "the default realm is WRONG.TEST", "default_realm"));
}

TEST_F(DoctorTest, SaysThatThereIsNoDefaultRealm) {
  use_configuration(replaced(configuration(), "default_realm = EXAMPLE.TEST", ""));
  const auto findings = examine(options());
  EXPECT_TRUE(has(findings, Kind::kProblem, "krb5.conf", "no default realm", "set default_realm"));
}

TEST_F(DoctorTest, SaysThatKrb5ConfIsMalformed) {
  use_configuration("[libdefaults\n" + configuration());
  const auto findings = examine(options());
  EXPECT_TRUE(has(findings, Kind::kProblem, "krb5.conf", "Kerberos cannot use its configuration",
                  "correct it"));
}

// ---- KDC

TEST_F(DoctorTest, SaysThatTheKdcDoesNotAnswer) {
  const std::string address = "127.0.0.1:" + std::to_string(realm().port());
  realm().stop_kdc();
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"kdc", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "kdc",
                  "no KDC of EXAMPLE.TEST answers: " + address + " (TCP: Connection refused",
                  "EXAMPLE.TEST in krb5.conf"));
  EXPECT_EQ(checks(findings, Kind::kGood).count("clock"), 0U);
}

TEST_F(DoctorTest, NotesThatOneOfTwoKdcsDoesNotAnswer) {
  const PortReservation silent;  // no process listens there
  const std::string line = "kdc = 127.0.0.1:" + std::to_string(realm().port());
  const std::string dead = "127.0.0.1:" + std::to_string(silent.port());
  use_configuration(replaced(configuration(), line, line + "\n    kdc = " + dead));
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kNote, "kdc", dead, "network"));
}

// The amounts allow for a machine that reads the answer late.
TEST_F(DoctorTest, MeasuresTheClock) {
  const struct {
    std::chrono::seconds ahead;
    Kind kind;
    const char* amount;
    const char* direction;
  } kRows[] = {
      {std::chrono::seconds(0), Kind::kGood, "", "agrees"},
      {std::chrono::seconds(90), Kind::kNote, "clock is 1 min", "s behind the clock of"},
      {std::chrono::seconds(-90), Kind::kNote, "clock is 1 min", "s ahead of the clock of"},
      {std::chrono::seconds(3630), Kind::kProblem, "clock is 1 h", "h behind the clock of"},
      {std::chrono::seconds(-3630), Kind::kProblem, "clock is 1 h", "h ahead of the clock of"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.ahead.count());
    const FakeKdc kdc(realm().name(), row.ahead);
    use_configuration(replaced(configuration(), ":" + std::to_string(realm().port()),
                               ":" + std::to_string(kdc.port())));
    tools::Examination exam;
    exam.service.realm = realm().name();
    const auto findings = tools::check_kdc(exam);
    const char* const remedy = row.kind == Kind::kGood ? "" : "set the clock";
    EXPECT_TRUE(has(findings, row.kind, "clock", row.amount, remedy));
    EXPECT_TRUE(has(findings, row.kind, "clock", row.direction, remedy));
  }
}

TEST_F(DoctorTest, GoesByTheConfiguredClockSkew) {
  const FakeKdc kdc(realm().name(), std::chrono::seconds(100));
  use_configuration(replaced(replaced(configuration(), ":" + std::to_string(realm().port()),
                                      ":" + std::to_string(kdc.port())),
                             "[libdefaults]\n", "[libdefaults]\n  clockskew = 30\n"));
  tools::Examination exam;
  exam.service.realm = realm().name();
  EXPECT_EQ(checks(tools::check_kdc(exam), Kind::kProblem), Names{"clock"});
}

// ---- Replay cache

TEST_F(DoctorTest, NotesThatThereIsNoReplayCache) {
  set("KRB5RCACHENAME", "none:");
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kNote, "replay-cache", "KRB5RCACHENAME", "KRB5RCACHENAME"));
}

TEST_F(DoctorTest, SaysThatTheReplayCacheHasNoFolder) {
  const std::string folder = realm().path("nowhere");
  set("KRB5RCACHENAME", "");
  set("KRB5RCACHEDIR", folder);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"replay-cache", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "replay-cache",
                  "the folder " + folder + " does not exist", "KRB5RCACHEDIR"));
}

TEST_F(DoctorTest, SaysThatTheReplayCacheCannotBeWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "to root every folder is writable";
  const std::string folder = realm().path("closed");
  ASSERT_EQ(mkdir(folder.c_str(), 0500), 0);
  set("KRB5RCACHENAME", "");
  set("KRB5RCACHEDIR", folder);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), (Names{"replay-cache", "login"}));
  EXPECT_TRUE(has(findings, Kind::kProblem, "replay-cache", folder, "write"));
}

TEST_F(DoctorTest, ReadsWhereTheReplayCacheIs) {
  const auto finding_of = [this](const std::string& name, const std::string& settings) {
    set("KRB5RCACHENAME", name);
    use_configuration(
        replaced(configuration(), "[libdefaults]\n", "[libdefaults]\n" + settings + "\n"));
    return tools::check_replay_cache({});
  };
  const std::string file = realm().path("named");
  EXPECT_TRUE(has(finding_of("", "default_rcache_name = file2:" + file), Kind::kGood,
                  "replay-cache", file));
  EXPECT_TRUE(has(finding_of("", "default_rcache_name = none:"), Kind::kNote, "replay-cache",
                  "default_rcache_name"));
  EXPECT_TRUE(has(finding_of("file2:" + realm().dir(), ""), Kind::kProblem, "replay-cache",
                  "not a regular file"));
  EXPECT_TRUE(has(finding_of("memory:", ""), Kind::kProblem, "replay-cache",
                  "a type that Kerberos does not know"));
  set("TMPDIR", realm().dir());
  EXPECT_TRUE(has(finding_of("", ""), Kind::kGood, "replay-cache",
                  realm().dir() + "/krb5_" + std::to_string(geteuid()) + ".rcache2"));
}

// ---- One side

TEST_F(DoctorTest, AClientNeedsNeitherKeytabNorReplayCache) {
  set("KRB5_KTNAME", "FILE:" + realm().path("nothing"));
  set("KRB5RCACHENAME", "memory:");
  DoctorOptions asked = options();
  asked.examines_server = false;
  const auto findings = examine(asked);
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kGood, "login", "gets a ticket"));
  set("KRB5CCNAME", "FILE:" + realm().path("no-tickets"));
  EXPECT_EQ(checks(examine(asked), Kind::kProblem), (Names{"ticket", "login"}));
}

TEST_F(DoctorTest, AServerNeedsNoTicket) {
  set("KRB5CCNAME", "FILE:" + realm().path("no-tickets"));
  DoctorOptions asked = options();
  asked.examines_client = false;
  const auto findings = examine(asked);
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kGood, "login", "can accept"));
  EXPECT_TRUE(has(findings, Kind::kNote, "key", "not compared", "kinit"));
}

}  // namespace
}  // namespace gssloop::testing
