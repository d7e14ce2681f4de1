// SPDX-License-Identifier: BSD-2-Clause

// The self-tests of names, attributes and credentials, and of what follows establishment.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gssloop/gss/gssapi_c.h"
#include "tests/mech/loader.h"
#include "tests/mech/side.h"

namespace gssloop::testing {
namespace {

// One value as gss_get_name_attribute gave it, or the failure.
struct Got {
  OM_uint32 major = GSS_S_COMPLETE;
  std::string value;
  std::string display;
  bool authenticated = false;
  bool complete = false;
  int more = 0;

  bool operator==(const Got&) const = default;
};

Got get(gss_name_t name, std::string attribute, int more) {
  OM_uint32 minor = 0;
  gss_buffer_desc wanted = view(attribute);
  gss_buffer_desc value = GSS_C_EMPTY_BUFFER;
  gss_buffer_desc display = GSS_C_EMPTY_BUFFER;
  int authenticated = 0;
  int complete_set = 0;
  Got got;
  got.major = gss_get_name_attribute(&minor, name, &wanted, &authenticated, &complete_set, &value,
                                     &display, &more);
  got.value = take(&value);
  got.display = take(&display);
  if (got.major != GSS_S_COMPLETE) return got;
  got.authenticated = authenticated != 0;
  got.complete = complete_set != 0;
  got.more = more;
  return got;
}

std::vector<std::string> list(gss_name_t name, bool* is_null = nullptr) {
  OM_uint32 minor = 0;
  int is_mn = 0;
  gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
  EXPECT_EQ(gss_inquire_name(&minor, name, &is_mn, nullptr, &set), GSS_S_COMPLETE);
  EXPECT_EQ(is_mn, 1);
  std::vector<std::string> names;
  for (std::size_t i = 0; set != GSS_C_NO_BUFFER_SET && i < set->count; ++i) {
    names.emplace_back(static_cast<const char*>(set->elements[i].value), set->elements[i].length);
  }
  if (is_null != nullptr) *is_null = set == GSS_C_NO_BUFFER_SET;
  gss_release_buffer_set(&minor, &set);
  return names;
}

AttributeValue value_of(std::string value, bool authenticated = true,
                        std::optional<int> more = std::nullopt) {
  AttributeValue result;
  result.value = std::move(value);
  result.authenticated = authenticated;
  result.more = more;
  return result;
}

Attribute attribute_of(std::string name, std::vector<AttributeValue> values) {
  Attribute result;
  result.name = std::move(name);
  result.values = std::move(values);
  return result;
}

const std::string kBinary("\xff\0\x01z", 4);

Script script_with_attributes() {
  Script script;
  script.attributes = {
      attribute_of("auth-indicators", {value_of("a", true, 2), value_of("b", true, 1000),
                                       value_of(kBinary, true, -7), value_of("", false)}),
      attribute_of("odd\xff" + std::string(1, '\0') + "name", {value_of("v")}),
      attribute_of("refused", {value_of("never")})};
  script.attributes[2].get = {GSS_S_UNAVAILABLE, 9};
  return script;
}

TEST_F(ScriptedMech, ServesAttributesByCursor) {
  const Script script = script_with_attributes();
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  gss_name_t name = acceptor.source;
  EXPECT_EQ(list(name), (std::vector<std::string>{script.attributes[0].name,
                                                  script.attributes[1].name, "refused"}));
  const std::string indicators = "auth-indicators";
  EXPECT_EQ(get(name, indicators, -1), (Got{0, "a", "", true, true, 2}));
  EXPECT_EQ(get(name, indicators, 2), (Got{0, "b", "", true, true, 1000}));
  EXPECT_EQ(get(name, indicators, 1000), (Got{0, kBinary, "", true, true, -7}));
  EXPECT_EQ(get(name, indicators, -7), (Got{0, "", "", false, true, 0}));
  EXPECT_EQ(get(name, script.attributes[1].name, -1).value, "v");
  EXPECT_EQ(get(name, "refused", -1).major, GSS_S_UNAVAILABLE);
  EXPECT_EQ(get(name, "unknown", -1).major, GSS_S_UNAVAILABLE);
  EXPECT_EQ(scripted().record().bad_cursors, 0u);
  EXPECT_EQ(get(name, indicators, 3).major, GSS_S_UNAVAILABLE);
  EXPECT_EQ(scripted().record().bad_cursors, 1u);
  EXPECT_EQ(scripted().record().attribute_gets[2].more_in, 1000);
}

TEST_F(ScriptedMech, ServesEndlessAttributesAndAbsentOnes) {
  Script script;
  script.attributes = {attribute_of("endless", {value_of("a"), value_of("b")})};
  script.attributes[0].endless = true;
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  int more = -1;
  for (int i = 0; i < 100; ++i) {
    const Got got = get(acceptor.source, "endless", more);
    ASSERT_EQ(got.value, i == 0 ? "a" : "b");
    ASSERT_NE(got.more, 0);
    more = got.more;
  }
  bool is_null = false;
  scripted().edit([](Script& s) { s.names.null_set = true; });
  EXPECT_TRUE(list(acceptor.source, &is_null).empty());
  EXPECT_TRUE(is_null);
  scripted().edit([](Script& s) { s.names.inquire = {GSS_S_UNAVAILABLE, 0}; });
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_inquire_name(&minor, acceptor.source, nullptr, nullptr, nullptr),
            GSS_S_UNAVAILABLE);
}

TEST_F(ScriptedMech, SetsAndDeletesAttributesAsScripted) {
  Script script = script_with_attributes();
  script.attributes[0].set = script.attributes[0].remove = {GSS_S_UNAUTHORIZED, 0};
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  OM_uint32 minor = 0;
  std::string denied = "auth-indicators", added = "added", text = "value";
  gss_buffer_desc denied_name = view(denied), added_name = view(added), value = view(text);
  gss_name_t name = acceptor.source;
  EXPECT_EQ(gss_set_name_attribute(&minor, name, 1, &denied_name, &value), GSS_S_UNAUTHORIZED);
  EXPECT_EQ(gss_delete_name_attribute(&minor, name, &denied_name), GSS_S_UNAUTHORIZED);
  EXPECT_EQ(gss_delete_name_attribute(&minor, name, &added_name), GSS_S_UNAVAILABLE);
  EXPECT_EQ(gss_set_name_attribute(&minor, name, 0, &added_name, &value), GSS_S_COMPLETE);
  EXPECT_EQ(gss_set_name_attribute(&minor, name, 1, &added_name, &value), GSS_S_COMPLETE);
  EXPECT_EQ(get(name, "added", -1), (Got{0, "value", "", false, false, 1}));
  EXPECT_EQ(get(name, "added", 1), (Got{0, "value", "", false, true, 0}));
  EXPECT_EQ(gss_delete_name_attribute(&minor, name, &added_name), GSS_S_COMPLETE);
  EXPECT_EQ(get(name, "added", -1).major, GSS_S_UNAVAILABLE);
  EXPECT_EQ(scripted().record().attribute_changes.size(), 6u);
}

TEST_F(ScriptedMech, RoundTripsCompositeNames) {
  for (Mech mech : kMechs) {
    scripted().play(script_with_attributes());
    Side initiator, acceptor;
    exchange(initiator, acceptor, mech);
    OM_uint32 minor = 0;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    ASSERT_EQ(gss_export_name_composite(&minor, acceptor.source, &token), GSS_S_COMPLETE);
    const std::string exported = take(&token);
    EXPECT_EQ(exported.substr(0, 2), "\x04\x02");
    gss_name_t copy = import_name(exported, GSS_C_NT_COMPOSITE_EXPORT);
    ASSERT_NE(copy, GSS_C_NO_NAME);
    EXPECT_EQ(display(copy), "alice@EXAMPLE.COM");
    EXPECT_EQ(list(copy), list(acceptor.source));
    EXPECT_EQ(get(copy, "auth-indicators", -1), (Got{0, "a", "", true, true, 1}));
    EXPECT_EQ(get(copy, "auth-indicators", 3), (Got{0, "", "", false, true, 0}));
    ASSERT_EQ(gss_export_name_composite(&minor, copy, &token), GSS_S_COMPLETE);
    EXPECT_EQ(take(&token), exported);
    gss_release_name(&minor, &copy);
  }
}

TEST_F(ScriptedMech, DuplicatesComparesAndExportsNames) {
  Script script = script_with_attributes();
  script.names.localname = "alice";
  scripted().play(script);
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  OM_uint32 minor = 0;
  gss_name_t copy = GSS_C_NO_NAME, plain = GSS_C_NO_NAME, canonical = GSS_C_NO_NAME;
  ASSERT_EQ(gss_duplicate_name(&minor, acceptor.source, &copy), GSS_S_COMPLETE);
  EXPECT_EQ(list(copy), list(acceptor.source));
  int is_equal = 0;
  EXPECT_EQ(gss_compare_name(&minor, copy, acceptor.source, &is_equal), GSS_S_COMPLETE);
  EXPECT_EQ(is_equal, 1);
  gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
  ASSERT_EQ(gss_export_name(&minor, acceptor.source, &token), GSS_S_COMPLETE);
  plain = import_name(take(&token), GSS_C_NT_EXPORT_NAME);
  EXPECT_EQ(display(plain), "alice@EXAMPLE.COM");
  EXPECT_TRUE(list(plain).empty());
  EXPECT_EQ(gss_localname(&minor, acceptor.source, GSS_C_NO_OID, &token), GSS_S_COMPLETE);
  EXPECT_EQ(take(&token), "alice");
  gss_name_t user = import_name("bob", GSS_C_NT_USER_NAME);
  EXPECT_EQ(gss_canonicalize_name(&minor, user, oid(Mech::kScripted), &canonical), GSS_S_COMPLETE);
  EXPECT_EQ(display(canonical), "bob");
  EXPECT_EQ(gss_display_name_ext(&minor, copy, GSS_C_NT_USER_NAME, &token), GSS_S_UNAVAILABLE);
  for (gss_name_t* name : {&copy, &plain, &canonical, &user}) gss_release_name(&minor, name);
}

struct Inquiry {
  OM_uint32 major = 0;
  std::string source;
  std::string target;
  std::string mech_type;
  OM_uint32 flags = 0;
  int local = 0;
  int open = 0;
};

Inquiry inquire(gss_ctx_id_t context) {
  Inquiry result;
  OM_uint32 minor = 0, lifetime = 0;
  gss_name_t source = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
  gss_OID mech = GSS_C_NO_OID;
  result.major = gss_inquire_context(&minor, context, &source, &target, &lifetime, &mech,
                                     &result.flags, &result.local, &result.open);
  if (source != GSS_C_NO_NAME) result.source = display(source);
  if (target != GSS_C_NO_NAME) result.target = display(target);
  result.mech_type = octets(mech);
  gss_release_name(&minor, &source);
  gss_release_name(&minor, &target);
  return result;
}

TEST_F(ScriptedMech, InquiresContextsBeforeAndAfterAProcessedToken) {
  Side initiator, acceptor;
  exchange(initiator, acceptor);
  const Inquiry mine = inquire(initiator.context);
  EXPECT_EQ(mine.major, GSS_S_COMPLETE);
  EXPECT_EQ(mine.source + " " + mine.target, "initiator@EXAMPLE.COM imap@host.example.com");
  EXPECT_EQ(mine.local * 2 + mine.open, 3);
  EXPECT_EQ(mine.mech_type, octets(oid(Mech::kScripted)));
  EXPECT_EQ(inquire(acceptor.context).source, "alice@EXAMPLE.COM");
  EXPECT_EQ(inquire(acceptor.context).flags, acceptor.flags);
  scripted().edit([](Script& s) { s.process_token.flags_lost = GSS_C_CONF_FLAG; });
  std::string text = "token";
  gss_buffer_desc token = view(text);
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_process_context_token(&minor, acceptor.context, &token), GSS_S_COMPLETE);
  EXPECT_EQ(inquire(acceptor.context).flags, acceptor.flags & ~OM_uint32{GSS_C_CONF_FLAG});
  scripted().edit([](Script& s) { s.process_token.context_gone = true; });
  EXPECT_EQ(gss_process_context_token(&minor, acceptor.context, &token), GSS_S_COMPLETE);
  EXPECT_EQ(inquire(acceptor.context).major, GSS_S_NO_CONTEXT);
  EXPECT_EQ(scripted().record().process_tokens.size(), 2u);
  scripted().edit([](Script& s) { s.inquiry.answer.major = GSS_S_NO_CONTEXT; });
  EXPECT_EQ(inquire(initiator.context).major, GSS_S_NO_CONTEXT);
}

TEST_F(ScriptedMech, RecordsHowContextsAreDeleted) {
  {
    Side initiator, acceptor;
    exchange(initiator, acceptor);
    OM_uint32 minor = 0;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    gss_delete_sec_context(&minor, &initiator.context, &token);
  }
  const Record record = scripted().record();
  ASSERT_EQ(record.deletes.size(), 2u);
  for (const DeleteCall& call : record.deletes) EXPECT_NE(call.context, 0u);
  // Observed: whether a buffer was passed survives the glue.
  EXPECT_TRUE(record.deletes[0].had_buffer);
  EXPECT_FALSE(record.deletes[1].had_buffer);
}

}  // namespace
}  // namespace gssloop::testing
