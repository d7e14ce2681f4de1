// SPDX-License-Identifier: BSD-2-Clause
// A server with other rights than the user who starts it (set-user-ID, set-group-ID). The user
// chooses its environment: nothing of it may decide who logs in, or which code runs.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/live/attacker.h"
#include "tests/support/sanitizer.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

constexpr uid_t kOtherUser = 65534;
constexpr gid_t kOtherGroup = 65534;

class SetIdTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    if (kHasSanitizer) GTEST_SKIP() << "a sanitizer cannot look into a program with other rights";
    if (geteuid() != 0) GTEST_SKIP() << "only root can give a program to another user";
    fs::permissions(realm().dir(), fs::perms(0755));
    fs::copy_file(std::string(std::getenv("GSSLOOP_BUILDDIR")) + "/tests/live/set_id_server",
                  program(), fs::copy_options::overwrite_existing);
    // Of a caller who made a realm of their own, in which they are any user.
    use_forged({.client = {{"admin"}}});
    std::ofstream(realm().path("message")) << bound_message("n,,");
    use_ccache(realm().default_ccache());
    for (const char* file : {"message", "keytab", "krb5.conf"}) {
      fs::permissions(realm().path(file), fs::perms(0644));
    }
  }

  static std::string program() { return realm().path("set_id_server"); }
  static std::string modules() { return std::getenv("GSSLOOP_PLUGIN_DIR"); }

  static void give(uid_t user, gid_t group, mode_t mode) {
    ASSERT_EQ(chown(program().c_str(), user, group), 0);
    ASSERT_EQ(chmod(program().c_str(), mode), 0);
  }

  // What the program prints with nothing but these variables in its environment.
  static std::string output(const std::string& variables, const std::string& options) {
    const std::string file = realm().path("set_id.out");
    // Each login has a replay cache of its own: the same message comes again.
    const int status =
        std::system(("env -i KRB5RCACHENAME=none: " + variables + " " + program() + " " + options +
                     " " + realm().path("message") + " >" + file + " 2>" + file + ".err")
                        .c_str());
    EXPECT_EQ(status, 0) << options;
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }

  // Without other rights the environment does what it says; with them it does not.
  static void expect_only_without_rights(const std::string& variables, const std::string& options,
                                         const std::string& line) {
    SCOPED_TRACE(variables);
    give(0, 0, 0755);
    const std::string plain = output(variables, options);
    EXPECT_NE(plain.find("other rights: no\n"), plain.npos) << plain;
    EXPECT_NE(plain.find(line + "\n"), plain.npos) << plain;
    for (const bool is_user : {true, false}) {
      count_attack();
      give(is_user ? kOtherUser : 0, is_user ? 0 : kOtherGroup, is_user ? 04755 : 02755);
      const std::string seen = output(variables, options);
      if (seen.find("other rights: yes\n") == seen.npos) {
        GTEST_SKIP() << "this file system does not let programs have other rights";
      }
      EXPECT_EQ(seen.find(line + "\n"), seen.npos) << seen;
    }
  }
};

std::string variable(const char* name, const std::string& value) {
  return std::string(name) + "=" + value + " ";
}

TEST_F(SetIdTest, KeysAndRealmAreNotTheCallers) {
  SPEC("R11");
  const std::string krb5_conf = variable("KRB5_CONFIG", realm().krb5_conf());
  const std::string keytab = variable("KRB5_KTNAME", realm().path("keytab"));
  const std::string names = realm().path("names-keytab.conf");
  std::ofstream(names) << "include " << realm().krb5_conf() << "\n[libdefaults]\n"
                       << "default_keytab_name = " << realm().path("keytab") << "\n";
  const std::string options = "--modules " + modules();
  expect_only_without_rights(krb5_conf + keytab, options, "login: admin");
  expect_only_without_rights(variable("KRB5_CONFIG", names), options, "login: admin");
}

TEST_F(SetIdTest, ModulesAndOptionsAreNotTheCallers) {
  const std::string folder = realm().path("configuration");
  fs::create_directories(folder);
  std::ofstream(folder + "/set_id_server.conf") << "keytab: " << realm().path("keytab") << "\n";
  const std::string krb5_conf = variable("KRB5_CONFIG", realm().krb5_conf());
  const std::string path = variable("SASL_PATH", modules());
  expect_only_without_rights(path, "", "libgssloop_sasl: loaded");
  expect_only_without_rights(krb5_conf + path + variable("SASL_CONF_PATH", folder), "",
                             "login: admin");
}

// The GSS-API would load a mechanism that the caller wrote.
TEST_F(SetIdTest, MechanismsAreNotTheCallers) {
  const std::string scripted =
      std::string(std::getenv("GSSLOOP_BUILDDIR")) + "/tests/mech/.libs/scripted_mech.so";
  ASSERT_TRUE(fs::exists(scripted));
  const std::string file = realm().path("mechanisms");
  std::ofstream(file) << "scripted 1.3.6.1.4.1.5322.1 " << scripted << "\n";
  expect_only_without_rights(variable("GSS_MECH_CONFIG", file), "--modules " + modules(),
                             "scripted_mech: loaded");
}

}  // namespace
}  // namespace gssloop::testing
