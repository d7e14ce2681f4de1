// SPDX-License-Identifier: BSD-2-Clause
// Worlds in which every login fails: what the doctor names first, and which cure it proposes. Each
// begins with what an administrator has after a mistake.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/tools/doctor_fixture.h"
#include "tools/doctor/application.h"
#include "tools/doctor/child.h"

namespace gssloop::testing {
namespace {

using tools::examine;

std::string built(const std::string& file) {
  const char* const folder = std::getenv("GSSLOOP_BUILDDIR");
  EXPECT_NE(folder, nullptr) << "make check sets it";
  return std::string(folder != nullptr ? folder : "") + "/" + file;
}

// Every text of the findings.
std::string all_texts(const std::vector<Finding>& findings) {
  std::string all;
  for (const Finding& it : findings) all += it.what + "\n" + it.why + "\n" + it.remedy + "\n";
  return all;
}

class DoctorWorld : public DoctorTest {
 protected:
  // The first finding is the cause, it has the cure, and no cure for another cause is proposed.
  static void expect_cure(const std::vector<Finding>& findings, const std::string& check,
                          const std::string& what, const std::string& cure,
                          const std::string& no_cure) {
    EXPECT_EQ(roots(findings), Roots{check}) << all_texts(findings);
    ASSERT_FALSE(findings.empty());
    EXPECT_EQ(findings.front().check, check);
    EXPECT_TRUE(has(findings, Kind::kProblem, check, what, cure));
    for (const Finding& finding : findings) {
      if (finding.kind != Kind::kProblem) continue;
      EXPECT_EQ(finding.remedy.find(no_cure), std::string::npos)
          << finding.check << ": " << finding.remedy;
    }
  }

  // use_mits_lookups removes the lines about host names from krb5.conf.
  void use_mits_lookups() {
    std::string text = configuration();
    for (const char* line : {"rdns = false", "dns_canonicalize_hostname = false"}) {
      text = replaced(text, line, "");
    }
    use_configuration(text);
  }

  // The name that /etc/hosts has for 127.0.0.1: "localhost".
  static std::string name_of_loopback() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char name[NI_MAXHOST] = "";
    getnameinfo(reinterpret_cast<const sockaddr*>(&address), sizeof address, name, sizeof name,
                nullptr, 0, NI_NAMEREQD);
    return name;
  }

  // imapd.conf as Debian's package leaves it, with more lines at its end: the machine's own file,
  // if its package says that no one has changed it, otherwise the options for SASL that it has.
  std::string debians_imapd_conf(const std::string& more) {
    std::string text =
        "# Debian's file has 300 lines.\nconfigdirectory: /var/lib/cyrus\nallowplaintext: yes\n"
        "sasl_pwcheck_method: auxprop\nsasl_auto_transition: no\n";
    const auto said = run_program(
        {"/bin/sh", "-c",
         "dpkg-query -W -f '${Conffiles}\\n' cyrus-common | grep -F \" /etc/imapd.conf $(md5sum "
         "</etc/imapd.conf | cut -c1-32)\""},
        environment_with({}));
    if (said.exit_code == 0) text = read_file("/etc/imapd.conf");
    write_file(realm().path("imapd.conf"), text + more);
    return realm().path("imapd.conf");
  }
};

// The KDC's clock and this machine's differ by two hours.
TEST_F(DoctorWorld, AClockThatIsWrongIsSet) {
  RealmOptions wrong;
  wrong.services = {"imap/localhost"};
  for (const char* offset : {"7200", "-7200"}) {
    SCOPED_TRACE(offset);
    set("GSSLOOP_CLOCK_OFFSET", offset);
    set("LD_PRELOAD", built("tests/tools/.libs/shifted_clock.so"));
    use_realm(wrong);
    set("LD_PRELOAD", "");
    const auto findings = examine(options());
    expect_cure(findings, "clock", "clock is ", "set the clock", "ktadd");
    EXPECT_EQ(causes(findings)["login"], "clock");
  }
}

// An administrator replaced the keytab, and the user still has a ticket for the old key.
TEST_F(DoctorWorld, AnOldTicketIsReplaced) {
  get_service_ticket();
  realm().rekey("imap/localhost");
  ASSERT_EQ(unlink(realm().path("keytab").c_str()), 0);
  realm().write_keytab(realm().default_keytab(), {"imap/localhost"});
  const auto findings = examine(options());
  expect_cure(findings, "ticket",
              "the ticket for imap/localhost@EXAMPLE.TEST in " + realm().default_ccache() +
                  " is encrypted with a key of version 1",
              "kinit alice", "ktadd");
  EXPECT_EQ(causes(findings), (Causes{{"login", "ticket"}}));
}

TEST_F(DoctorWorld, ABrokenKrb5ConfIsReportedOnce) {
  use_configuration("[libdefaults\n" + configuration());
  const auto findings = examine(options());
  expect_cure(findings, "krb5.conf", "Kerberos cannot use its configuration", "correct it",
              "ktadd");
  EXPECT_EQ(causes(findings)["login"], "krb5.conf");
}

// MIT's defaults: rdns = true. The address has another name than the one that the users write.
TEST_F(DoctorWorld, TheReverseDnsIsTheCauseWhereItIs) {
  use_mits_lookups();
  const std::string name = name_of_loopback();
  ASSERT_NE(name, "") << "the test needs a name for 127.0.0.1 in /etc/hosts";
  realm().add_service("imap/127.0.0.1");
  const std::string keytab = "FILE:" + realm().path("imap-keytab");
  realm().write_keytab(keytab, {"imap/127.0.0.1"});
  DoctorOptions asked = options();
  asked.host = "127.0.0.1";
  asked.keytab = keytab;
  const auto findings = examine(asked);
  expect_cure(findings, "host",
              "Kerberos changes the host name 127.0.0.1 to " + name + " by the reverse DNS",
              "set rdns = false", "ktadd");
  EXPECT_EQ(causes(findings)["keytab"], "host");
  EXPECT_EQ(causes(findings)["login"], "host");
}

TEST_F(DoctorWorld, AWrongValueOfAnOptionIsFound) {
  DoctorOptions asked = options();
  asked.app = app("mech_list: GSSAPI\ngssloop_max_legs: many\ngssloop_anonymous: maybe\n");
  auto findings = examine(asked);
  expect_cure(findings, "application",
              "line 2 of " + realm().path("tested.conf") + ": option gssloop_max_legs is \"many\"",
              "correct the value", "ktadd");
  EXPECT_TRUE(has(findings, Kind::kProblem, "application", "line 3 of ", "gssloop_anonymous"));
  EXPECT_EQ(causes(findings), (Causes{{"login", "application"}}));
  // A server of its own is enough to know.
  asked.examines_client = false;
  EXPECT_EQ(roots(examine(asked)), Roots{"application"});
}

TEST_F(DoctorWorld, AnUnknownMechanismIsASentence) {
  DoctorOptions asked = options();
  asked.app = app("gssloop_mechanisms: GS2-KBR5\n");
  const auto findings = examine(asked);
  expect_cure(findings, "application",
              "option gssloop_mechanisms is \"GS2-KBR5\", but must be none, or a list of some of ",
              "correct the value", "ktadd");
  EXPECT_EQ(all_texts(findings).find("Internal Error"), std::string::npos);
  asked.app = app("gssloop_mechanisms: GS2-KBR5 GSSAPI\n");
  EXPECT_TRUE(has(examine(asked), Kind::kNote, "application",
                  "line 1 of " + realm().path("tested.conf") +
                      ": gssloop_mechanisms names \"GS2-KBR5\", which is no mechanism",
                  "GS2-KRB5"));
}

TEST_F(DoctorWorld, APolicyWithAnErrorIsTheCause) {
  DoctorOptions asked = options();
  asked.policy = realm().path("policy.toml");
  write_file(asked.policy, "[services.imap]\nrequire = ['who=x']\n");
  const auto findings = examine(asked);
  expect_cure(findings, "policy", asked.policy + ":2:12: error:", "gssloop policy check", "ktadd");
  EXPECT_EQ(causes(findings), (Causes{{"login", "policy"}}));
}

// ---- Where an application keeps its options

TEST_F(DoctorWorld, ReadsTheOptionsOfDebiansCyrusImap) {
  DoctorOptions asked = options();
  asked.app = "cyrus-imapd";
  asked.policy = realm().path("policy.toml");
  write_file(asked.policy, "[services.imap]\nrequire = ['peer.realm=EXAMPLE.TEST']\n");
  asked.conf = debians_imapd_conf(
      "sasl_mech_list: GS2-KRB5 GSSAPI\nsasl_keytab: " + realm().path("keytab") + "\n");
  set("KRB5_KTNAME", "FILE:" + realm().path("nothing"));
  const auto findings = examine(asked);
  EXPECT_EQ(roots(findings), Roots()) << all_texts(findings);
  EXPECT_TRUE(has(findings, Kind::kGood, "application",
                  "mech_list is \"GS2-KRB5 GSSAPI\" (" + asked.conf + ")"));
  EXPECT_TRUE(has(findings, Kind::kGood, "login",
                  "succeeds (GSSAPI, GS2-KRB5): this policy (" + asked.policy +
                      ") admits alice@EXAMPLE.TEST as alice"));
  EXPECT_EQ(all_texts(findings).find("is not set"), std::string::npos) << all_texts(findings);
}

TEST_F(DoctorWorld, FindsAnOptionThatStandsTwiceInImapdConf) {
  DoctorOptions asked = options();
  asked.app = "cyrus-imapd";
  asked.conf = debians_imapd_conf("sasl_pwcheck_method: saslauthd\n");
  expect_cure(examine(asked), "application", "has the option \"sasl_pwcheck_method\" twice",
              "remove one", "ktadd");
}

TEST_F(DoctorWorld, ReadsTheOptionsOfAFileWithAPrefix) {
  DoctorOptions asked = options();
  asked.conf = realm().path("server.conf");
  asked.prefix = "auth_";
  write_file(asked.conf,
             "some thing of the server's own\nauth_mech_list: GSSAPI\n"
             "auth_gssloop_max_legs: 1\nimap_auth_gssloop_max_legs: 5\n");
  const auto findings = examine(asked);
  EXPECT_EQ(roots(findings), Roots()) << all_texts(findings);
  EXPECT_TRUE(has(findings, Kind::kGood, "login", "succeeds (GSSAPI)"));
  asked.service = "ldap";
  EXPECT_TRUE(has(examine(asked), Kind::kProblem, "application",
                  "line 3 of " + asked.conf + ": option gssloop_max_legs is \"1\""));
}

TEST_F(DoctorWorld, SaysNotKnownForWhatItCannotRead) {
  DoctorOptions asked = options();
  asked.conf = realm().dir();  // not a file
  const auto findings = examine(asked);
  EXPECT_TRUE(has(findings, Kind::kNote, "application",
                  "the options in " + realm().dir() + " are not known: user ", "sudo -u USER"));
  EXPECT_NE(all_texts(findings).find("mech_list is not known (user "), std::string::npos);
  EXPECT_EQ(all_texts(findings).find("mech_list is not set"), std::string::npos);
  DoctorOptions elsewhere = options();
  elsewhere.app = "unheard-of";
  EXPECT_TRUE(has(examine(elsewhere), Kind::kNote, "application",
                  "unheard-of may keep its options elsewhere", "--conf FILE"));
}

// A file of another user: root gives its rights up to see it as others do.
TEST_F(DoctorWorld, SaysWhoCannotReadTheConfiguration) {
  char folder[] = "/tmp/gssloop-conf-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  ASSERT_EQ(chmod(folder, 0755), 0);
  const std::string file = std::string(folder) + "/secret.conf";
  write_file(file, "mech_list: GSSAPI\n");
  ASSERT_EQ(chmod(file.c_str(), 0), 0);
  const auto outcome = tools::run_in_child(std::chrono::seconds(10), [&] {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return std::string("root");
    DoctorOptions asked;
    asked.conf = file;
    return tools::read_application(asked, {}).text_of("mech_list");
  });
  std::filesystem::remove_all(folder);
  EXPECT_EQ(outcome.output.find("mech_list is not known (user "), 0U) << outcome.output;
  EXPECT_NE(outcome.output.find("cannot read " + file + ": Permission denied"), std::string::npos)
      << outcome.output;
}

// ---- What a newcomer has: Debian's files, and a KDC with MIT's defaults

TEST_F(DoctorWorld, ANewcomersPolicyThatRefusesIsNoSuccess) {
  RealmOptions defaults;
  defaults.services = {"imap/localhost"};
  defaults.spake_indicators = {};
  use_realm(defaults);
  use_mits_lookups();
  DoctorOptions asked = options();
  asked.app = "cyrus-imapd";
  asked.conf = debians_imapd_conf("sasl_mech_list: GS2-KRB5 GSSAPI\n");
  EXPECT_EQ(roots(examine(asked)), Roots());
  asked.policy = realm().path("policy.toml");
  write_file(asked.policy,
             "[attributes.assurance]\nfrom = [{ mechanism = 'krb5', name = 'auth-indicators' }]\n"
             "[services.imap]\nrequire = ['assurance=otp | assurance=pkinit']\n");
  expect_cure(examine(asked), "login",
              "the server refuses alice@EXAMPLE.TEST (GSSAPI, GS2-KRB5): the policy refuses "
              "\"alice\": require at " +
                  asked.policy + ":4",
              "gssloop policy explain", "ktadd");
}

TEST_F(DoctorWorld, SaysThatAServerAloneTriesNoPolicy) {
  DoctorOptions asked = options();
  asked.examines_client = false;
  EXPECT_FALSE(has(examine(asked), Kind::kNote, "login", "the policy decided about no login"));
  asked.policy = realm().path("policy.toml");
  write_file(asked.policy, "[services.imap]\nrequire = ['peer.realm=OTHER.TEST']\n");
  EXPECT_TRUE(has(examine(asked), Kind::kNote, "login", "the policy decided about no login",
                  "gssloop policy explain --service imap --policy " + asked.policy));
}

// ---- The doctor itself

TEST_F(DoctorWorld, NamesTheKeytabOfTheCommandLineInEverySentence) {
  realm().add_service("ldap/localhost");
  const std::string missing = realm().path("missing"), other = realm().path("other");
  realm().write_keytab("FILE:" + other, {"ldap/localhost"});
  DoctorOptions asked = options();
  asked.app = app("keytab: " + realm().default_keytab() + "\n");
  for (const std::string& keytab : {missing, other}) {
    asked.keytab = keytab;
    const auto findings = examine(asked);
    expect_cure(findings, "keytab", keytab, "ktadd -k " + keytab + " imap/localhost", "chmod");
    EXPECT_EQ(causes(findings), (Causes{{"mechanisms", "keytab"}, {"login", "keytab"}}));
    EXPECT_EQ(all_texts(findings).find(realm().path("keytab")), std::string::npos)
        << all_texts(findings);
  }
  asked.keytab = realm().path("copy");
  realm().write_keytab("FILE:" + asked.keytab, {"imap/localhost"});
  realm().rekey("imap/localhost");
  expect_cure(examine(asked), "key", asked.keytab, "ktadd -k " + asked.keytab, "chmod");
}

TEST_F(DoctorWorld, ChangesNoFileOfTheUser) {
  const std::string files[] = {"ccache", "keytab", "rcache"};
  std::map<std::string, std::string> before;
  for (const std::string& file : files) before[file] = read_file(realm().path(file));
  ASSERT_TRUE(has(examine(options()), Kind::kGood, "login", "succeeds"));
  DoctorOptions client = options();
  client.examines_server = false;
  ASSERT_TRUE(has(examine(client), Kind::kGood, "login", "gets a ticket"));
  for (const std::string& file : files) {
    EXPECT_EQ(read_file(realm().path(file)), before[file]) << file;
  }
}

// libkrb5 chooses the ccache of the service's realm, and not the primary one.
TEST_F(DoctorWorld, LogsInWithTheTicketThatAProgramWouldUse) {
  RealmOptions two;
  two.services = {"imap/localhost"};
  two.foreign_realms = {"OTHER.TEST"};
  use_realm(two);
  realm().add_user("bob@OTHER.TEST", "password");
  const std::string collection = "DIR:" + realm().path("tickets");
  realm().kinit("alice", "password", collection);
  realm().kinit("bob@OTHER.TEST", "password", collection);
  set("KRB5CCNAME", collection);
  const auto findings = examine(options());
  EXPECT_TRUE(has(findings, Kind::kGood, "ticket", "bob@OTHER.TEST has a ticket"));
  EXPECT_TRUE(has(findings, Kind::kGood, "login", "admits alice@EXAMPLE.TEST as alice"));
  // And the one that the user names.
  realm().add_user("carol", "password");
  realm().kinit("carol", "password", collection);
  write_file(realm().path(".k5identity"), "carol@EXAMPLE.TEST service=imap\n");
  set("HOME", realm().dir());
  EXPECT_TRUE(has(examine(options()), Kind::kGood, "login", "admits carol@EXAMPLE.TEST as carol"));
}

// With LOG_PERROR, the C library writes what goes to syslog to standard error as well. The module
// and libsasl have reasons to log here.
TEST_F(DoctorWorld, LogsNothingToSyslog) {
  DoctorOptions asked = options();
  asked.app = app("gssloop_max_legs: many\ngssloop_policy: relative.toml\n");
  const std::string folder = module_folder({});
  write_file(folder + "/libbroken.so", "This is no library.\n");
  set("SASL_PATH", folder);
  openlog("watched", LOG_PERROR, LOG_USER);
  ::testing::internal::CaptureStderr();
  examine(asked);
  closelog();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace gssloop::testing
