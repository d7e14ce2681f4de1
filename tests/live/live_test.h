// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_LIVE_TEST_H_
#define GSSLOOP_TESTS_LIVE_LIVE_TEST_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/handle.h"
#include "tests/kdc/forge.h"
#include "tests/kdc/realm.h"
#include "tests/support/sasl_pair.h"
#include "tests/support/spec.h"

namespace gssloop::testing {

inline constexpr char kGs2[] = "GS2-KRB5";
inline constexpr char kGs2Plus[] = "GS2-KRB5-PLUS";

// LiveTest gives each test the process's one KDC and a fresh libsasl with the real module.
//
// The realm EXAMPLE.TEST has the users alice and bob, OTHER.TEST has carol, all with the password
// "secret". Kerberos knows how alice and carol logged in (two auth-indicators), and not of bob. The
// services imap/localhost, imap/mail.example.test, smtp/localhost and svn/localhost are in the
// default keytab. The default ticket is alice's, and may be forwarded.
class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  static Realm& realm();
  SaslLibrary& library() { return *library_; }
  // A new libsasl, whose modules see these options when they are loaded.
  void restart_library(SaslOptions server, SaslOptions client = {});
  // No libsasl, until restart_library.
  void end_library() { library_.reset(); }

  // use_ccache makes `name` the default ccache of this process until the test ends.
  static void use_ccache(const std::string& name);
  // ccache is the name of a ccache file of this test's own.
  static std::string ccache(const std::string& file) { return "FILE:" + realm().path(file); }
  // use_forged makes a forged service ticket the only one.
  static void use_forged(const ForgedTicket& ticket);
  // default_credential is what the default ccache holds, for every mechanism.
  static gss::Credential default_credential();
  // own_keytab adds the current key of a service to a keytab of this test's own: its path.
  static std::string own_keytab(const std::string& file,
                                const std::string& service = "imap/localhost");
  // put_file replaces `to` by a copy of `from`, as an administrator should: by renaming.
  static void put_file(const std::string& from, const std::string& to);
  // Which keeps tests apart that would take each other's tokens for replays: no cache at all.
  static void disable_replay_cache();

 private:
  std::unique_ptr<SaslLibrary> library_;
};

// run_inside runs the current test once more, in a process of its own, and demands that it ends
// well; is_inside says that this is that process. For what libsasl takes only once in a process.
bool is_inside();
void run_inside();

// bare_token is the mechanism's own part of a framed initial token of krb5.
std::string bare_token(const std::string& framed);

// expect_sentence demands of a failure's text what a person needs: each of `parts`, and the texts
// of a major and a minor status.
void expect_sentence(const std::string& text, const std::vector<std::string>& parts);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_LIVE_TEST_H_
