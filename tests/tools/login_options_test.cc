// SPDX-License-Identifier: BSD-2-Clause
//
// tools/trial/login_options: the meaning of the command line's values.
#include "tools/trial/login_options.h"

#include <gtest/gtest.h>

namespace gssloop::tools {
namespace {

TEST(LoginOptions, FlagsAreThoseThatAreNamed) {
  const struct {
    const char* text;
    std::optional<Flags> flags;
  } rows[] = {
      {"none", Flags()},
      {"mutual", Flag::kMutual},
      {"mutual,conf,integ", Flag::kMutual | Flag::kConf | Flag::kInteg},
      {"channel-bound,deleg-policy", Flag::kChannelBound | Flag::kDelegPolicy},
      {"sequence,replay,anon,deleg,trans",
       Flag::kSequence | Flag::kReplay | Flag::kAnon | Flag::kDeleg | Flag::kTrans},
      {"", std::nullopt},
      {"mutual,", std::nullopt},
      {",mutual", std::nullopt},
      {"Mutual", std::nullopt},
      {"mutual, conf", std::nullopt},
      {"nosuch", std::nullopt},
  };
  for (const auto& row : rows) {
    const auto flags = parse_flags(row.text);
    ASSERT_EQ(static_cast<bool>(flags), row.flags.has_value()) << row.text;
    if (flags) {
      EXPECT_EQ(*flags, *row.flags) << row.text;
    } else {
      EXPECT_NE(flags.error().message.find("mutual"), std::string::npos);
    }
  }
}

TEST(LoginOptions, MechanismsHaveSeveralNames) {
  const struct {
    const char* text;
    gss::Oid oid;
  } rows[] = {
      {"krb5", gss::Oid::krb5()},
      {"spnego", gss::Oid::spnego()},
      {"iakerb", gss::Oid::iakerb()},
      {"GS2-KRB5", gss::Oid::krb5()},
      {"1.2.3", *gss::Oid::from_dotted("1.2.3")},
  };
  for (const auto& row : rows) {
    const auto mech = parse_mechanism(row.text);
    ASSERT_TRUE(mech) << row.text;
    EXPECT_EQ(*mech, row.oid) << row.text;
  }
  for (const char* text : {"", "nosuch", "1.2.", "GS2-KRB5-PLUS"}) {
    EXPECT_FALSE(parse_mechanism(text)) << text;
  }
}

TEST(LoginOptions, BindingPartsArePutTogether) {
  LoginOptions options;
  options.binding = {"tls-exporter:", "hex:00fF", "text:hex:", "x"};
  EXPECT_FALSE(check_usage(options));
  const auto terms = terms_of(options);
  ASSERT_TRUE(terms);
  ASSERT_TRUE(terms->bindings);
  EXPECT_EQ(as_text(terms->bindings->application_data()),
            std::string_view("tls-exporter:\x00\xffhex:x", 20));
}

TEST(LoginOptions, WhatMeansNothingIsWrongUsage) {
  const LoginOptions rows[] = {
      {.mechanism = "nosuch"}, {.flags = "mutual,no"},  {.required = "no"},
      {.binding = {"hex:0"}},  {.binding = {"hex:0g"}},
  };
  for (const LoginOptions& options : rows) {
    EXPECT_TRUE(check_usage(options));
    EXPECT_FALSE(terms_of(options));
  }
  // A file that cannot be read does not make the line wrong.
  const LoginOptions missing = {.binding = {"file:/nonexistent/file"}};
  EXPECT_FALSE(check_usage(missing));
  EXPECT_FALSE(terms_of(missing));
}

TEST(LoginOptions, DefaultsAreLeftToTheCommand) {
  const auto terms = terms_of({});
  ASSERT_TRUE(terms);
  EXPECT_TRUE(terms->mech.empty());
  EXPECT_FALSE(terms->flags || terms->required || terms->bindings);
  EXPECT_EQ(needed_for_data(*terms), Flag::kConf | Flag::kInteg);
  const auto none = terms_of({.required = "none", .is_integrity_only = true, .timeout = 0});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->required, Flags());
  EXPECT_EQ(needed_for_data(*none), Flags(Flag::kInteg));
  EXPECT_EQ(none->deadline(), io::kNoDeadline);
}

}  // namespace
}  // namespace gssloop::tools
