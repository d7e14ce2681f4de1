// SPDX-License-Identifier: BSD-2-Clause

// Fails the Nth GSS-API call of a login over Kerberos, for every N, on both sides, in each
// mechanism and with all that an exchange can have. The login fails with a code and a sentence, or
// is what it is without the fault. A refused user never gets in, nothing is left in memory, no
// descriptor stays open, and the next login works.

#include "tests/fault/failing_malloc.h"
#include "tests/fault/faults.h"
#include "tests/fault/login_exchanges.h"
#include "tests/support/growth.h"

namespace gssloop::testing {
namespace {

// A status of each class; fault_test has the others. Half of them also with outputs: it is the
// library that must not use these, and fault_test looks at that.
constexpr std::pair<OM_uint32, bool> kClasses[] = {
    {GSS_S_FAILURE, true},     {GSS_S_DEFECTIVE_TOKEN, false},     {GSS_S_BAD_SIG, false},
    {GSS_S_NO_CRED, false},    {GSS_S_CREDENTIALS_EXPIRED, false}, {GSS_S_CONTINUE_NEEDED, true},
    {GSS_S_UNAVAILABLE, true}, {GSS_S_DUPLICATE_TOKEN, true}};

class LoginCalls : public LoginFaultTest {
 protected:
  void TearDown() override {
    faults().disarm();
    LoginFaultTest::TearDown();
  }

  // Little or no strength, or an empty message.
  static bool is_answer(const std::string& function) {
    return function == "gss_inquire_sec_context_by_oid" || function == "gss_wrap_size_limit" ||
           (faults().major() == GSS_S_COMPLETE && function.starts_with("gss_unwrap"));
  }

  // A login with the fault, and the next one.
  LoginOutcome run(unsigned number, OM_uint32 major, Way way) {
    faults().arm(number, major, way);
    LoginOutcome outcome = log_in_once();
    faults().disarm();
    const LoginOutcome next = log_in_once();
    EXPECT_EQ(next.client.code, without_fault_.client.code) << next.client.said;
    EXPECT_EQ(next.client.granted, without_fault_.client.granted);
    EXPECT_EQ(next.server.code, without_fault_.server.code) << next.server.said;
    EXPECT_EQ(next.server.granted, without_fault_.server.granted);
    EXPECT_EQ(next.messages, without_fault_.messages);
    return outcome;
  }

  // True if the memory grows each time: what grows once is a cache.
  bool leaks(unsigned number, OM_uint32 major, Way way) {
    for (int i = 0; i < 6; ++i) {
      const long before = num_blocks();
      run(number, major, way);
      if (num_blocks() <= before) return false;
    }
    return true;
  }

  void fail_each_call(OM_uint32 major, Way way) {
    for (unsigned number = 1; !HasFailure(); ++number) {
      const long before = num_blocks();
      const LoginOutcome outcome = run(number, major, way);
      const std::string function = faults().struck();
      if (function.empty()) return;
      SCOPED_TRACE(function + ", call " + std::to_string(number) + ", major " +
                   std::to_string(major) + (way == Way::kAfterwards ? ", afterwards" : ""));
      expect_clean(outcome, without_fault_, is_answer(function));
      EXPECT_FALSE(num_blocks() > before && leaks(number, major, way));
      EXPECT_EQ(num_descriptors(), num_descriptors_);
    }
  }

  void prepare() {
    for (int i = 0; i < 3; ++i) without_fault_ = log_in_once();  // fills caches
    EXPECT_EQ(without_fault_.server.code, GetParam().is_refused ? SASL_NOAUTHZ : SASL_OK)
        << without_fault_.server.said;
    num_descriptors_ = num_descriptors();
  }

  LoginOutcome without_fault_;
  long num_descriptors_ = 0;
};

TEST_P(LoginCalls, EachFailedCallFailsTheLoginCleanly) {
  SPEC("L10 L24 L41 N14");
  prepare();
  for (const auto& [major, is_also_afterwards] : kClasses) {
    fail_each_call(major, Way::kInstead);
    if (is_also_afterwards) fail_each_call(major, Way::kAfterwards);
    if (!GetParam().has_ticket) return;  // the KDC takes its time
  }
}

TEST_P(LoginCalls, ASuccessWithoutOutputsIsNoSuccess) {
  SPEC("L10 L41 N14");
  prepare();
  fail_each_call(GSS_S_COMPLETE, Way::kInstead);
}

INSTANTIATE_TEST_SUITE_P(Exchanges, LoginCalls, ::testing::ValuesIn(login_exchanges()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace gssloop::testing
