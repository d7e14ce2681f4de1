// SPDX-License-Identifier: BSD-2-Clause

// An established context through gssloop.h: the peer's name and attributes, messages, late tokens.

#include <string>
#include <utility>
#include <vector>

#include "tests/spec/c_exchange.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

TEST_F(CSpec, PeersHaveNames) {
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(establish(&pair));
  CText name;
  CError error;
  int is_anonymous = 1;
  EXPECT_EQ(gssloop_context_peer_name(pair.acceptor.get(), name.out(), &is_anonymous, error.out()),
            GSSLOOP_OK);
  EXPECT_STREQ(name.get(), "alice@EXAMPLE.COM");
  EXPECT_EQ(is_anonymous, 0);
  EXPECT_EQ(gssloop_context_peer_name(pair.initiator.get(), name.out(), &is_anonymous, error.out()),
            GSSLOOP_OK);
  EXPECT_STREQ(name.get(), kService);
  EXPECT_EQ(gssloop_context_peer_name(pair.acceptor.get(), name.out(), nullptr, error.out()),
            GSSLOOP_INVALID);
  EXPECT_EQ(name.get(), nullptr);
  EXPECT_EQ(gssloop_context_peer_name(pair.acceptor.get(), nullptr, &is_anonymous, error.out()),
            GSSLOOP_INVALID);
}

// "admin\0x" is not admin.
TEST_F(CSpec, ANameWithANulIsNone) {
  Script script;
  script.source = NameSpec{"admin\0@EXAMPLE.COM"s, GSS_C_NT_USER_NAME};
  scripted().play(script);
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(establish(&pair));
  CText name;
  CError error;
  int is_anonymous = 0;
  EXPECT_EQ(gssloop_context_peer_name(pair.acceptor.get(), name.out(), &is_anonymous, error.out()),
            GSSLOOP_FAILED);
  EXPECT_EQ(name.get(), nullptr);
  EXPECT_EQ(is_anonymous, 1);
  EXPECT_EQ(fault_of(error), GSSLOOP_FAULT_PEER_PROTOCOL);
}

TEST_F(CSpec, AnonymousInitiatorsAreTold) {
  SPEC("L45");
  for (const bool by_flag : {false, true}) {
    Script script;
    if (by_flag) {
      script.acceptor = {complete()};
      script.acceptor[0].flags_added = GSS_C_ANON_FLAG;
    } else {
      script.source = NameSpec{"nobody", GSS_C_NT_ANONYMOUS};
    }
    scripted().play(script);
    CPair pair;
    ASSERT_NO_FATAL_FAILURE(establish(&pair));
    CText name;
    int is_anonymous = 0;
    EXPECT_EQ(gssloop_context_peer_name(pair.acceptor.get(), name.out(), &is_anonymous, nullptr),
              GSSLOOP_OK);
    EXPECT_EQ(is_anonymous, 1) << by_flag;
  }
}

Attribute attribute_of(std::string name, std::vector<AttributeValue> values) {
  Attribute result;
  result.name = std::move(name);
  result.values = std::move(values);
  return result;
}

// The script of a mechanism with an attribute of each kind.
Script with_attributes() {
  AttributeValue said;
  said.value = "said\0so"s;
  AttributeValue boast;
  boast.value = "boast";
  boast.authenticated = false;
  boast.complete = false;
  Script script;
  script.attributes = {attribute_of("good", {said, AttributeValue()}), attribute_of("bad", {boast}),
                       attribute_of("lost", {said}), attribute_of("mixed", {said, boast})};
  script.attributes[2].get = {GSS_S_FAILURE, 0};
  return script;
}

TEST_F(CSpec, AttributesHaveTheirKind) {
  SPEC("N4 N11 N16 N23");
  scripted().play(with_attributes());
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(establish(&pair));
  CAttributes attributes;
  CError error;
  ASSERT_EQ(gssloop_context_attributes(pair.acceptor.get(), attributes.out(), error.out()),
            GSSLOOP_OK)
      << text_of(error);
  ASSERT_EQ(gssloop_attributes_num(attributes.get()), 4U);
  EXPECT_EQ(gssloop_attributes_at(attributes.get(), 4), nullptr);
  EXPECT_EQ(gssloop_attributes_find(attributes.get(), "goo"), nullptr);
  const gssloop_attribute* good = gssloop_attributes_find(attributes.get(), "good");
  EXPECT_EQ(gssloop_attribute_kind_of(good), GSSLOOP_ATTRIBUTE_AUTHENTICATED);
  EXPECT_EQ(gssloop_attribute_is_complete(good), 1);
  ASSERT_EQ(gssloop_attribute_num_values(good), 2U);
  std::size_t len = 0;
  const void* value = gssloop_attribute_value(good, 0, &len);
  EXPECT_EQ(std::string(static_cast<const char*>(value), len), "said\0so"s);
  value = gssloop_attribute_value(good, 1, &len);
  EXPECT_NE(value, nullptr);
  EXPECT_EQ(len, 0U);
  EXPECT_EQ(gssloop_attribute_value(good, 2, &len), nullptr);
  EXPECT_EQ(gssloop_attribute_value(good, 0, nullptr), nullptr) << "a length must be asked for";
  EXPECT_EQ(gssloop_attribute_num_asserted_values(good), 0U);
  for (const char* name : {"lost", "mixed"}) {
    const gssloop_attribute* lost = gssloop_attributes_find(attributes.get(), name);
    ASSERT_NE(lost, nullptr) << name;
    EXPECT_EQ(gssloop_attribute_kind_of(lost), GSSLOOP_ATTRIBUTE_UNREADABLE) << name;
    EXPECT_EQ(gssloop_attribute_num_values(lost), 0U) << name;
    EXPECT_STRNE(gssloop_attribute_reason(lost), "") << name;
  }
  EXPECT_EQ(gssloop_context_attributes(pair.initiator.get(), attributes.out(), error.out()),
            GSSLOOP_INVALID);
  EXPECT_EQ(gssloop_context_attributes(pair.acceptor.get(), nullptr, error.out()), GSSLOOP_INVALID);
}

TEST_F(CSpec, AssertedValuesAreNoAuthenticatedOnes) {
  SPEC("N29");
  scripted().play(with_attributes());
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(establish(&pair));
  CAttributes attributes;
  ASSERT_EQ(gssloop_context_attributes(pair.acceptor.get(), attributes.out(), nullptr), GSSLOOP_OK);
  const gssloop_attribute* bad = gssloop_attributes_find(attributes.get(), "bad");
  EXPECT_EQ(gssloop_attribute_kind_of(bad), GSSLOOP_ATTRIBUTE_ASSERTED);
  EXPECT_EQ(gssloop_attribute_num_values(bad), 0U);
  std::size_t len = 1;
  EXPECT_EQ(gssloop_attribute_value(bad, 0, &len), nullptr);
  EXPECT_EQ(len, 0U);
  EXPECT_EQ(gssloop_attribute_is_complete(bad), 0);
  ASSERT_EQ(gssloop_attribute_num_asserted_values(bad), 1U);
  const void* value = gssloop_attribute_asserted_value(bad, 0, &len);
  EXPECT_EQ(std::string(static_cast<const char*>(value), len), "boast");
}

TEST_F(CSpec, MessagesAreProtected) {
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(establish(&pair, kProtection));
  EXPECT_EQ(gssloop_context_flags(pair.initiator.get()) & kProtection, kProtection);
  CBuffer token, message;
  CError error;
  for (const int protection : {GSSLOOP_INTEGRITY, GSSLOOP_CONFIDENTIALITY}) {
    for (const std::string& text : {""s, "message"s, "mes\0sage"s}) {
      ASSERT_EQ(gssloop_wrap(pair.initiator.get(), protection, text.data(), text.size(),
                             token.out(), error.out()),
                GSSLOOP_OK)
          << text_of(error);
      EXPECT_EQ(gssloop_unwrap(pair.acceptor.get(), protection, token.get().data, token.get().len,
                               message.out(), error.out()),
                GSSLOOP_OK)
          << text_of(error);
      EXPECT_EQ(message.text(), text);
      EXPECT_EQ(static_cast<const char*>(message.get().data)[message.get().len], '\0');
    }
  }
  ASSERT_EQ(gssloop_get_mic(pair.initiator.get(), "message", 7, token.out(), error.out()),
            GSSLOOP_OK);
  const gssloop_buffer& mic = token.get();
  EXPECT_EQ(gssloop_verify_mic(pair.acceptor.get(), "message", 7, mic.data, mic.len, error.out()),
            GSSLOOP_OK);
  EXPECT_EQ(gssloop_verify_mic(pair.acceptor.get(), "massage", 7, mic.data, mic.len, error.out()),
            GSSLOOP_FAILED);
  EXPECT_EQ(fault_of(error), GSSLOOP_FAULT_PEER_PROTOCOL);
  std::uint32_t limit = 0;
  EXPECT_EQ(gssloop_wrap_size_limit(pair.initiator.get(), GSSLOOP_CONFIDENTIALITY, 1000, &limit,
                                    error.out()),
            GSSLOOP_OK);
  EXPECT_GT(limit, 0U);
  EXPECT_LT(limit, 1000U);
}

TEST_F(CSpec, WhatIsNotAsAskedIsNoMessage) {
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(establish(&pair, kProtection));
  CBuffer token, message;
  CError error;
  // Integrity where confidentiality was expected.
  ASSERT_EQ(
      gssloop_wrap(pair.initiator.get(), GSSLOOP_INTEGRITY, "message", 7, token.out(), nullptr),
      GSSLOOP_OK);
  EXPECT_EQ(gssloop_unwrap(pair.acceptor.get(), GSSLOOP_CONFIDENTIALITY, token.get().data,
                           token.get().len, message.out(), error.out()),
            GSSLOOP_FAILED);
  EXPECT_EQ(fault_of(error), GSSLOOP_FAULT_PEER_PROTOCOL);
  EXPECT_EQ(message.get().data, nullptr);
  // A mechanism that did not encrypt.
  scripted().edit([](Script& script) { script.per_message.wrap_conf_state = 0; });
  EXPECT_EQ(gssloop_wrap(pair.initiator.get(), GSSLOOP_CONFIDENTIALITY, "message", 7, token.out(),
                         error.out()),
            GSSLOOP_FAILED);
  EXPECT_EQ(token.get().data, nullptr);
  EXPECT_EQ(fault_of(error), GSSLOOP_FAULT_LOCAL_CALL);
  for (const int protection : {0, 3, -1}) {
    EXPECT_EQ(gssloop_wrap(pair.initiator.get(), protection, "m", 1, token.out(), error.out()),
              GSSLOOP_INVALID);
  }
  EXPECT_EQ(
      gssloop_wrap(pair.initiator.get(), GSSLOOP_INTEGRITY, nullptr, 1, token.out(), error.out()),
      GSSLOOP_INVALID);
  EXPECT_EQ(gssloop_wrap(pair.initiator.get(), GSSLOOP_INTEGRITY, "m", (std::size_t{1} << 30) + 1,
                         token.out(), error.out()),
            GSSLOOP_INVALID);
  EXPECT_EQ(gssloop_wrap(pair.initiator.get(), GSSLOOP_INTEGRITY, "m", 1, nullptr, error.out()),
            GSSLOOP_INVALID);
}

TEST_F(CSpec, AContextThatALateTokenEndedIsGone) {
  SPEC("L37 L39");
  for (const bool is_gone : {false, true}) {
    scripted().reset();
    scripted().edit([&](Script& script) { script.process_token.context_gone = is_gone; });
    CPair pair;
    ASSERT_NO_FATAL_FAILURE(establish(&pair, kProtection));
    CError error;
    EXPECT_EQ(gssloop_context_on_token(pair.acceptor.get(), "late", 4, error.out()),
              is_gone ? GSSLOOP_FAILED : GSSLOOP_OK);
    EXPECT_EQ(fault_of(error), is_gone ? GSSLOOP_FAULT_PEER_REJECTED : GSSLOOP_FAULT_NONE);
    CBuffer token;
    EXPECT_EQ(
        gssloop_wrap(pair.acceptor.get(), GSSLOOP_INTEGRITY, "m", 1, token.out(), error.out()),
        is_gone ? GSSLOOP_INVALID : GSSLOOP_OK);
    EXPECT_EQ(gssloop_context_flags(pair.acceptor.get()) == 0, is_gone);
    CText name;
    int is_anonymous = 0;
    EXPECT_EQ(gssloop_context_peer_name(pair.acceptor.get(), name.out(), &is_anonymous, nullptr),
              is_gone ? GSSLOOP_INVALID : GSSLOOP_OK);
  }
}

}  // namespace
}  // namespace gssloop::testing
