// SPDX-License-Identifier: BSD-2-Clause

// PACs in logins with the module: what it verifies, how often, and what rules then decide.

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/names.h"
#include "tests/live/pac_calls.h"
#include "tests/live/policy_session.h"

namespace gssloop::testing {
namespace {

constexpr char kNoRules[] = "# no rules\n";
constexpr char kGroups[] =
    "[attributes.groups]\n"
    "from = [{ mechanism = \"krb5\", name = \"urn:mspac:logon-info\", form = \"hex\" }]\n";
const char* const kMechanisms[] = {kGs2, "GSSAPI", "GSS-SPNEGO"};

class PacPolicyTest : public PolicyTest {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    disable_replay_cache();
  }
  void TearDown() override {
    present_pac({});
    PolicyTest::TearDown();
  }

  // A ticket of alice with two buffers; the Kerberos library says that its PAC is authenticated.
  static void use_believed(Signature signature, const PacVariation& variation = {}) {
    use_ccache(ccache("forged"));
    present_pac(forge_ticket(realm(),
                             {.client = {{"alice"}},
                              .pac = signature,
                              .logon_info = "info",
                              .pac_variation = variation},
                             ccache("forged"))
                    .at(0));
  }
};

TEST_F(PacPolicyTest, AWrongPacIsUnknownToRules) {
  SPEC("P6 N2");
  const struct {
    const char* rules;
    bool is_admitted;
  } rows[] = {
      {"", true},
      {"require = [\"exists groups\"]\n", false},
      {"require = [\"!exists groups\"]\n", false},
      {"deny = [\"groups=00\"]\n", false},
      {"deny = [\"exists groups & peer.realm=OTHER.TEST\"]\n", true},
  };
  const PacVariation of_another = {.client = {"bob"}};
  const PacVariation older = {.authtime_offset = std::chrono::seconds(-60)};
  for (const char* mechanism : kMechanisms) {
    for (const auto& row : rows) {
      write_policy(kGroups + std::string("[services.imap]\n") + row.rules);
      for (const auto& [signature, variation] : std::vector<std::pair<Signature, PacVariation>>{
               {Signature::kBad, {}}, {Signature::kGood, of_another}, {Signature::kGood, older}}) {
        use_believed(signature, variation);
        SaslClient client;
        SaslServer server(under_policy());
        EXPECT_EQ(log_in(&client, &server, mechanism).server.code,
                  row.is_admitted ? SASL_OK : SASL_NOAUTHZ)
            << mechanism << " " << row.rules << server.log().text();
        if (row.is_admitted) continue;
        EXPECT_TRUE(server.log().has("the PAC is not verified")) << server.log().text();
      }
    }
  }
}

TEST_F(PacPolicyTest, ARightPacIsKnownToRules) {
  SPEC("P6 P7");
  write_policy(kGroups + std::string("[services.imap]\nrequire = [\"groups=696e666f\"]\n"));
  for (const char* mechanism : kMechanisms) {
    for (const char* principal : {"", "*", "**", "imap/localhost@EXAMPLE.TEST"}) {
      use_forged({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "info"});
      SaslClient client;
      SaslServer server(under_policy(
          {.options = {{"service_principal", principal}, {"keytab", realm().default_keytab()}}}));
      EXPECT_EQ(log_in(&client, &server, mechanism).server.code, SASL_OK)
          << mechanism << principal << server.log().text();
    }
  }
}

TEST_F(PacPolicyTest, APropertyOfAWrongPacIsMissing) {
  SPEC("P6 N29");
  write_policy(kNoRules);
  use_believed(Signature::kBad);
  SaslClient client;
  SaslServer server(under_policy(
      {.requested = {"*urn:mspac:client-info", "urn:mspac:client-info", "*urn:mspac:logon-info"}}));
  ASSERT_EQ(log_in(&client, &server, kGs2).server.code, SASL_OK) << server.log().text();
  for (const auto& [name, values] : server.properties()) EXPECT_TRUE(values.empty()) << name;
  EXPECT_TRUE(server.log().has("are missing: \"urn:mspac:client-info\" cannot be read: "));
}

// The module verifies once if anything needs a buffer, and otherwise not at all. The Kerberos
// library may verify for itself as well.
TEST_F(PacPolicyTest, APacIsVerifiedOnceInALogin) {
  SPEC("P9");
  const LogSettings quiet = {.level = SASL_LOG_WARN};
  const auto num_verifications = [](const std::string& policy, ServerSetup setup) {
    write_policy(policy);
    use_forged({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "info"});
    const unsigned before = num_pac_verifications();
    SaslClient client;
    SaslServer server(under_policy(std::move(setup)));
    EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_OK) << server.log().text();
    return num_pac_verifications() - before;
  };
  const std::string definitions = kDefinitions + std::string(kGroups);
  const unsigned without = num_verifications(kNoRules, {.log = quiet});
  EXPECT_EQ(num_verifications(definitions, {.log = quiet}), without);
  EXPECT_EQ(num_verifications(definitions + "[services.imap]\ndeny = [\"assurance=x\"]\n",
                              {.log = quiet}),
            without);
  EXPECT_EQ(num_verifications(kNoRules, {.requested = {"*auth-indicators"}, .log = quiet}),
            without);

  EXPECT_EQ(num_verifications(kNoRules, {.requested = {"*urn:mspac:client-info"}, .log = quiet}),
            without + 1);
  EXPECT_EQ(num_verifications(definitions + "[services.imap]\nrequire = [\"exists groups\"]\n",
                              {.log = quiet}),
            without + 1);
  EXPECT_EQ(num_verifications(
                definitions + "[services.imap]\nrequire = [\"exists groups\", \"exists client\"]\n",
                {.requested = {"*urn:mspac:client-info"}, .log = quiet}),
            without + 1);
  const std::string rule = definitions + "[services.imap]\nrequire = [\"exists groups\"]\n";
  EXPECT_EQ(num_verifications(kNoRules, {.log = {.level = SASL_LOG_DEBUG}}), without + 1);
  EXPECT_EQ(num_verifications(rule, {.log = {.level = SASL_LOG_DEBUG}}), without + 1);
}

// To verify a PAC, a login opens no keytab and asks for no name. Only the first asks of which
// service the tickets are, because the keytab has keys of several.
TEST_F(PacPolicyTest, AVerificationUsesWhatTheLoginHas) {
  SPEC("P9");
  const auto calls_of_login = [](const char* mechanism) {
    use_forged({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "info"});
    SaslClient client;
    SaslServer server(under_policy({.log = {.level = SASL_LOG_WARN}}));
    const Turn first = client.start(mechanism);
    const CallsCounted before = calls_counted();
    EXPECT_GE(server.start(mechanism, first.out).code, SASL_OK) << server.log().text();
    return calls_since(before);
  };
  for (const char* mechanism : kMechanisms) {
    write_policy(kNoRules);
    calls_of_login(mechanism);
    const CallsCounted without = calls_of_login(mechanism);
    write_policy(kGroups + std::string("[services.imap]\nrequire = [\"groups=696e666f\"]\n"));
    EXPECT_EQ(calls_of_login(mechanism).keytabs, without.keytabs) << mechanism;
    EXPECT_EQ(calls_of_login(mechanism), without) << mechanism;
  }
}

// An application's own credential: nothing says which keytab it came from, unless an option does.
TEST_F(PacPolicyTest, AnApplicationsCredentialNeedsTheKeytabByOption) {
  SPEC("P7");
  const auto name = gss::import_name("imap@localhost", gss::NameForm::kHostbasedService);
  const auto credential = gss::acquire_acceptor(name->get(), gss::Oid::krb5(), "");
  ASSERT_TRUE(credential);
  write_policy(kGroups + std::string("[services.imap]\nrequire = [\"exists groups\"]\n"));
  const struct {
    SaslOptions options;
    const char* reason;  // empty: admitted
  } rows[] = {
      {{}, "(the application passed its own credential: name its keytab in option keytab)"},
      {{{"keytab", "FILE:/nowhere"}}, "the keytab FILE:/nowhere cannot be read"},
      {{{"keytab", realm().default_keytab()}}, ""},
  };
  for (const auto& row : rows) {
    use_forged({.client = {{"alice"}}, .pac = Signature::kGood, .logon_info = "info"});
    SaslClient client;
    SaslServer server(under_policy({.options = row.options, .credential = credential->get()}));
    const bool is_admitted = *row.reason == '\0';
    EXPECT_EQ(log_in(&client, &server, kGs2).server.code, is_admitted ? SASL_OK : SASL_NOAUTHZ);
    EXPECT_TRUE(is_admitted || server.log().has(row.reason)) << server.log().text();
  }
}

}  // namespace
}  // namespace gssloop::testing
