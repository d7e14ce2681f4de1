// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SPEC_GS2_SCRIPTED_H_
#define GSSLOOP_TESTS_SPEC_GS2_SCRIPTED_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "tests/mech/loader.h"
#include "tests/support/sasl_pair.h"
#include "tests/support/spec.h"

namespace gssloop::testing {

inline constexpr char kScriptedName[] = "GS2-SCRIPTED";
inline constexpr char kUnframedName[] = "GS2-UNFRAMED";

// Gs2Test runs logins through libsasl, the real module, and a mechanism that does what a script
// says. At the end of each test nothing of the mechanism may be alive, and no call may have been
// one that no correct caller makes.
class Gs2Test : public ::testing::Test {
 protected:
  void SetUp() override {
    // Before the first GSS call; and no Kerberos of this machine's.
    scripted().reset();
    setenv("KRB5_CONFIG", "/dev/null", 1);
    setenv("KRB5_KTNAME", "/dev/null", 1);
    // An empty ccache crashes libkrb5 1.20.1 at random; one that is not there does not.
    setenv("KRB5CCNAME", "FILE:/nowhere/ccache", 1);
    unsetenv("USER");
    unsetenv("USERNAME");
    library_ = std::make_unique<SaslLibrary>();
  }
  void TearDown() override {
    expect_clean();
    library_.reset();
    EXPECT_EQ(scripted().live(), Live{});
  }

  static void expect_clean() {
    const Live live = scripted().live();
    // Acceptor credentials are kept as long as the module is loaded.
    EXPECT_EQ(live.contexts, 0U);
    EXPECT_EQ(live.names, 0U);
    const Record record = scripted().record();
    EXPECT_EQ(record.overruns, 0U);
    EXPECT_EQ(record.stale_handles, 0U);
    EXPECT_EQ(record.bad_cursors, 0U);
    for (const DeleteCall& call : record.deletes) EXPECT_FALSE(call.had_buffer);
  }

  // Plays a script of these legs.
  static void play(std::vector<Leg> initiator, std::vector<Leg> acceptor) {
    Script script;
    script.initiator = std::move(initiator);
    script.acceptor = std::move(acceptor);
    scripted().play(std::move(script));
  }

  static ServerSetup watched() {
    ServerSetup setup;
    setup.canon_user = [](CanonCall*) { return SASL_OK; };
    setup.proxy_policy = [](const ProxyCall&) { return SASL_OK; };
    return setup;
  }

 private:
  std::unique_ptr<SaslLibrary> library_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SPEC_GS2_SCRIPTED_H_
