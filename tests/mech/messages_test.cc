// SPDX-License-Identifier: BSD-2-Clause

// The self-tests of messages, credentials and of what the mechanisms say of themselves.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gssloop/gss/gssapi_c.h"
#include "tests/mech/loader.h"
#include "tests/mech/side.h"

namespace gssloop::testing {
namespace {

std::string wrap(Side& side, std::string text, int conf_req, int* conf_state = nullptr) {
  OM_uint32 minor = 0;
  gss_buffer_desc in = view(text), out = GSS_C_EMPTY_BUFFER;
  EXPECT_EQ(gss_wrap(&minor, side.context, conf_req, 0, &in, conf_state, &out), GSS_S_COMPLETE);
  return take(&out);
}

struct Unwrapped {
  OM_uint32 major = 0;
  std::string text;
  int conf_state = -1;

  bool operator==(const Unwrapped&) const = default;
};

Unwrapped unwrap(Side& side, std::string token) {
  OM_uint32 minor = 0;
  Unwrapped result;
  gss_buffer_desc in = view(token), out = GSS_C_EMPTY_BUFFER;
  result.major = gss_unwrap(&minor, side.context, &in, &out, &result.conf_state, nullptr);
  result.text = take(&out);
  return result;
}

TEST_F(ScriptedMech, WrapsAndUnwraps) {
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  const std::string plain = wrap(initiator, "hello", 0);
  EXPECT_NE(plain.find("hello"), std::string::npos);
  EXPECT_EQ(unwrap(acceptor, plain), (Unwrapped{GSS_S_COMPLETE, "hello", 0}));
  EXPECT_EQ(unwrap(acceptor, plain).major, GSS_S_DUPLICATE_TOKEN);
  EXPECT_EQ(unwrap(initiator, plain).major, GSS_S_BAD_SIG);
  const std::string one = wrap(acceptor, "one", 1), two = wrap(acceptor, "two", 1);
  EXPECT_EQ(one.find("one"), std::string::npos);
  EXPECT_EQ(unwrap(initiator, two).major, GSS_S_GAP_TOKEN);
}

TEST_F(ScriptedMech, SeesReorderingAndEveryFlippedBit) {
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  const std::string one = wrap(acceptor, "one", 1), two = wrap(acceptor, "two", 1);
  for (std::size_t bit = 0; bit < one.size() * 8; ++bit) {
    std::string changed = one;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(GSS_ERROR(unwrap(initiator, changed).major)) << bit;
  }
  EXPECT_EQ(unwrap(initiator, two), (Unwrapped{GSS_S_GAP_TOKEN, "two", 1}));
  EXPECT_EQ(unwrap(initiator, one), (Unwrapped{GSS_S_UNSEQ_TOKEN, "one", 1}));
  EXPECT_EQ(unwrap(initiator, wrap(acceptor, "", 1)), (Unwrapped{GSS_S_COMPLETE, "", 1}));
}

TEST_F(ScriptedMech, ReportsScriptedMessageResults) {
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  scripted().edit([](Script& s) {
    s.per_message.wrap_conf_state = 0;
    s.per_message.unwrap = GSS_S_OLD_TOKEN;
    s.per_message.padding = 100;
  });
  int conf_state = -1;
  const std::string token = wrap(acceptor, "text", 1, &conf_state);
  EXPECT_EQ(conf_state, 0);
  EXPECT_EQ(unwrap(initiator, token), (Unwrapped{GSS_S_OLD_TOKEN, "text", 1}));
  OM_uint32 minor = 0, max_input = 0;
  EXPECT_EQ(gss_wrap_size_limit(&minor, acceptor.context, 1, 0, 1000, &max_input), GSS_S_COMPLETE);
  EXPECT_EQ(wrap(acceptor, std::string(max_input, 'x'), 1).size(), 1000u);
  scripted().edit([](Script& s) { s.per_message.unwrap = GSS_S_FAILURE; });
  EXPECT_EQ(unwrap(initiator, token).text, "");
}

TEST_F(ScriptedMech, SignsAndVerifies) {
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  OM_uint32 minor = 0;
  std::string text = "message", other = "massage";
  gss_buffer_desc message = view(text), changed = view(other), mic = GSS_C_EMPTY_BUFFER;
  ASSERT_EQ(gss_get_mic(&minor, initiator.context, 0, &message, &mic), GSS_S_COMPLETE);
  EXPECT_EQ(gss_verify_mic(&minor, acceptor.context, &changed, &mic, nullptr), GSS_S_BAD_SIG);
  EXPECT_EQ(gss_verify_mic(&minor, acceptor.context, &message, &mic, nullptr), GSS_S_COMPLETE);
  EXPECT_EQ(gss_verify_mic(&minor, acceptor.context, &message, &mic, nullptr),
            GSS_S_DUPLICATE_TOKEN);
  gss_release_buffer(&minor, &mic);
}

gss_cred_id_t acquire(gss_OID_set mechs, gss_cred_usage_t usage, OM_uint32 expected) {
  OM_uint32 minor = 0;
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  EXPECT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, mechs, usage, &credential, nullptr, nullptr),
            expected);
  return credential;
}

TEST_F(ScriptedMech, AcquiresCredentialsAndUsesThem) {
  gss_OID_set_desc mechs{1, oid(Mech::kScripted)};
  {
    Side initiator, acceptor;
    initiator.credential = acquire(&mechs, GSS_C_INITIATE, GSS_S_COMPLETE);
    acceptor.credential = acquire(&mechs, GSS_C_ACCEPT, GSS_S_COMPLETE);
    exchange(initiator, acceptor);
    EXPECT_EQ(acceptor.major, GSS_S_COMPLETE);
    const Record record = scripted().record();
    ASSERT_EQ(record.acquires.size(), 2u);
    EXPECT_EQ(record.acquires[0].mechs, std::vector<std::string>{octets(mechs.elements)});
    EXPECT_EQ(record.inits[0].credential, record.acquires[0].credential);
    EXPECT_EQ(record.accepts[0].credential, record.acquires[1].credential);
    OM_uint32 minor = 0, lifetime = 0;
    gss_name_t name = GSS_C_NO_NAME;
    EXPECT_EQ(gss_inquire_cred(&minor, acceptor.credential, &name, &lifetime, nullptr, nullptr),
              GSS_S_COMPLETE);
    EXPECT_EQ(display(name), "imap@host.example.com");
    EXPECT_EQ(lifetime, 36000u);
    gss_release_name(&minor, &name);
  }
  scripted().edit([](Script& s) { s.credentials.acquire_accept = {GSS_S_NO_CRED, 3}; });
  EXPECT_EQ(acquire(&mechs, GSS_C_ACCEPT, GSS_S_NO_CRED), GSS_C_NO_CREDENTIAL);
}

TEST_F(ScriptedMech, RecordsPasswordsAndCredentialStores) {
  gss_OID_set_desc mechs{1, oid(Mech::kScripted)};
  OM_uint32 minor = 0;
  Side with_password, with_store;
  gss_name_t user = import_name("bob", GSS_C_NT_USER_NAME);
  std::string text = "secret";
  gss_buffer_desc password = view(text);
  EXPECT_EQ(gss_acquire_cred_with_password(&minor, user, &password, 0, &mechs, GSS_C_INITIATE,
                                           &with_password.credential, nullptr, nullptr),
            GSS_S_COMPLETE);
  gss_key_value_element_desc element{"keytab", "FILE:x"};
  gss_key_value_set_desc store{1, &element};
  EXPECT_EQ(gss_acquire_cred_from(&minor, user, 0, &mechs, GSS_C_ACCEPT, &store,
                                  &with_store.credential, nullptr, nullptr),
            GSS_S_COMPLETE);
  const Record record = scripted().record();
  ASSERT_EQ(record.acquires.size(), 2u);
  EXPECT_EQ(record.acquires[0].name, "bob");
  EXPECT_EQ(record.acquires[0].password, "secret");
  const std::pair<std::string, std::string> expected{"keytab", "FILE:x"};
  EXPECT_EQ(record.acquires[1].store, std::vector{expected});
  gss_release_name(&minor, &user);
}

TEST_F(ScriptedMech, DelegatesCredentials) {
  Script script;
  script.credentials.delegated = NameSpec{"alice@EXAMPLE.COM", GSS_C_NT_USER_NAME};
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  EXPECT_NE(acceptor.flags & GSS_C_DELEG_FLAG, 0u);
  ASSERT_NE(acceptor.delegated, GSS_C_NO_CREDENTIAL);
  Side onward;
  std::swap(onward.credential, acceptor.delegated);
  onward.init(Mech::kScripted, nullptr);
  EXPECT_EQ(onward.major, GSS_S_COMPLETE);
  EXPECT_NE(scripted().record().inits[1].credential, 0u);
}

bool is_eligible(Mech mech, MechAttributes desired, MechAttributes except) {
  OM_uint32 minor = 0;
  gss_OID_set with = GSS_C_NO_OID_SET, without = GSS_C_NO_OID_SET, mechs = GSS_C_NO_OID_SET;
  gss_create_empty_oid_set(&minor, &with);
  gss_create_empty_oid_set(&minor, &without);
  for (auto it : desired) gss_add_oid_set_member(&minor, const_cast<gss_OID>(it), &with);
  for (auto it : except) gss_add_oid_set_member(&minor, const_cast<gss_OID>(it), &without);
  EXPECT_EQ(gss_indicate_mechs_by_attrs(&minor, with, without, GSS_C_NO_OID_SET, &mechs),
            GSS_S_COMPLETE);
  int present = 0;
  gss_test_oid_set_member(&minor, oid(mech), mechs, &present);
  for (gss_OID_set* set : {&with, &without, &mechs}) gss_release_oid_set(&minor, set);
  return present != 0;
}

TEST_F(ScriptedMech, DeclaresWhatMakesGs2Eligible) {
  const MechAttributes desired = {GSS_C_MA_AUTH_INIT, GSS_C_MA_AUTH_TARG, GSS_C_MA_CBINDINGS};
  const MechAttributes framed = {GSS_C_MA_ITOK_FRAMED};
  const MechAttributes except = {GSS_C_MA_MECH_NEGO, GSS_C_MA_NOT_DFLT_MECH, GSS_C_MA_DEPRECATED};
  EXPECT_TRUE(is_eligible(Mech::kScripted, desired, except));
  EXPECT_TRUE(is_eligible(Mech::kNoSaslName, desired, except));
  EXPECT_FALSE(is_eligible(Mech::kNegotiating, desired, except));
  EXPECT_TRUE(is_eligible(Mech::kUnframed, desired, except));
  EXPECT_TRUE(is_eligible(Mech::kScripted, framed, {}));
  EXPECT_FALSE(is_eligible(Mech::kUnframed, framed, {}));
  scripted().edit([](Script& s) { s.mech(Mech::kScripted).attributes.clear(); });
  EXPECT_FALSE(is_eligible(Mech::kScripted, desired, except));
}

std::string sasl_name(Mech mech, OM_uint32& major) {
  OM_uint32 minor = 0;
  gss_buffer_desc name = GSS_C_EMPTY_BUFFER;
  major = gss_inquire_saslname_for_mech(&minor, oid(mech), &name, nullptr, nullptr);
  return take(&name);
}

TEST_F(ScriptedMech, TellsSaslNames) {
  OM_uint32 major = 0;
  EXPECT_EQ(sasl_name(Mech::kScripted, major), "GS2-SCRIPTED");
  sasl_name(Mech::kNoSaslName, major);
  EXPECT_EQ(major, GSS_S_FAILURE);
  for (Mech mech : {Mech::kScripted, Mech::kUnframed}) {
    OM_uint32 minor = 0;
    std::string text = sasl_name(mech, major);
    gss_buffer_desc name = view(text);
    gss_OID found = GSS_C_NO_OID;
    EXPECT_EQ(gss_inquire_mech_for_saslname(&minor, &name, &found), GSS_S_COMPLETE);
    EXPECT_EQ(octets(found), octets(oid(mech)));
  }
  // The glue invents a name where a mechanism says UNAVAILABLE.
  scripted().edit(
      [](Script& s) { s.mech(Mech::kNoSaslName).names.answer.major = GSS_S_UNAVAILABLE; });
  EXPECT_EQ(sasl_name(Mech::kNoSaslName, major).substr(0, 4), "GS2-");
  EXPECT_EQ(major, GSS_S_COMPLETE);
}

TEST_F(ScriptedMech, SaysItsSsfOnlyWhenScripted) {
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  OM_uint32 minor = 0;
  gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
  EXPECT_EQ(
      gss_inquire_sec_context_by_oid(&minor, acceptor.context, GSS_C_SEC_CONTEXT_SASL_SSF, &set),
      GSS_S_UNAVAILABLE);
  scripted().edit([](Script& s) { s.inquiry.sasl_ssf = {std::string("\0\0\1\0", 4)}; });
  ASSERT_EQ(
      gss_inquire_sec_context_by_oid(&minor, acceptor.context, GSS_C_SEC_CONTEXT_SASL_SSF, &set),
      GSS_S_COMPLETE);
  ASSERT_EQ(set->count, 1u);
  EXPECT_EQ(take(&set->elements[0]), std::string("\0\0\1\0", 4));
  gss_release_buffer_set(&minor, &set);
}

}  // namespace
}  // namespace gssloop::testing
