// SPDX-License-Identifier: BSD-2-Clause

// What is asked of a mechanism's credentials, call by call.

#include <string>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

gss::Credential acquired() {
  auto credential = gss::acquire_initiator(GSS_C_NO_NAME, scripted_mech());
  EXPECT_TRUE(credential);
  return *std::move(credential);
}

std::string facts_of(std::string_view call) {
  const Record record = scripted().record();
  const auto at = record.position(call);
  return at ? record.log[*at].facts : "not called";
}

TEST_F(LoopSpec, ADuplicateIsACredentialOfItsOwn) {
  gss::Credential original = acquired();
  auto copy = gss::duplicate(original.get());
  ASSERT_TRUE(copy);
  EXPECT_EQ(scripted().live().credentials, 2U);
  original.reset();
  EXPECT_TRUE(gss::remaining_lifetime(copy->get()));
}

TEST_F(LoopSpec, ADuplicateFailsWithTheCallThatDid) {
  for (const bool is_import : {false, true}) {
    for (const OM_uint32 major : {GSS_S_FAILURE, GSS_S_UNAVAILABLE}) {
      Script script;
      auto& credentials = script.credentials;
      (is_import ? credentials.import_token : credentials.export_token) = {major, 0};
      scripted().play(std::move(script));
      const gss::Credential original = acquired();
      const auto copy = gss::duplicate(original.get());
      ASSERT_FALSE(copy);
      EXPECT_STREQ(copy.error().call(), is_import ? "gss_import_cred" : "gss_export_cred");
      EXPECT_EQ(copy.error().routine_error(), major);
    }
  }
}

TEST_F(LoopSpec, DefaultProtectionIsSuppressedByMitsOption) {
  SPEC("R10");
  gss::Credential credential = acquired();
  EXPECT_TRUE(gss::suppress_default_protection(&credential).is_complete());
  const auto* const option = GSS_KRB5_CRED_NO_CI_FLAGS_X;
  EXPECT_EQ(facts_of("gss_set_cred_option"),
            "option=" + std::string(static_cast<const char*>(option->elements), option->length) +
                " value=");
  for (const OM_uint32 major : {GSS_S_UNAVAILABLE, GSS_S_FAILURE}) {
    scripted().edit([major](Script& s) { s.credentials.set_option = {major, 0}; });
    EXPECT_EQ(gss::suppress_default_protection(&credential).routine_error(), major);
  }
}

TEST_F(LoopSpec, StoringOverwritesAndNamesTheCcache) {
  const gss::Credential credential = acquired();
  EXPECT_TRUE(gss::store(credential.get(), "FILE:/tickets").is_complete());
  EXPECT_EQ(facts_of("gss_store_cred_into"), "overwrites=1 becomes_default=0 ccache=FILE:/tickets");
  scripted().edit([](Script& s) { s.credentials.store = {GSS_S_FAILURE, 7}; });
  const gss::Status status = gss::store(credential.get(), "FILE:/tickets");
  EXPECT_STREQ(status.call(), "gss_store_cred_into");
  EXPECT_FALSE(status.is_complete());
}

}  // namespace
}  // namespace gssloop::testing
