// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/mechanism.h"

#include <gtest/gtest.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "plugin/mech/kerberos_negotiation.h"
#include "tests/support/spec.h"

namespace gssloop::plugin {
namespace {

using Names = std::vector<std::string>;

gss::Mechanism good(const std::string& sasl_name = "GS2-GOOD") {
  gss::Mechanism mechanism;
  mechanism.oid = *gss::Oid::from_dotted("1.3.6.1.4.1.32473.1.9");
  mechanism.sasl_name = sasl_name;
  mechanism.is_concrete = true;
  mechanism.authenticates_initiator = true;
  mechanism.authenticates_target = true;
  mechanism.binds_channels = true;
  mechanism.is_framed = true;
  return mechanism;
}

TEST(SaslMechanism, WhatIsNotOffered) {
  SPEC("G1 G2");
  const struct {
    const char* reason;  // a part of it; "" is offered
    void (*change)(gss::Mechanism*);
  } rows[] = {
      {"", [](gss::Mechanism*) {}},
      {"", [](gss::Mechanism* m) { m->is_framed = false; }},
      {"no SASL name", [](gss::Mechanism* m) { m->sasl_name.clear(); }},
      {"too long", [](gss::Mechanism* m) { m->sasl_name = "GS2-ABCDEFGHIJKL"; }},
      {"", [](gss::Mechanism* m) { m->sasl_name = "GS2-ABCDEFGHIJK"; }},
      {"negotiates", [](gss::Mechanism* m) { m->is_negotiation = true; }},
      {"pseudo", [](gss::Mechanism* m) { m->is_pseudo = true; }},
      {"deprecated", [](gss::Mechanism* m) { m->is_deprecated = true; }},
      {"channel bindings", [](gss::Mechanism* m) { m->binds_channels = false; }},
      {"mutual", [](gss::Mechanism* m) { m->authenticates_initiator = false; }},
      {"mutual", [](gss::Mechanism* m) { m->authenticates_target = false; }},
      {"not offered by default", [](gss::Mechanism* m) { m->is_default = false; }},
  };
  for (const auto& row : rows) {
    gss::Mechanism mechanism = good();
    row.change(&mechanism);
    const std::string why = gss::why_not_gs2(mechanism, nullptr);
    EXPECT_EQ(why.empty(), *row.reason == '\0') << why;
    EXPECT_NE(why.find(row.reason), std::string::npos) << why;
  }
}

// No option can offer a mechanism that must not be used with GS2.
TEST(SaslMechanism, NamingANegotiatingMechanismDoesNotOfferIt) {
  SPEC("G2");
  gss::Mechanism mechanism = good("SPNEGO");
  mechanism.is_negotiation = true;
  const Names named = {"SPNEGO"};
  EXPECT_FALSE(gss::why_not_gs2(mechanism, &named).empty());
}

TEST(SaslMechanism, OptionNamesMechanisms) {
  SPEC("G1");
  const Names others = {"GS2-OTHER", "GS2-GOO", "GS2-GOODX"};
  const Names named = {"X", "gs2-good"};
  const Names none;
  EXPECT_FALSE(gss::why_not_gs2(good(), &others).empty());
  EXPECT_FALSE(gss::why_not_gs2(good(), &none).empty());
  EXPECT_TRUE(gss::why_not_gs2(good(), &named).empty());
  gss::Mechanism shy = good();
  shy.is_default = false;
  EXPECT_TRUE(gss::why_not_gs2(shy, &named).empty());
}

gss::Mechanism named(const gss::Oid& oid, const std::string& sasl_name) {
  gss::Mechanism mechanism = good(sasl_name);
  mechanism.oid = oid;
  mechanism.is_negotiation = oid == gss::Oid::spnego();
  return mechanism;
}

Names names_of(const std::vector<SaslMechanism>& offered) {
  Names names;
  for (const SaslMechanism& mechanism : offered) names.push_back(mechanism.sasl_name);
  return names;
}

TEST(SaslMechanism, PicksFromTheRegistry) {
  SPEC("G1 G2 R1");
  const gss::MechanismRegistry registry({good("GS2-B"), named(gss::Oid::spnego(), "SPNEGO"),
                                         good(""), named(gss::Oid::krb5(), "GS2-KRB5")});
  const auto offered = registered_mechanisms(registry, {});
  EXPECT_EQ(names_of(offered), (Names{"GSSAPI", "GSS-SPNEGO", "GS2-B", "GS2-KRB5"}));
  EXPECT_EQ(offered[0].gss_mechanism.oid, gss::Oid::krb5());
  EXPECT_EQ(offered[1].gss_mechanism.oid, gss::Oid::spnego());
  Options options;
  options.mechanisms = Names{"gssapi", "GS2-B"};
  EXPECT_EQ(names_of(registered_mechanisms(registry, options)), (Names{"GSSAPI", "GS2-B"}));
}

// "GSSAPI" is Kerberos alone: no other mechanism of the machine replaces it.
TEST(SaslMechanism, WithoutKerberosThereIsNoGssapi) {
  SPEC("R1");
  const gss::MechanismRegistry registry({good("GS2-B")});
  EXPECT_EQ(names_of(registered_mechanisms(registry, {})), Names{"GS2-B"});
}

// Options may name what is not offered here, such as a mechanism that is not offered by default.
TEST(SaslMechanism, NamesForOptions) {
  gss::Mechanism spnego = good("SPNEGO"), unnamed = good(""), iakerb = good("GS2-IAKERB");
  spnego.is_negotiation = true;
  iakerb.is_default = false;
  const gss::MechanismRegistry registry({good(), spnego, unnamed, iakerb});
  EXPECT_EQ(gss::sasl_names(registry), (Names{"GSSAPI", "GSS-SPNEGO", "GS2-GOOD", "GS2-IAKERB"}));
}

TEST(SaslMechanism, SecurityFlags) {
  SPEC("G14");
  SaslMechanism mechanism{Family::kGs2, "GS2-GOOD", good()};
  const unsigned flags = security_flags(mechanism);
  for (const unsigned flag : std::initializer_list<unsigned>{
           SASL_SEC_NOPLAINTEXT, SASL_SEC_NOACTIVE, SASL_SEC_NOANONYMOUS, SASL_SEC_MUTUAL_AUTH,
           SASL_SEC_PASS_CREDENTIALS}) {
    EXPECT_NE(flags & flag, 0U) << flag;
  }
  EXPECT_EQ(flags & SASL_SEC_NODICTIONARY, 0U);
  for (const gss::Oid& oid : {gss::Oid::krb5(), gss::Oid::spnego()}) {
    mechanism.gss_mechanism.oid = oid;
    EXPECT_NE(security_flags(mechanism) & SASL_SEC_NODICTIONARY, 0U);
  }
  mechanism.gss_mechanism.oid = gss::Oid::iakerb();
  EXPECT_EQ(security_flags(mechanism) & SASL_SEC_NODICTIONARY, 0U);
#ifdef SASL_SEC_NONSTD_CBIND
  for (const bool binds : {true, false}) {
    mechanism.binds_channels = binds;
    EXPECT_EQ((security_flags(mechanism) & SASL_SEC_NONSTD_CBIND) != 0, binds);
  }
#endif
}

// Where nothing is sent, nothing is negotiated.
TEST(SaslMechanism, NoTokenNegotiatesNoOtherMechanism) {
  EXPECT_EQ(why_not_kerberos({}), "");
  EXPECT_NE(why_not_kerberos(as_bytes("x")), "");
}

TEST(SaslMechanism, OnlySpnegoKnowsHttpAndOnlyGs2HasNoLayer) {
  SPEC("R10");
  for (const Family family : {Family::kGs2, Family::kGssapi, Family::kSpnego}) {
    const SaslMechanism mechanism{family, "X", good()};
    const unsigned http = family == Family::kSpnego ? SASL_FEAT_SUPPORTS_HTTP : 0;
    EXPECT_EQ(server_features(mechanism) & SASL_FEAT_SUPPORTS_HTTP, http);
    EXPECT_EQ(client_features(mechanism) & SASL_FEAT_SUPPORTS_HTTP, http);
    EXPECT_EQ(max_ssf(mechanism), family == Family::kGs2 ? 0U : 256U);
  }
}

TEST(Registry, FindsByOid) {
  SPEC("G1");
  gss::Mechanism nameless = good("");
  nameless.oid = gss::Oid::krb5();
  const gss::MechanismRegistry registry({good(), nameless});
  ASSERT_NE(registry.find(nameless.oid), nullptr);
  EXPECT_EQ(registry.find(nameless.oid)->sasl_name, "");
  EXPECT_EQ(registry.find(gss::Oid::iakerb()), nullptr);
}

}  // namespace
}  // namespace gssloop::plugin
