// SPDX-License-Identifier: BSD-2-Clause
// A client's name and password in a mechanism that is not Kerberos. Such a mechanism gives out a
// credential although there is no secret in it, so the credential is no reason not to ask.
#include <malloc.h>

#include <algorithm>

#include "tests/spec/gs2_scripted.h"

namespace gssloop::testing {
namespace {

using Acquire = AcquireCall;

// The credential that the login used, and what the client asked its application.
struct Used {
  int code = SASL_FAIL;
  std::vector<Acquire> acquired;  // as an initiator
  std::vector<unsigned long> asked;
  std::string error;

  bool has_password() const {
    return std::ranges::any_of(acquired, [](const Acquire& call) { return !!call.password; });
  }
};

class Gs2PasswordTest : public Gs2Test {
 protected:
  static Used start(const ClientSetup& setup) {
    SaslClient client(setup);
    Used used;
    used.code = client.start(kScriptedName).code;
    used.asked = client.asked();
    used.error = client.error();
    for (const Acquire& call : scripted().record().acquires) {
      if (call.usage == GSS_C_INITIATE) used.acquired.push_back(call);
    }
    return used;
  }
};

TEST_F(Gs2PasswordTest, NameAndPasswordOfTheApplicationAreUsed) {
  SPEC("L45");
  for (const auto way : {says, types}) {
    scripted().reset();
    const Used used = start({.authname = way("alice"), .password = way("secret")});
    EXPECT_EQ(used.code, SASL_OK) << used.error;
    ASSERT_EQ(used.acquired.size(), 1U);
    EXPECT_EQ(used.acquired[0].name, "alice");
    EXPECT_EQ(used.acquired[0].password, "secret");
  }
}

// Without one of the two, the mechanism finds the secret itself, as Moonshot's identity selector.
TEST_F(Gs2PasswordTest, WithoutBothTheMechanismFindsTheSecret) {
  const struct {
    ClientSetup setup;
    std::optional<std::string> name;
  } rows[] = {
      {{}, std::nullopt},
      {{.authname = says("alice")}, "alice"},
      {{.password = says("secret")}, std::nullopt},
      {{.password = types("secret")}, std::nullopt},
      {{.authname = says("alice"), .password = says("")}, "alice"},
      {{.authname = types(""), .password = types("secret")}, std::nullopt},
      {{.authname = says("alice"), .password = {Reply::How::kProcedure, "", SASL_FAIL}}, "alice"},
      {{.options = {{"gssloop_password", "none"}},
        .authname = says("alice"),
        .password = says("secret")},
       "alice"},
  };
  for (const auto& row : rows) {
    scripted().reset();
    const Used used = start(row.setup);
    EXPECT_EQ(used.code, SASL_OK) << used.error;
    ASSERT_FALSE(used.acquired.empty());
    EXPECT_FALSE(used.has_password());
    EXPECT_EQ(used.acquired.back().name, row.name);
  }
}

TEST_F(Gs2PasswordTest, AMechanismWithoutPasswordsUsesItsCredential) {
  scripted().edit([](Script& script) {
    script.credentials.acquire_with_password = Answer{GSS_S_UNAVAILABLE, 0};
  });
  const Used used = start({.authname = says("alice"), .password = says("secret")});
  EXPECT_EQ(used.code, SASL_OK) << used.error;
  EXPECT_FALSE(used.acquired.back().password);
  EXPECT_EQ(used.acquired.back().name, "alice");
}

// 65535 bytes: an answer of any length is copied.
TEST_F(Gs2PasswordTest, APasswordHasAMaximalLength) {
  for (const auto way : {says, types}) {
    for (const std::size_t len : {std::size_t{65535}, std::size_t{65536}}) {
      scripted().reset();
      const Used used = start({.authname = says("alice"), .password = way(std::string(len, 'x'))});
      EXPECT_EQ(used.code == SASL_OK, len == 65535) << used.error;
      EXPECT_EQ(used.has_password(), len == 65535);
    }
  }
}

// An application may have filled the memory that libsasl's allocator returns.
TEST_F(Gs2PasswordTest, TheModulesQuestionsHaveNoOldContents) {
  mallopt(M_PERTURB, 0x5a);
  SaslClient client({.authname = types("alice"), .password = types("secret")});
  sasl_interact_t* questions = nullptr;
  const char *out = nullptr, *chosen = nullptr;
  unsigned len = 0;
  const int code = sasl_client_start(client.get(), kScriptedName, &questions, &out, &len, &chosen);
  mallopt(M_PERTURB, 0);
  ASSERT_EQ(code, SASL_INTERACT) << client.error();
  ASSERT_NE(questions, nullptr);
  for (; questions->id != SASL_CB_LIST_END; ++questions) {
    EXPECT_EQ(questions->defresult, nullptr);
    EXPECT_EQ(questions->result, nullptr);
    EXPECT_EQ(questions->len, 0U);
  }
}

// A credential without the secret would fail later, and without the reason.
TEST_F(Gs2PasswordTest, ARefusedPasswordEndsTheLogin) {
  scripted().edit([](Script& script) {
    script.credentials.acquire_with_password = Answer{GSS_S_FAILURE, 7};
  });
  const Used used = start({.authname = says("alice"), .password = says("wrong")});
  EXPECT_EQ(used.code, SASL_FAIL);
  EXPECT_NE(used.error.find("getting a credential for alice with a password"), std::string::npos)
      << used.error;
  EXPECT_EQ(used.error.find("wrong"), std::string::npos);
}

}  // namespace
}  // namespace gssloop::testing
