// SPDX-License-Identifier: BSD-2-Clause

// Names through the real mechglue (draft-ietf-kitten-gssapi-naming-exts, whose sections are meant
// here): what is asked of them, how they travel, and what the tree may do with them.

#include "gssloop/gss/names.h"

#include <malloc.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;
using Values = std::vector<std::string>;

Attribute attribute_named(std::string name, const std::string& value = "v") {
  Attribute result;
  result.name = std::move(name);
  result.values.emplace_back().value = value;
  return result;
}

Talk login_with(std::vector<Attribute> attributes) {
  Script script;
  script.attributes = std::move(attributes);
  return establish(std::move(script));
}

TEST_F(LoopSpec, AttributesReachTheApplicationInTheMechanismsOrder) {
  SPEC("N1 N11");
  const Talk said = login_with({attribute_named("z"), attribute_named("a"), attribute_named("m")});
  const auto info = said.acceptor->inquire_source();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->attributes, (Values{"z", "a", "m"}));
  const auto attributes = said.acceptor->source_attributes();
  ASSERT_TRUE(attributes);
  ASSERT_EQ(attributes->readable.size(), 3U);
  EXPECT_EQ(attributes->readable[0].name, "z");
  EXPECT_EQ(attributes->readable[2].name, "m");
}

// Section 6: names are octet strings. Nothing is cut at a NUL, and no name answers for another.
TEST_F(LoopSpec, OddNamesAreKeptWholeAndApart) {
  SPEC("N5 N9");
  const Values names = {"a",        "a\0"s,      "a\0b"s, "\0a"s,
                        "\xff\xfe", "a ",        " a",    "a b",
                        "urn:x",    "urn:x b c", "A",     std::string(70000, 'n'),
                        "a\nb",     "\xc3\xa4"};
  std::vector<Attribute> attributes;
  for (const std::string& name : names) attributes.push_back(attribute_named(name, "of " + name));
  const Talk said = login_with(attributes);
  EXPECT_EQ(said.acceptor->inquire_source()->attributes, names);
  const auto all = said.acceptor->source_attributes();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->readable.size(), names.size());
  for (const std::string& name : names) {
    const auto* const found = all->find(name);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->authenticated()->front().text(), "of " + name);
  }
  EXPECT_EQ(all->find("a\0bc"s), nullptr);
  EXPECT_FALSE(said.acceptor->source_attribute("a\0c"s));
  EXPECT_EQ(scripted().record().attribute_gets.back().name, "a\0c"s);
}

// Equal values of different contexts stay two attributes (section 5).
TEST_F(LoopSpec, EqualValuesUnderTwoNamesAreNotMerged) {
  SPEC("N5");
  const Talk said = login_with({attribute_named("x", "same"), attribute_named("y", "same")});
  EXPECT_EQ(said.acceptor->source_attributes()->readable.size(), 2U);
}

// Section 7.4, and what mechanisms make of it.
TEST_F(LoopSpec, InquireTellsMnMechanismAndNamesInEveryShape) {
  SPEC("N15");
  const struct {
    const char* what;
    Answer answer;
    bool null_set, empty_set;
    bool is_success;
    std::size_t num_attributes;
  } rows[] = {
      {"attributes", {}, false, false, true, 1},
      {"no set", {}, true, false, true, 0},
      {"an empty set", {}, true, true, true, 0},
      {"unavailable", {GSS_S_UNAVAILABLE, 0}, false, false, true, 0},
      {"a failure", {GSS_S_FAILURE, 0}, false, false, false, 0},
      {"supplementary bits", {GSS_S_OLD_TOKEN, 0}, false, false, false, 0},
  };
  for (const auto& row : rows) {
    const Talk said = login_with({attribute_named("a")});
    scripted().edit([&row](Script& script) {
      script.names.inquire = row.answer;
      script.names.null_set = row.null_set;
      script.names.empty_set = row.empty_set;
    });
    const auto info = said.acceptor->inquire_source();
    ASSERT_EQ(static_cast<bool>(info), row.is_success) << row.what;
    EXPECT_EQ(static_cast<bool>(said.acceptor->source_attributes()), row.is_success) << row.what;
    if (!info) continue;
    EXPECT_EQ(info->attributes.size(), row.num_attributes) << row.what;
    if (row.answer.major != GSS_S_COMPLETE) continue;
    EXPECT_TRUE(info->is_mn) << row.what;
    EXPECT_EQ(info->mech, scripted_mech()) << row.what;
  }
}

// The glue knows by itself which names belong to no mechanism yet.
TEST_F(LoopSpec, AnImportedNameIsNoMnUntilItIsCanonicalized) {
  SPEC("N15");
  const gss::Name name = service_name();
  const auto info = gss::inquire(name.get());
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->is_mn);
  EXPECT_TRUE(info->mech.empty());
  EXPECT_TRUE(info->attributes.empty());
  const auto canonical = gss::canonicalize(name.get(), scripted_mech());
  ASSERT_TRUE(canonical);
  EXPECT_TRUE(gss::inquire(canonical->get())->is_mn);
}

// gss-ntlmssp lists "name=value\0" and answers to "name" alone: unreadable, and never cut.
TEST_F(LoopSpec, ListedNamesThatDoNotAnswerAreUnreadable) {
  SPEC("N9 N15");
  const std::string listed = "urn:gssntlmssp:sids=S-1-5-21\0"s;
  Attribute silent = attribute_named(listed);
  silent.get = {GSS_S_UNAVAILABLE, 0};
  Attribute answers = attribute_named("urn:gssntlmssp:sids", "S-1-5-21\0"s);
  answers.listed = false;
  const Talk said = login_with({silent, answers});
  const auto attributes = said.acceptor->source_attributes();
  ASSERT_TRUE(attributes);
  EXPECT_TRUE(attributes->readable.empty());
  ASSERT_EQ(attributes->unreadable.size(), 1U);
  EXPECT_EQ(attributes->unreadable[0].name, listed);
  const auto value = said.acceptor->source_attribute("urn:gssntlmssp:sids");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->authenticated()->front().text(), "S-1-5-21\0"s);
}

TEST_F(LoopSpec, DisplayFallsBackToThePlainName) {
  SPEC("N13");
  const struct {
    Answer answer;
    std::string shown;
  } rows[] = {
      {{}, "extended"},
      {{GSS_S_UNAVAILABLE, 0}, "alice@EXAMPLE.COM"},
      {{GSS_S_BAD_NAMETYPE, 0}, "alice@EXAMPLE.COM"},
      {{GSS_S_OLD_TOKEN, 0}, "alice@EXAMPLE.COM"},  // has text, but is no success
  };
  for (const auto& row : rows) {
    Script script;
    script.names.display_ext = row.answer;
    script.names.display_ext_text = "extended";
    const Talk said = establish(std::move(script));
    const auto text = gss::display_as(said.acceptor->source(), gss::NameForm::kUser);
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, row.shown);
  }
  const Talk said = establish();
  EXPECT_EQ(scripted().record().count("gss_display_name_ext"), 0U);
}

TEST_F(LoopSpec, AnonymousNamesSaySo) {
  SPEC("N31 L45");
  for (const bool is_anonymous : {true, false}) {
    Script script;
    script.source = NameSpec{"WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS",
                             is_anonymous ? GSS_C_NT_ANONYMOUS : GSS_C_NT_USER_NAME};
    const Talk said = establish(std::move(script));
    const auto shown = gss::display(said.acceptor->source());
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->is_anonymous(), is_anonymous) << "the type tells, not the text";
  }
}

std::string composite_of(const Talk& said) {
  const auto token = gss::export_composite(said.acceptor->source());
  EXPECT_TRUE(token);
  return token ? to_string(*token) : "";
}

TEST_F(LoopSpec, CompositeTokensKeepNameAttributesAndFlags) {
  SPEC("N26 N27");
  Attribute claimed = attribute_named("odd\0name"s, "\0\xff"s);
  claimed.values[0].authenticated = claimed.values[0].complete = false;
  const Talk said = login_with({attribute_named("a", std::string(65536, 'x')), claimed});
  const std::string token = composite_of(said);
  EXPECT_EQ(token.substr(0, 2), "\x04\x02");
  const auto copy = gss::import_trusted_composite(as_bytes(token));
  ASSERT_TRUE(copy) << copy.error().text();
  EXPECT_EQ(gss::display(copy->get())->text, "alice@EXAMPLE.COM");
  const auto attributes = gss::get_all(copy->get());
  ASSERT_TRUE(attributes);
  ASSERT_EQ(attributes->readable.size(), 2U);
  EXPECT_EQ(attributes->find("a")->authenticated()->front().text(), std::string(65536, 'x'));
  EXPECT_TRUE(attributes->find("a")->is_complete);
  const auto* const odd = attributes->find("odd\0name"s);
  ASSERT_NE(odd, nullptr);
  ASSERT_NE(odd->asserted(), nullptr);
  EXPECT_EQ(odd->asserted()->front().text(), "\0\xff"s);
  EXPECT_FALSE(odd->is_complete);
}

TEST_F(LoopSpec, OtherTokenIdsAreRefusedBothWays) {
  SPEC("N27");
  const std::string rest = composite_of(establish()).substr(2);
  for (const std::string& token : {""s, "\x04"s, "\x04\x01"s, "\x04\x01" + rest, "\x04\x03" + rest,
                                   "\x05\x02" + rest, "\x02\x04" + rest, "x\x04\x02" + rest}) {
    const std::size_t num_imports = scripted().record().count("gss_import_name");
    const auto imported = gss::import_trusted_composite(as_bytes(token));
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().major(), static_cast<OM_uint32>(GSS_S_DEFECTIVE_TOKEN));
    EXPECT_EQ(scripted().record().count("gss_import_name"), num_imports) << "was shown it";
    Script script;
    script.names.composite_token = token;
    const Talk said = establish(std::move(script));
    EXPECT_FALSE(gss::export_composite(said.acceptor->source())) << token.substr(0, 4);
  }
}

// Section 7.8: an attacker that can edit the token decides what is authenticated. That is why the
// import is for one's own processes only; this shows that nothing else would stop a forger.
TEST_F(LoopSpec, AForgedCompositeTokenIsBelieved) {
  SPEC("N28");
  Attribute claimed = attribute_named("role", "admin");
  claimed.values[0].authenticated = false;
  std::string token = composite_of(login_with({claimed}));
  ASSERT_EQ(token.back(), '\x02');  // the value's flags: complete alone
  token.back() = '\x03';
  const auto forged = gss::import_trusted_composite(as_bytes(token));
  ASSERT_TRUE(forged);
  EXPECT_NE(gss::get(forged->get(), "role")->authenticated(), nullptr);
}

// Where `word` is in the sources below `folder` of the tree.
Values files_with(const std::string& folder, const std::string& word) {
  Values files;
  const char* const root = std::getenv("GSSLOOP_SRCDIR");
  if (root == nullptr) return {"GSSLOOP_SRCDIR is not set"};
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(root) / folder)) {
    const std::string extension = entry.path().extension();
    if (extension != ".cc" && extension != ".h") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    if (text.str().find(word) != std::string::npos) files.push_back(entry.path().filename());
  }
  return files;
}

TEST_F(LoopSpec, TheTrustedImportIsCalledNowhereInTheModule) {
  SPEC("N28");
  for (const char* word : {"import_trusted_composite", "COMPOSITE_EXPORT"}) {
    EXPECT_EQ(files_with("plugin", word), Values{}) << word;
    EXPECT_EQ(files_with("lib/gssloop/loop", word), Values{}) << word;
    EXPECT_EQ(files_with("lib/gssloop/io", word), Values{}) << word;
  }
  const Values in_gss = files_with("lib/gssloop/gss", "import_trusted_composite");
  EXPECT_EQ(std::set<std::string>(in_gss.begin(), in_gss.end()),
            (std::set<std::string>{"names.cc", "names.h"}));
  EXPECT_FALSE(files_with("plugin", "sasl").empty()) << "else the search finds nothing anyway";
}

// Section 7.2: the const types of RFC 5587 section 3.4.6 are there, and a const OID is taken.
static_assert(std::is_same_v<gss_const_OID, const gss_OID_desc*>);
static_assert(std::is_same_v<gss_const_buffer_t, const gss_buffer_desc*>);
static_assert(std::is_same_v<gss_const_OID_set, const gss_OID_set_desc*>);
static_assert(std::is_constructible_v<gss::Oid, gss_const_OID>);
static_assert(sizeof(gss_const_name_t) == sizeof(gss_name_t));
static_assert(sizeof(gss_const_ctx_id_t) == sizeof(gss_ctx_id_t));
static_assert(sizeof(gss_const_cred_id_t) == sizeof(gss_cred_id_t));

TEST_F(LoopSpec, ConstOidsAreTaken) {
  SPEC("N12");  // mostly by the assertions above
  const gss_const_OID krb5 = gss_mech_krb5;
  EXPECT_EQ(gss::Oid(krb5), gss::Oid::krb5());
}

TEST_F(LoopSpec, WhatNameCallsReturnIsReleased) {
  SPEC("N14 L41");  // by the fixture's counters and, where built so, by the leak checker
  const Talk said = login_with({attribute_named("a"), attribute_named("b")});
  const gss_name_t name = said.acceptor->source();
  const auto copy = gss::duplicate(name);
  const auto canonical = gss::canonicalize(name, scripted_mech());
  ASSERT_TRUE(copy && canonical);
  EXPECT_EQ(gss::get_all(copy->get())->readable.size(), 2U);
  EXPECT_GE(scripted().live().names, 3U);
  scripted().edit([](Script& script) {
    script.names.import = script.names.display = script.names.export_composite = {GSS_S_FAILURE, 0};
  });
  EXPECT_FALSE(gss::display(name));
  EXPECT_FALSE(gss::display_as(name, gss::NameForm::kUser));
  EXPECT_FALSE(gss::export_composite(name));
}

// The fixture counts the mechanism's objects, not what the glue allocates beside them: the OID that
// gss_inquire_name returns is a copy in MIT krb5. This sees it without a sanitizer.
TEST_F(LoopSpec, AskingANameOverAndOverTakesNoMemory) {
  SPEC("N14 N15 L41");
  const Talk said = login_with({attribute_named("a")});
  constexpr std::size_t kTimes = 2000;
  const auto memory_after_asking = [&said] {
    for (std::size_t i = 0; i < kTimes; ++i) EXPECT_TRUE(said.acceptor->source_attributes());
    scripted().reset();  // what it recorded is no leak
    return mallinfo2().uordblks;
  };
  const std::size_t before = memory_after_asking();
  EXPECT_LT(memory_after_asking(), before + kTimes * sizeof(gss_OID_desc));
}

}  // namespace
}  // namespace gssloop::testing
