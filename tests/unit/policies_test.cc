// SPDX-License-Identifier: BSD-2-Clause
// The policies that a process holds, and the codes of failures.
#include "plugin/server/policies.h"

#include <gtest/gtest.h>

#include "plugin/sasl/errors.h"
#include "tests/unit/logged_lines.h"

namespace gssloop::plugin {
namespace {

using testing::keep_logged_line;
using testing::logged_lines;

void on_error(sasl_conn_t*, unsigned, const char*, ...) {}

class PoliciesTest : public ::testing::Test {
 protected:
  PoliciesTest() {
    utils_.log = keep_logged_line;
    utils_.seterror = on_error;
    logged_lines().clear();
  }
  SaslUtils sasl() const { return SaslUtils(&utils_); }

  sasl_utils_t utils_{};
};

// An application that makes up paths must not make the process grow. What is held is logged once;
// what is not held is read, and logged, each time.
TEST_F(PoliciesTest, NoMoreThanSixtyFourAreHeld) {
  Policies policies({});
  const auto is_logged = [&](int number) {
    logged_lines().clear();
    const auto path = "/nonexistent/" + std::to_string(number) + ".toml";
    EXPECT_EQ(policies.current(path, sasl())->policy, nullptr);
    return !logged_lines().empty();
  };
  for (int number = 0; number < 65; ++number) EXPECT_TRUE(is_logged(number)) << number;
  for (int number = 0; number < 64; ++number) EXPECT_FALSE(is_logged(number)) << number;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(is_logged(64)) << i;
}

// A callback that reports a failure with a code of success must not let the login go on.
TEST_F(PoliciesTest, AFailureNeverHasACodeOfSuccess) {
  for (const int code : {SASL_OK, SASL_CONTINUE, SASL_INTERACT, SASL_BADPARAM, SASL_NOUSER}) {
    const LoginError error{ErrorKind::kCallback, "x", code};
    const int expected = code < SASL_OK ? code : SASL_FAIL;
    EXPECT_EQ(report_client(sasl(), error), expected);
    EXPECT_EQ(report_server(sasl(), error, false), expected);
  }
}

}  // namespace
}  // namespace gssloop::plugin
