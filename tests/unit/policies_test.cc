// SPDX-License-Identifier: BSD-2-Clause
// The policies that a process holds, and the codes of failures.
#include "plugin/server/policies.h"

#include <gtest/gtest.h>

#include <cstdarg>

#include "plugin/sasl/errors.h"

namespace gssloop::plugin {
namespace {

std::vector<std::string>* lines() {
  static std::vector<std::string> all;
  return &all;
}

[[gnu::format(printf, 3, 4)]] void on_log(sasl_conn_t*, int, const char* format, ...) {
  va_list args;
  va_start(args, format);
  char line[512];
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  lines()->emplace_back(line);
}

void on_error(sasl_conn_t*, unsigned, const char*, ...) {}

class PoliciesTest : public ::testing::Test {
 protected:
  PoliciesTest() {
    utils_.log = on_log;
    utils_.seterror = on_error;
    lines()->clear();
  }
  SaslUtils sasl() const { return SaslUtils(&utils_); }

  sasl_utils_t utils_{};
};

// An application that makes up paths must not make the process grow. What is held is logged once;
// what is not held is read, and logged, each time.
TEST_F(PoliciesTest, NoMoreThanSixtyFourAreHeld) {
  Policies policies({});
  const auto is_logged = [&](int number) {
    lines()->clear();
    const auto path = "/nonexistent/" + std::to_string(number) + ".toml";
    EXPECT_EQ(policies.current(path, sasl())->policy, nullptr);
    return !lines()->empty();
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
