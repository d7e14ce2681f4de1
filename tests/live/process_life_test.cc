// SPDX-License-Identifier: BSD-2-Clause
// What a server's process goes through: it forks before and after it uses libsasl, changes its root
// directory, has no environment, ends libsasl and begins again, and unloads it.
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/live/attacker.h"
#include "tests/live/policy_session.h"
#include "tests/live/user_namespace.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;

class ProcessLifeTest : public PolicyTest {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    if (IsSkipped()) return;
    set_rules("");
  }

  static bool logs_in(const std::string& mechanism) {
    SaslClient client;
    SaslServer server(under_policy());
    const bool is_ok = log_in(&client, &server, mechanism).ok() && server.authid() == "alice";
    if (!is_ok) std::fputs((client.error() + "\n" + server.log().text()).c_str(), stderr);
    return is_ok;
  }
  static bool logs_in_with_each() {
    return std::ranges::all_of(kMechanisms, [](const char* name) { return logs_in(name); });
  }
};

// expect_in_child runs `body` in a child process, and demands that it returns true.
template <class Body>
void expect_in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "in a child process";
}

TEST_F(ProcessLifeTest, AChildThatBeginsAndEndsLibsaslItself) {
  end_library();
  expect_in_child([] {
    const SaslLibrary own;
    return logs_in_with_each();
  });
  restart_library({});
  EXPECT_TRUE(logs_in_with_each());
  // And after its parent began: the child's end is not the parent's.
  expect_in_child([this] {
    if (!logs_in_with_each()) return false;
    end_library();
    const SaslLibrary own;
    return logs_in_with_each();
  });
  EXPECT_TRUE(logs_in_with_each());
}

// Parent and child each have half of a login. The message was used once already, so the replay
// cache does not matter; the sequence of each layer is its own.
TEST_F(ProcessLifeTest, AForkInTheMiddleOfALogin) {
  SaslServer server(under_policy());
  RawContext client;
  const std::string offer = reach_offer(&server, &client).out.value_or("");
  client.unwrap(offer);
  const std::string choice = client.wrap(layer_message(4, 65536));
  const std::string packet = client.packet("hello", true);
  const auto finishes = [&] {
    return server.step(choice).code == SASL_OK && server.authid() == "alice" &&
           server.decode(packet).out == "hello";
  };
  expect_in_child(finishes);
  EXPECT_TRUE(finishes()) << server.log().text();
}

// Daemons have no HOME, and cron has no USER.
TEST_F(ProcessLifeTest, WithoutHome) {
  expect_in_child([this] {
    end_library();
    for (const char* name :
         {"HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "LANG", "XDG_RUNTIME_DIR"}) {
      unsetenv(name);
    }
    const SaslLibrary fresh;
    return logs_in_with_each();
  });
  expect_in_child([] {
    setenv("HOME", "/nonexistent", 1);
    return logs_in_with_each();
  });
}

// libsasl closes the module, but the module stays: krb5 has threads' data and handlers in it.
TEST_F(ProcessLifeTest, TheModuleStaysLoaded) {
  const std::string path = std::string(std::getenv("GSSLOOP_PLUGIN_DIR")) + "/libgssloop_sasl.so";
  ASSERT_TRUE(logs_in_with_each());
  for (int i = 0; i < 3; ++i) {
    end_library();
    void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
    EXPECT_NE(handle, nullptr) << "the module was unloaded";
    if (handle != nullptr) dlclose(handle);
    if (i == 1) continue;  // ended twice
    restart_library({});
    EXPECT_TRUE(logs_in_with_each());
  }
  restart_library({});
}

// A plug-in of another program brings libsasl along, and goes with it.
TEST_F(ProcessLifeTest, AProgramThatUnloadsLibsasl) {
  const std::string program =
      std::string(std::getenv("GSSLOOP_BUILDDIR")) + "/tests/live/libsasl_user";
  const std::string output = realm().path("libsasl_user.out");
  const int status = std::system(
      (program + " " + std::getenv("GSSLOOP_PLUGIN_DIR") + " >" + output + " 2>&1").c_str());
  std::stringstream text;
  text << std::ifstream(output).rdbuf();
  EXPECT_EQ(status, 0) << text.str();
  EXPECT_EQ(text.str(), "GSS-SPNEGO GSSAPI GS2-KRB5\n");
}

class ChrootTest : public ProcessLifeTest {
 protected:
  void SetUp() override {
    ProcessLifeTest::SetUp();
    if (IsSkipped()) return;
    root_ = realm().path("new-root");
    fs::remove_all(root_);
    for (const std::string& file : {keytab(), realm().krb5_conf()}) provide(file);
    int status = -1;
    const pid_t child = fork();
    if (child == 0) _exit(change_root() ? 0 : 1);
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (status != 0) GTEST_SKIP() << "this user cannot change the root directory in a namespace";
  }

  static std::string keytab() { return realm().path("keytab"); }
  std::string inside(const std::string& path) const { return root_ + path; }
  void provide(const std::string& path) const {
    fs::create_directories(fs::path(inside(path)).parent_path());
    fs::copy_file(path, inside(path), fs::copy_options::overwrite_existing);
  }

  bool change_root() const {
    return enter_namespaces() && chroot(root_.c_str()) == 0 && chdir("/") == 0;
  }

  // What a server in the new root says to a login that its client began outside.
  void expect(const std::string& mechanism, bool is_admitted, const std::string& sentence) {
    SCOPED_TRACE(mechanism + " " + sentence);
    restart_library({{"gssloop_policy", policy_path()}});  // begins outside, as such servers do
    SaslClient client;
    const auto message = client.start(mechanism).out;
    expect_in_child([&] {
      if (!change_root()) return false;
      SaslServer server(under_policy());
      Turn turn = server.start(mechanism, message);
      if (turn.code == SASL_CONTINUE) turn = server.step("");
      const std::string log = server.log().text();
      const bool is_as_expected =
          turn.code >= SASL_OK ? is_admitted : !is_admitted && log.find(sentence) != log.npos;
      if (!is_as_expected) std::fprintf(stderr, "%d: %s\n", turn.code, log.c_str());
      return is_as_expected;
    });
  }

  std::string root_;
};

TEST_F(ChrootTest, AServerChangesItsRootDirectory) {
  SPEC("R11");
  for (const char* mechanism : kMechanisms) {
    set_rules("");
    expect(mechanism, true, "");
    // What is not there in the new root:
    fs::remove(inside(keytab()));
    expect(mechanism, false, "the keytab has no key for this service");
    provide(keytab());
    expect(mechanism, true, "");
    setenv("KRB5RCACHENAME", ("file2:" + realm().path("rcaches/file")).c_str(), 1);
    fs::create_directories(realm().path("rcaches"));
    expect(mechanism, false, "the replay cache cannot be written: ");
    realm().apply_to_this_process();
  }
  // The policy that was read before holds: it is outside, and cannot change any more. (GSSAPI asks
  // it after the choice of a layer.)
  for (const char* mechanism : {kGs2, kSpnego}) {
    set_rules("require = [\"assurance=nothing\"]\n");
    expect(mechanism, false, "require");
  }
}

}  // namespace
}  // namespace gssloop::testing
