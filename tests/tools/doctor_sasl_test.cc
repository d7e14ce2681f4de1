// SPDX-License-Identifier: BSD-2-Clause
// The findings of `gssloop doctor` if one thing is broken: libsasl and the policy.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/spec.h"
#include "tests/tools/doctor_fixture.h"
#include "tools/doctor/checks.h"

namespace gssloop::testing {
namespace {

using tools::examine;

constexpr const char* kModule = "/libgssloop_sasl.so";

TEST_F(DoctorTest, NamesTheFoldersWithoutTheModule) {
  const std::string folder = realm().path("empty"), missing = realm().path("missing");
  std::filesystem::create_directory(folder);
  set("SASL_PATH", folder + ":" + missing);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names{"module"});
  EXPECT_TRUE(has(findings, Kind::kProblem, "module",
                  folder + ", " + missing + " (there is no such folder)", "unset SASL_PATH"));
}

TEST_F(DoctorTest, TakesTheSaslPathThatIsNamed) {
  DoctorOptions asked = options();
  asked.sasl_path = realm().path("missing");
  EXPECT_EQ(checks(examine(asked), Kind::kProblem), Names{"module"});
}

TEST_F(DoctorTest, GivesTheLinkersReasonForAModuleThatCannotBeLoaded) {
  const std::string folder = realm().path("broken");
  std::filesystem::create_directory(folder);
  write_file(folder + kModule,
             "This is no library, but a text of more than sixty-four octets, "
             "which is as long as the header of one.\n");
  set("SASL_PATH", folder);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names{"module"});
  EXPECT_TRUE(has(findings, Kind::kProblem, "module", folder + kModule + ": invalid ELF header",
                  "build " + folder + kModule));
}

TEST_F(DoctorTest, SaysThatAnotherLibraryHasTheModulesName) {
  const char* const other = std::getenv("GSSLOOP_SCRIPTED_MECH");
  ASSERT_NE(other, nullptr) << "make check sets it";
  const std::string folder = realm().path("other");
  std::filesystem::create_directory(folder);
  std::filesystem::create_symlink(other, folder + kModule);
  set("SASL_PATH", folder);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names{"module"});
  EXPECT_TRUE(has(findings, Kind::kProblem, "module", "lacks an entry point", folder + kModule));
}

// The path of a module that this folder's makefile builds.
std::string built_module(const std::string& name) {
  const char* const build = std::getenv("GSSLOOP_BUILDDIR");
  EXPECT_NE(build, nullptr) << "make check sets it";
  const std::string path =
      std::string(build != nullptr ? build : "") + "/tests/tools/.libs/" + name;
  EXPECT_TRUE(std::filesystem::exists(path)) << path;
  return path;
}

TEST_F(DoctorTest, SaysThatTheModuleWasBuiltForAnotherLibsasl) {
  const std::string folder = realm().path("refusing");
  std::filesystem::create_directory(folder);
  std::filesystem::create_symlink(built_module("refusing_module.so"), folder + kModule);
  set("SASL_PATH", folder);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names{"module"});
  EXPECT_TRUE(has(findings, Kind::kProblem, "module",
                  folder + kModule + " cannot use this libsasl, whose version is 2.",
                  "build gssloop with the headers of this libsasl"));
}

TEST_F(DoctorTest, NamesAModuleThatCrashes) {
  const std::string crashing = built_module("crashing_module.so");
  const std::string folder = module_folder({});
  std::filesystem::create_symlink(crashing, folder + "/libbad.so");
  set("SASL_PATH", folder);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names{"module"});
  EXPECT_TRUE(has(findings, Kind::kProblem, "module", folder + "/libbad.so breaks the program",
                  "remove " + folder + "/libbad.so"));
  EXPECT_TRUE(has(findings, Kind::kProblem, "module", "it crashed (SIG"));
}

TEST_F(DoctorTest, SaysWhoseMechanismIsUsed) {
  const std::string folder = module_folder({"libgssapiv2.so"});
  if (folder.empty()) GTEST_SKIP() << "Cyrus SASL's own modules are not installed";
  set("SASL_PATH", folder);
  const auto findings = examine(options());
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(
      has(findings, Kind::kGood, "mechanisms",
          "the module gssapiv2 also has GSS-SPNEGO, GSSAPI (server): this module's are used"));
  EXPECT_TRUE(has(findings, Kind::kGood, "mechanisms", "(client): this module's are used"));
}

// As if libsasl had another order of modules.
TEST_F(DoctorTest, NotesAMechanismThatAnotherModuleWins) {
  tools::Examination exam;
  exam.options = options();
  exam.sasl.server_mechanisms = {
      {"GSSAPI", "other"}, {"GSSAPI", "gssloop_sasl"}, {"GS2-KRB5", "gssloop_sasl"}};
  exam.sasl.offered = {"GSSAPI", "GS2-KRB5"};
  const auto findings = tools::check_mechanisms(exam);
  EXPECT_TRUE(has(findings, Kind::kNote, "mechanisms",
                  "a server uses GSSAPI of the module other instead of", "libother.so"));
  EXPECT_TRUE(has(tools::check_application(exam), Kind::kNote, "application", "offers GSSAPI", ""));
}

TEST_F(DoctorTest, SaysWhyAMechanismIsListedAndRefused) {
  const std::string folder = module_folder({"libgssapiv2.so"});
  if (folder.empty()) GTEST_SKIP() << "Cyrus SASL's own modules are not installed";
  set("SASL_PATH", folder);
  set("KRB5_KTNAME", "FILE:" + realm().path("nothing"));
  const auto findings = examine(options());
  EXPECT_TRUE(has(findings, Kind::kProblem, "mechanisms",
                  "does not offer GSS-SPNEGO, GSSAPI, GS2-KRB5: no credential", "keytab"));
}

TEST_F(DoctorTest, ShowsAMechListWithOtherMechanisms) {
  const std::string folder = module_folder({"libplain.so"});
  if (folder.empty()) GTEST_SKIP() << "Cyrus SASL's own modules are not installed";
  set("SASL_PATH", folder);
  DoctorOptions asked = options();
  asked.app = app("# comment\nmech_list: PLAIN GSSAPI\n");
  const auto findings = examine(asked);
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kGood, "application", realm().path("tested.conf")));
  EXPECT_TRUE(has(findings, Kind::kNote, "application",
                  "mech_list is \"PLAIN GSSAPI\" (" + realm().path("tested.conf") +
                      "): the server also offers PLAIN",
                  "mech_list: GS2-KRB5 GSSAPI"));
  asked.app = app("mech_list: GSSAPI\n");
  EXPECT_TRUE(
      has(examine(asked), Kind::kGood, "application", "offers only this module's mechanisms"));
}

// libsasl ignores -PLUS there.
TEST_F(DoctorTest, NotesAMechListThatSeemsToRequireABinding) {
  const struct {
    const char* list;
    bool is_noted;
  } rows[] = {{"GS2-KRB5-PLUS", true},
              {"GSSAPI gs2-krb5-plus", true},
              {"GS2-KRB5-PLUS GS2-KRB5", false},
              {"gs2-krb5 GS2-KRB5-PLUS", false},
              {"GSSAPI", false},
              {"-PLUS GSSAPI", false}};
  for (const auto& row : rows) {
    DoctorOptions asked = options();
    asked.app = app("mech_list: " + std::string(row.list) + "\n");
    EXPECT_EQ(has(examine(asked), Kind::kNote, "application", "but not ",
                  "require = [\"peer.channel-bound=yes\"]"),
              row.is_noted)
        << row.list;
  }
}

TEST_F(DoctorTest, SaysThatTheMechListLeavesThisModuleOut) {
  DoctorOptions asked = options();
  asked.app = app("mech_list: PLAIN\n");
  const auto findings = examine(asked);
  EXPECT_EQ(roots(findings), Roots{"mechanisms"});
  EXPECT_EQ(causes(findings), (Causes{{"login", "mechanisms"}}));
  EXPECT_TRUE(
      has(findings, Kind::kProblem, "mechanisms", "offers none", "GSS-SPNEGO GSSAPI GS2-KRB5"));
}

TEST_F(DoctorTest, NotesAnApplicationWithoutConfiguration) {
  DoctorOptions asked = options();
  asked.app = "unheard-of";
  const auto findings = examine(asked);
  EXPECT_EQ(checks(findings, Kind::kProblem), Names());
  EXPECT_TRUE(has(findings, Kind::kNote, "application", realm().path("unheard-of.conf"),
                  "write " + realm().path("unheard-of.conf")));
}

TEST_F(DoctorTest, SaysWhichLineOfTheConfigurationIsWrong) {
  DoctorOptions asked = options();
  asked.app = app("mech_list: GSSAPI\nno option\n");
  const auto findings = examine(asked);
  EXPECT_EQ(roots(findings), Roots{"application"});
  EXPECT_TRUE(has(findings, Kind::kProblem, "module", "libsasl cannot be used", "application"));
  EXPECT_TRUE(has(findings, Kind::kProblem, "application", "line 2", realm().path("tested.conf")));
}

TEST_F(DoctorTest, TakesKeytabAndPolicyFromTheConfiguration) {
  DoctorOptions asked = options();
  asked.app = app("keytab: " + realm().path("nothing") +
                  "\ngssloop_policy: " + realm().path("no-policy") + "\n");
  const auto findings = examine(asked);
  EXPECT_TRUE(has(findings, Kind::kProblem, "keytab", realm().path("nothing")));
  EXPECT_TRUE(has(findings, Kind::kProblem, "policy", realm().path("no-policy"),
                  "write " + realm().path("no-policy")));
}

TEST_F(DoctorTest, NotesMisspeltOptions) {
  DoctorOptions asked = options();
  asked.app = app("mech_list: GSSAPI\ngssloop_polcy: /nonexistent\n");
  EXPECT_TRUE(has(examine(asked), Kind::kNote, "application",
                  "tested.conf: the module has no option \"gssloop_polcy\"",
                  "write gssloop_policy if you mean that option"));
}

TEST_F(DoctorTest, LooksWhetherThePolicyCanBeRead) {
  tools::Examination exam;
  exam.options.policy = realm().path("policy.toml");
  EXPECT_TRUE(has(tools::check_policy(exam), Kind::kProblem, "policy", "No such file"));
  write_file(exam.options.policy, "[services.imap]\nrequire = [\"who=x\"]\n");
  EXPECT_TRUE(has(tools::check_policy(exam), Kind::kProblem, "policy",
                  exam.options.policy + ":2:12: error: the attribute \"who\" is not defined"));
  write_file(exam.options.policy, "# Decides nothing.\n");
  EXPECT_TRUE(has(tools::check_policy(exam), Kind::kGood, "policy", exam.options.policy));
  ASSERT_EQ(chmod(exam.options.policy.c_str(), 0660), 0);
  EXPECT_TRUE(has(tools::check_policy(exam), Kind::kProblem, "policy", "is writable by its group"));
  tools::Examination relative;
  relative.options.policy = "policy.toml";
  EXPECT_TRUE(
      has(tools::check_policy(relative), Kind::kProblem, "policy", "is not an absolute path"));
  if (geteuid() == 0) return;  // to root every file is readable
  ASSERT_EQ(chmod(exam.options.policy.c_str(), 0), 0);
  EXPECT_TRUE(has(tools::check_policy(exam), Kind::kProblem, "policy", "cannot be opened"));
}

TEST_F(DoctorTest, SaysWhichKeysVerifyThePacThatAPolicyUses) {
  SPEC("P7");
  tools::Examination exam;
  exam.options.policy = realm().path("policy.toml");
  exam.options.service = "imap";
  const std::string definition =
      "[attributes.groups]\n"
      "from = [{ mechanism = 'krb5', name = 'urn:mspac:logon-info', form = 'pac-groups' }]\n";
  const auto speaks_of_pac = [&](Kind kind, const char* what) {
    return has(tools::check_policy(exam), kind, "policy", what);
  };
  write_file(exam.options.policy, definition);
  EXPECT_FALSE(speaks_of_pac(Kind::kGood, "PAC"));
  write_file(exam.options.policy, definition + "[services.smtp]\nrequire = ['exists groups']\n");
  EXPECT_FALSE(speaks_of_pac(Kind::kGood, "PAC"));
  for (const char* use : {"require = ['exists groups']\n", "publish = ['groups']\n"}) {
    write_file(exam.options.policy, definition + "[services.imap]\n" + use);
    EXPECT_TRUE(speaks_of_pac(Kind::kGood, "verifies it with the keytab")) << use;
  }
}

TEST_F(DoctorTest, LooksAtTheHostsName) {
  DoctorOptions asked = options();
  asked.host = "no-such-host.test";
  use_configuration(configuration() + "[domain_realm]\n  .test = EXAMPLE.TEST\n");
  const auto findings = examine(asked);
  EXPECT_TRUE(has(findings, Kind::kProblem, "host", "no-such-host.test has no address",
                  "getent hosts no-such-host.test"));
  asked.examines_client = false;
  EXPECT_TRUE(has(examine(asked), Kind::kNote, "host", "has no address", "/etc/hosts"));
  asked.host = "127.0.1.1";  // as Debian has it in /etc/hosts
  EXPECT_TRUE(has(examine(asked), Kind::kNote, "host", "127.0.1.1 here", "rdns = false"));
  asked.host = "short";
  EXPECT_TRUE(
      has(examine(asked), Kind::kNote, "host", "short is not a full host name", "full name"));
}

TEST_F(DoctorTest, NotesWhatKerberosMakesOfTheHostsName) {
  tools::Examination exam;
  exam.options = options();
  exam.service = {"imap/other.example.com@EXAMPLE.TEST", "other.example.com", "EXAMPLE.TEST"};
  EXPECT_TRUE(
      has(tools::check_host(exam), Kind::kNote, "host",
          "the host name localhost to other.example.com, so the service is imap/other.example.com",
          "dns_canonicalize_hostname = false"));
}

}  // namespace
}  // namespace gssloop::testing
