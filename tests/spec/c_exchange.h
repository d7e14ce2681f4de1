// SPDX-License-Identifier: BSD-2-Clause

// What the tests of gssloop.h with the scripted mechanism share.

#ifndef GSSLOOP_TESTS_SPEC_C_EXCHANGE_H_
#define GSSLOOP_TESTS_SPEC_C_EXCHANGE_H_

#include <gtest/gtest.h>

#include <string>

#include "tests/mech/loader.h"
#include "tests/support/c_handles.h"
#include "tests/support/spec.h"

namespace gssloop::testing {

inline constexpr const char* kService = "imap@host.example.com";
inline constexpr std::uint32_t kProtection = GSSLOOP_FLAG_CONF | GSSLOOP_FLAG_INTEG;

// Whatever a test does, every context, name and credential is given back.
class CSpec : public ::testing::Test {
 protected:
  void SetUp() override { scripted().reset(); }
  void TearDown() override {
    EXPECT_EQ(scripted().live(), Live{});
    EXPECT_EQ(scripted().record().stale_handles, 0U);
  }
};

// One side, its options and its last step.
struct Side {
  COptions options;
  CNegotiation negotiation;
  CStep step;
  CError error;

  explicit Side(std::uint32_t required = 0) {
    EXPECT_EQ(gssloop_options_new(required, options.out()), GSSLOOP_OK);
  }
  Side& initiates(const char* mech = kDottedOids[0]) {
    EXPECT_EQ(gssloop_options_set_mech(options.get(), mech), GSSLOOP_OK);
    EXPECT_EQ(gssloop_initiator_new(kService, GSSLOOP_NAME_SERVICE, options.get(),
                                    negotiation.out(), error.out()),
              GSSLOOP_OK)
        << text_of(error);
    return *this;
  }
  Side& accepts() {
    EXPECT_EQ(gssloop_acceptor_new(options.get(), negotiation.out(), error.out()), GSSLOOP_OK)
        << text_of(error);
    return *this;
  }

  std::uint32_t start() {
    EXPECT_EQ(gssloop_negotiation_start(negotiation.get(), step.out()), GSSLOOP_OK);
    return gssloop_step_actions(step.get());
  }
  std::uint32_t arrive(const std::string& token) {
    EXPECT_EQ(
        gssloop_negotiation_on_token(negotiation.get(), token.data(), token.size(), step.out()),
        GSSLOOP_OK);
    return gssloop_step_actions(step.get());
  }
  int fault() const { return gssloop_error_fault(gssloop_step_error(step.get())); }
};

inline std::string first() { return framed(oid(Mech::kScripted), "p1"); }

inline void establish(CPair* pair, std::uint32_t required = 0) {
  Side initiator(required), acceptor;
  initiator.initiates();
  acceptor.accepts();
  negotiate(initiator.negotiation.get(), acceptor.negotiation.get(), pair);
  ASSERT_TRUE(pair->ok()) << pair->failure;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SPEC_C_EXCHANGE_H_
