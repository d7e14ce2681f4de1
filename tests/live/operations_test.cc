// SPDX-License-Identifier: BSD-2-Clause
// Mistakes of administrators and failures of machines while a server runs: the log says what is
// wrong, no user gets in by it, and once it is repaired the next login of the same process works.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/live/attacker.h"
#include "tests/live/policy_session.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

// Trouble is one thing that goes wrong.
struct Trouble {
  const char* what;
  std::function<void()> begin;
  const char* sentence;  // of the log
  std::function<void()> end;
};

class OperationsTest : public PolicyTest {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    if (IsSkipped()) return;
    fs::remove_all(realm().path("operations"));
    fs::create_directory(realm().path("operations"));
    keytab_ = own_keytab("operations/keytab");
    good_keytab_ = own_keytab("operations/good.keytab");
    other_keytab_ = own_keytab("operations/other.keytab", "smtp/localhost");
  }

  // A whole login. libsasl does not let a client begin with a mechanism that is not offered.
  bool logs_in(const std::string& mechanism) {
    SaslClient client;
    SaslServer server(under_policy({.options = {{"keytab", keytab_}}}));
    const Login login = log_in(&client, &server, mechanism);
    if (!login.messages.empty() && login.server.code == SASL_CONTINUE) server.step("");
    log_ = server.log().text();
    EXPECT_EQ(server.authid(), login.ok() ? "alice" : "");
    return login.ok();
  }

  void expect_trouble(const Trouble& trouble) {
    for (const char* mechanism : kMechanisms) {
      SCOPED_TRACE(std::string(mechanism) + ", " + trouble.what);
      ASSERT_TRUE(logs_in(mechanism)) << "before: " << log_;
      trouble.begin();
      for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(logs_in(mechanism)) << log_;
        EXPECT_NE(log_.find(trouble.sentence), log_.npos) << log_;
      }
      trouble.end();
      EXPECT_TRUE(logs_in(mechanism)) << "after: " << log_;
    }
  }

  void restore_keytab() {
    fs::remove_all(keytab_);
    fs::copy_file(good_keytab_, keytab_);
  }

  std::string keytab_, good_keytab_, other_keytab_, log_;
};

constexpr char kNoKey[] = "the keytab has no key for this service";
constexpr char kDamaged[] = "the keytab is empty or damaged, or the file is no keytab";

TEST_F(OperationsTest, Keytabs) {
  SPEC("R11");
  set_rules("");
  const auto restore = [this] { restore_keytab(); };
  const auto write = [this](const std::string& text) {
    fs::remove(keytab_);
    std::ofstream(keytab_) << text;
  };
  const auto cut = [this](std::uintmax_t len) { fs::resize_file(keytab_, len); };
  const Trouble rows[] = {
      {"missing", [this] { fs::remove(keytab_); }, kNoKey, restore},
      {"empty", [=] { cut(0); }, kDamaged, restore},
      {"cut in its first octets", [=] { cut(1); }, kDamaged, restore},
      {"cut before its first key", [=] { cut(2); }, kNoKey, restore},
      {"cut in its first key", [=] { cut(20); }, kNoKey, restore},
      {"a text", [=] { write("# no keytab\n"); }, kDamaged, restore},
      {"of a later format", [=] { write("\x05\x03\x00\x00\x00\x10"s); }, kDamaged, restore},
      {"a length without end", [=] { write("\x05\x02\x7f\xff\xff\xff"s); }, kNoKey, restore},
      {"a folder",
       [this] {
         fs::remove(keytab_);
         fs::create_directory(keytab_);
       },
       kNoKey, restore},
      {"a link to nowhere",
       [this] {
         fs::remove(keytab_);
         fs::create_symlink(keytab_ + ".nowhere", keytab_);
       },
       kNoKey, restore},
      {"another service's", [this] { put_file(other_keytab_, keytab_); }, kNoKey, restore},
  };
  for (const Trouble& row : rows) expect_trouble(row);
}

TEST_F(OperationsTest, AKeytabThatCannotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  set_rules("");
  expect_trouble({"without permission", [this] { fs::permissions(keytab_, fs::perms::none); },
                  kNoKey, [this] { fs::permissions(keytab_, fs::perms::owner_read); }});
}

TEST_F(OperationsTest, ReplayCaches) {
  set_rules("");
  const std::string folder = realm().path("operations/rcache"), file = folder + "/file";
  setenv("KRB5RCACHENAME", ("file2:" + file).c_str(), 1);
  fs::create_directory(folder);
  const auto restore = [=] {
    fs::remove_all(folder);
    fs::create_directory(folder);
  };
  const auto become = [=](const char* target) {
    fs::remove(file);
    fs::create_symlink(target, file);
  };
  constexpr char kCannotBeWritten[] = "the replay cache cannot be written: ";
  expect_trouble(
      {"its folder is missing", [=] { fs::remove_all(folder); }, kCannotBeWritten, restore});
  expect_trouble({"its disk is full", [=] { become("/dev/full"); }, kCannotBeWritten, restore});
  expect_trouble({"a folder is in its place",
                  [=] {
                    fs::remove(file);
                    fs::create_directory(file);
                  },
                  kCannotBeWritten, restore});
  if (geteuid() != 0) {
    expect_trouble({"without permission", [=] { fs::permissions(file, fs::perms::none); },
                    kCannotBeWritten, restore});
  }
}

TEST_F(OperationsTest, Policies) {
  const std::string good = "[all]\nrequire = [\"peer.realm=EXAMPLE.TEST\"]\n";
  const auto restore = [=] { write_policy(good); };
  restore();
  constexpr char kRefused[] = "gssloop: the server refuses all logins until the policy";
  expect_trouble(
      {"a word that is none", [] { write_policy("[all\n"); }, "the policy has an error", restore});
  expect_trouble({"half of it", [=] { write_policy(good.substr(0, good.size() - 4)); },
                  "the policy has an error", restore});
  expect_trouble(
      {"no text", [] { write_policy("\xff\xfe\x00"s); }, "the policy has an error", restore});
  expect_trouble(
      {"others may write it",
       [] { fs::permissions(policy_path(), fs::perms::others_write, fs::perm_options::add); },
       "the policy has an error", restore});
  expect_trouble({"a folder with such a file",
                  [] {
                    fs::remove(policy_path());
                    fs::create_directory(policy_path());
                    std::ofstream(policy_path() + "/one.toml") << "[all\n";
                  },
                  "the policy has an error",
                  [=] {
                    fs::remove_all(policy_path());
                    restore();
                  }});
  // The reason is logged once, when it is found.
  write_policy("[all\n");
  EXPECT_FALSE(logs_in(kGs2));
  EXPECT_NE(log_.find(kRefused), log_.npos) << log_;
  restore();
}

// What Kerberos itself is configured by.
TEST_F(OperationsTest, Krb5Conf) {
  set_rules("");
  const std::string conf = realm().path("operations/krb5.conf");
  const auto restore = [=] {
    fs::copy_file(realm().krb5_conf(), conf, fs::copy_options::overwrite_existing);
  };
  restore();
  setenv("KRB5_CONFIG", conf.c_str(), 1);
  for (const char* mechanism : kMechanisms) {
    ASSERT_TRUE(logs_in(mechanism)) << log_;
    SaslClient client, late_client;
    const auto message = client.start(mechanism).out;
    std::ofstream(conf) << "[libdefaults\n";
    SaslServer server(under_policy({.options = {{"keytab", keytab_}}}));
    Turn turn = server.start(mechanism, message);
    if (turn.code == SASL_CONTINUE) turn = server.step("");
    EXPECT_LT(turn.code, SASL_OK) << mechanism;
    EXPECT_TRUE(server.log().has("Improper format of Kerberos configuration file"))
        << mechanism << server.log().text();
    EXPECT_LT(late_client.start(mechanism).code, SASL_OK);
    EXPECT_NE(late_client.error().find("Improper format of Kerberos configuration file"),
              std::string::npos)
        << late_client.error();
    restore();
    EXPECT_TRUE(logs_in(mechanism)) << log_;
  }
}

// A key that is rotated: the new one is in the keytab before any client has a ticket for it, and
// the old one stays for those who have. No login is refused.
TEST_F(OperationsTest, KeysAreRotatedWhileUsersLogIn) {
  SPEC("R11");
  set_rules("");
  realm().kadmin(realm().name(), {"addprinc", "-randkey", "rotated/localhost@EXAMPLE.TEST"});
  const std::string keytab = own_keytab("operations/rotated.keytab", "rotated/localhost");
  const auto try_login = [&](const std::string& ccache_name, const std::string& mechanism) {
    use_ccache(ccache(ccache_name));
    SaslClient client({.service = "rotated"});
    SaslServer server({.service = "rotated", .options = {{"keytab", keytab}}});
    return log_in(&client, &server, mechanism).ok();
  };
  for (int rotation = 0; rotation < 3; ++rotation) {
    const std::string name = "rotated" + std::to_string(rotation);
    realm().kinit("bob", "secret", ccache(name));
    for (const char* mechanism : kMechanisms) EXPECT_TRUE(try_login(name, mechanism));
    realm().rekey("rotated/localhost");
    own_keytab("operations/rotated.keytab", "rotated/localhost");
    for (int i = 0; i <= rotation; ++i) {
      for (const char* mechanism : kMechanisms) {
        EXPECT_TRUE(try_login("rotated" + std::to_string(i), mechanism)) << i << mechanism;
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
