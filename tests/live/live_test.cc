// SPDX-License-Identifier: BSD-2-Clause
#include "tests/live/live_test.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gssloop/gss/initial_token.h"

namespace gssloop::testing {
namespace {

std::unique_ptr<Realm>& held_realm() {
  static std::unique_ptr<Realm> realm;
  return realm;
}

// Ends the KDC with the program's tests and not in a static destructor.
class RealmEnvironment : public ::testing::Environment {
  void TearDown() override { held_realm().reset(); }
};
const auto* const registered = ::testing::AddGlobalTestEnvironment(new RealmEnvironment);

std::unique_ptr<Realm> make_realm() {
  RealmOptions options;
  options.foreign_realms = {"OTHER.TEST"};
  options.services = {"imap/localhost", "smtp/localhost", "svn/localhost",
                      "imap/mail.example.test"};
  options.hosts = {"mail.example.test"};
  auto realm = std::make_unique<Realm>(options);
  realm->add_user("alice", "secret");
  realm->add_user("bob", "secret", false);
  realm->add_user("carol@OTHER.TEST", "secret");
  realm->kinit({.user = "alice", .password = "secret", .forwardable = true});
  return realm;
}

}  // namespace

Realm& LiveTest::realm() {
  if (!held_realm()) held_realm() = make_realm();
  return *held_realm();
}

void LiveTest::SetUp() {
  if (const std::string reason = Realm::missing(); !reason.empty()) GTEST_SKIP() << reason;
  realm().apply_to_this_process();
  // Where an application has no SASL_CB_AUTHNAME, libsasl answers it itself, out of these.
  unsetenv("USER");
  unsetenv("USERNAME");
  library_ = std::make_unique<SaslLibrary>();
}

void LiveTest::TearDown() { library_.reset(); }

void LiveTest::restart_library(SaslOptions server, SaslOptions client) {
  library_.reset();
  library_ = std::make_unique<SaslLibrary>(std::move(server), std::move(client));
}

void LiveTest::use_ccache(const std::string& name) { setenv("KRB5CCNAME", name.c_str(), 1); }

void LiveTest::use_forged(const ForgedTicket& ticket) {
  use_ccache(ccache("forged"));
  forge_ticket(realm(), ticket, ccache("forged"));
}

gss::Credential LiveTest::default_credential() {
  gss::Credential credential;
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, GSS_C_NO_OID_SET, GSS_C_INITIATE,
                             credential.out(), nullptr, nullptr),
            0U);
  return credential;
}

std::string LiveTest::own_keytab(const std::string& file, const std::string& service) {
  realm().write_keytab(realm().path(file), {service});
  return realm().path(file);
}

void LiveTest::put_file(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to + ".new");
  std::filesystem::rename(to + ".new", to);
}

void LiveTest::disable_replay_cache() { setenv("KRB5RCACHENAME", "none:", 1); }

namespace {

constexpr char kInsideVariable[] = "GSSLOOP_TEST_INSIDE";

}  // namespace

bool is_inside() { return std::getenv(kInsideVariable) != nullptr; }

void run_inside() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string output =
      std::filesystem::temp_directory_path() / ("gssloop-inside." + std::to_string(getpid()));
  setenv(kInsideVariable, "yes", 1);
  // What is reported of the test is this process's to report.
  const int status = std::system(("exec env -u GTEST_OUTPUT -u GTEST_TOTAL_SHARDS " + self +
                                  " --gtest_filter=" + test->test_suite_name() + "." +
                                  test->name() + " >" + output + " 2>&1")
                                     .c_str());
  unsetenv(kInsideVariable);
  std::stringstream text;
  text << std::ifstream(output).rdbuf();
  std::filesystem::remove(output);
  EXPECT_EQ(status, 0) << text.str();
  EXPECT_NE(text.str().find("[  PASSED  ] 1 test"), std::string::npos) << text.str();
}

std::string bare_token(const std::string& framed) {
  const auto inner = gss::strip_initial_header(as_bytes(framed), gss::Oid::krb5());
  return inner ? to_string(*inner) : std::string();
}

void expect_sentence(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" is not in: " << text;
  }
}

}  // namespace gssloop::testing
