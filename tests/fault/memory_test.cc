// SPDX-License-Identifier: BSD-2-Clause

// Fails the Nth allocation of a server's login, for every N: in the module, in libsasl, in the
// GSS-API and in libkrb5. Each login is one that a rule refuses. Without memory it may fail in
// other ways, but it must not succeed: what could not be read is unknown, and never absent.

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tests/fault/failing_malloc.h"
#include "tests/fault/injected.h"
#include "tests/fault/library_crash.h"
#include "tests/live/policy_session.h"
#include "tests/support/sanitizer.h"
#include "tests/support/shared_memory.h"

namespace gssloop::testing {
namespace {

constexpr char kLogonInfo[] =
    "[attributes.groups]\n"
    "from = [{ mechanism = \"krb5\", name = \"urn:mspac:logon-info\", form = \"hex\" }]\n";

// Exit status of a child.
constexpr int kWrongLogin = 5;

// Report is what a child process did so far, in memory that it shares with the test.
struct Report {
  unsigned long number;      // of the allocation that fails now
  bool is_done;              // the last number was higher than that of the last allocation
  unsigned long num_failed;  // logins
  unsigned long num_admitted;
  unsigned long first_admitted;  // its number
};

// Application is a server whose callbacks allocate nothing. An exception must not leave a callback.
class Application {
 public:
  explicit Application(const std::string& policy) : policy_(policy) {}

  // One login by the client's first message; SASL_OK or a failure.
  int log_in(const char* mechanism, const std::string& message, unsigned long number,
             Scarcity scarcity, bool* has_failed) {
    sasl_conn_t* connection = nullptr;
    if (sasl_server_new("imap", "localhost", nullptr, nullptr, nullptr, callbacks_,
                        SASL_SUCCESS_DATA, &connection) != SASL_OK) {
      return SASL_FAIL;
    }
    sasl_security_properties_t security{};
    security.max_ssf = 256;
    security.maxbufsize = 65536;
    sasl_setprop(connection, SASL_SEC_PROPS, &security);
    const char* out = nullptr;
    unsigned out_len = 0;
    if (number != 0) fail_allocation(number, scarcity);
    int code = sasl_server_start(connection, mechanism, message.data(),
                                 static_cast<unsigned>(message.size()), &out, &out_len);
    *has_failed = end_scarcity();
    if (code == SASL_OK) expect_right(connection);
    // The error token was sent as a challenge. What follows must be a failure.
    if (code == SASL_CONTINUE) code = sasl_server_step(connection, "", 0, &out, &out_len);
    sasl_dispose(&connection);
    return code;
  }

 private:
  static int on_option(void* context, const char*, const char* option, const char** result,
                       unsigned* len) {
    if (std::strcmp(option, "gssloop_policy") != 0) return SASL_FAIL;
    *result = static_cast<const Application*>(context)->policy_.c_str();
    if (len != nullptr) *len = static_cast<unsigned>(std::strlen(*result));
    return SASL_OK;
  }
  static int on_log(void*, int, const char*) { return SASL_OK; }

  // A login without memory is the login with memory, or none.
  static void expect_right(sasl_conn_t* connection) {
    const void* name = nullptr;
    sasl_getprop(connection, SASL_USERNAME, &name);
    if (name == nullptr || std::strcmp(static_cast<const char*>(name), "alice") != 0)
      _exit(kWrongLogin);
    const Properties all = read_properties(sasl_auxprop_getctx(connection));
    const auto found = all.find("*assurance");
    if (found == all.end() || found->second != Values{"spake", "second-factor"}) _exit(kWrongLogin);
  }

  const std::string policy_;
  const sasl_callback_t callbacks_[3] = {{SASL_CB_GETOPT, as_callback(&on_option), this},
                                         {SASL_CB_LOG, as_callback(&on_log), nullptr},
                                         {SASL_CB_LIST_END, nullptr, nullptr}};
};

class MemoryTest : public PolicyTest {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    if (kHasSanitizer) GTEST_SKIP() << kOwnMalloc;
    disable_replay_cache();
  }

  // The first message of the client; without a replay cache, it counts again and again.
  static std::string first_message(const char* mechanism) {
    SaslClient client;
    return client.start(mechanism).out.value_or("");
  }

  // In a child process, from report_->number on: a crash must not end the test.
  void run_on(Application* server, const char* mechanism, const std::string& message,
              Scarcity scarcity) {
    exit_after_crash_of_library();
    for (bool has_failed = true; has_failed; ++report_->number) {
      const int code = server->log_in(mechanism, message, report_->number, scarcity, &has_failed);
      if (has_failed) note_injected();
      if (code == SASL_OK) {
        if (report_->num_admitted++ == 0) report_->first_admitted = report_->number;
      } else {
        ++report_->num_failed;
      }
    }
    report_->is_done = true;
  }

  // Fails each allocation in turn. `code` is that of the login with memory.
  void expect_no_login(const char* mechanism, Scarcity scarcity, int code = SASL_NOAUTHZ) {
    const std::string message = first_message(mechanism);
    Application server(policy_path());
    bool has_failed = false;
    // Also fills the cache of credentials, so that each login after it makes the same calls.
    ASSERT_EQ(server.log_in(mechanism, message, 0, scarcity, &has_failed), code);
    *report_ = {};
    report_->number = 1;
    while (!report_->is_done) {
      const pid_t child = fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        run_on(&server, mechanism, message, scarcity);
        _exit(0);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      EXPECT_TRUE(WIFEXITED(status)) << "a crash when allocation " << report_->number << " failed";
      EXPECT_TRUE(WEXITSTATUS(status) == kCrashOfLibrary || WEXITSTATUS(status) == kEndByLibsasl)
          << "exit status " << WEXITSTATUS(status) << ", allocation " << report_->number;
      ++report_->number;
    }
    if (code != SASL_OK) {
      EXPECT_EQ(report_->num_admitted, 0U) << "first: " << report_->first_admitted;
    }
    EXPECT_GT(report_->num_failed, 100U);
    RecordProperty("allocations", static_cast<int>(report_->number));
  }

  void expect_no_login_ever() {
    for (const char* mechanism : {kGs2, "GSS-SPNEGO"}) {
      for (const Scarcity scarcity : {Scarcity::kOne, Scarcity::kFromHere}) {
        SCOPED_TRACE(std::string(mechanism) + (scarcity == Scarcity::kOne ? "" : ", all after it"));
        expect_no_login(mechanism, scarcity);
      }
    }
  }

  Report* const report_ = new_shared<Report>();
};

TEST_F(MemoryTest, DeniedIndicatorsAreNeverAbsent) {
  SPEC("N2");
  set_rules("deny = [\"assurance=spake\"]\n");
  expect_no_login_ever();
}

TEST_F(MemoryTest, ARequiredIndicatorMeansACompleteLogin) {
  SPEC("N2");
  set_rules("require = [\"assurance=spake\"]\npublish = [\"assurance\"]\n");
  for (const Scarcity scarcity : {Scarcity::kOne, Scarcity::kFromHere}) {
    expect_no_login(kGs2, scarcity, SASL_OK);
  }
}

TEST_F(MemoryTest, ADeniedBufferOfAPacIsNeverAbsent) {
  SPEC("P6");
  write_policy(kLogonInfo + std::string("[services.imap]\ndeny = [\"groups=696e666f\"]\n"));
  use_forged({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "info"});
  expect_no_login_ever();
}

TEST_F(MemoryTest, AWrongPacIsNeverAbsent) {
  SPEC("P6");
  write_policy(kLogonInfo + std::string("[services.imap]\ndeny = [\"groups=00\"]\n"));
  use_forged({.client = {{"alice"}}, .pac = Signature::kBad, .logon_info = "info"});
  expect_no_login_ever();
}

}  // namespace
}  // namespace gssloop::testing
