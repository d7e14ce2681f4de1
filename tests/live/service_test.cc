// SPDX-License-Identifier: BSD-2-Clause
// Which keys a server answers with.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

class ServiceTest : public LiveTest {};

TEST_F(ServiceTest, ServicePrincipal) {
  SPEC("R12");
  constexpr char kImap[] = "imap@localhost", kOtherHost[] = "imap@mail.example.test",
                 kSmtp[] = "smtp@localhost";
  const struct {
    const char* option;  // null: not set
    bool imap, other_host, smtp;
  } rows[] = {
      {nullptr, true, false, false},
      {"", true, false, false},
      {"*", true, true, false},
      {"**", true, true, true},
      {"smtp@localhost", false, false, true},
      {"smtp/localhost@EXAMPLE.TEST", false, false, true},
      {"imap/mail.example.test", false, true, false},
  };
  for (const auto& row : rows) {
    SaslOptions options;
    if (row.option != nullptr) options["service_principal"] = row.option;
    const std::pair<const char*, bool> clients[] = {
        {kImap, row.imap}, {kOtherHost, row.other_host}, {kSmtp, row.smtp}};
    for (const auto& [target, is_accepted] : clients) {
      const std::string name = target;
      SaslClient client({.service = name.substr(0, 4), .host = name.substr(5)});
      SaslServer server({.options = options, .canon_user = [](CanonCall*) { return SASL_OK; }});
      EXPECT_TRUE(server.offers(kGs2));
      const Login login = log_in(&client, &server, kGs2);
      EXPECT_EQ(login.ok(), is_accepted) << (row.option != nullptr ? row.option : "(unset)") << " "
                                         << target << server.log().text();
      EXPECT_EQ(server.was_silent(), !is_accepted);
    }
  }
}

// With application credentials that hold every key, "*" still keeps other services out.
TEST_F(ServiceTest, AnyHostIsNotAnyService) {
  SPEC("R12");
  OM_uint32 minor = 0;
  gss_cred_id_t all = GSS_C_NO_CREDENTIAL;
  ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, GSS_C_NO_OID_SET, GSS_C_ACCEPT, &all,
                             nullptr, nullptr),
            0U);
  for (const char* service : {"imap", "smtp"}) {
    SaslClient client({.service = service});
    SaslServer server({.options = {{"service_principal", "*"}}, .credential = all});
    EXPECT_EQ(log_in(&client, &server, kGs2).ok(), std::string(service) == "imap");
  }
  gss_release_cred(&minor, &all);
}

TEST_F(ServiceTest, IsOfferedOnlyWithAKeytab) {
  SPEC("G1 R11");
  const std::string keytab = "FILE:" + realm().path("late.keytab");
  SaslServer server({.options = {{"keytab", keytab}}});
  EXPECT_FALSE(server.offers(kGs2));
  EXPECT_TRUE(server.log().has("late.keytab", SASL_LOG_ERR)) << server.log().text();
  SaslClient early;
  EXPECT_EQ(server.start(kGs2, early.start(kGs2).out).code, SASL_NOMECH);
  realm().write_keytab(keytab, {"imap/localhost"});
  // On the same connection: a failure is not remembered.
  EXPECT_TRUE(server.offers(kGs2));
  SaslClient client;
  EXPECT_TRUE(log_in(&client, &server, kGs2).ok()) << server.log().text();
  SaslServer smtp({.service = "smtp", .options = {{"keytab", keytab}}});
  EXPECT_FALSE(smtp.offers(kGs2));
}

// How many errors say that a server has no key for a mechanism; "": for any.
long num_errors_of_key(const SaslServer& server, const std::string& mechanism = "") {
  return std::ranges::count_if(server.log().lines(), [&](const LogLine& line) {
    return line.level == SASL_LOG_ERR &&
           line.text.find(mechanism + " is not offered: no credential for ") != std::string::npos;
  });
}

// Whatever the options say: once for Kerberos and once for SPNEGO, until the key is there again.
TEST_F(ServiceTest, TheLossOfAKeyIsAnErrorOnce) {
  SPEC("R11");
  const std::string keytab = own_keytab("lost.keytab"), away = own_keytab("away.keytab");
  setenv("KRB5_KTNAME", keytab.c_str(), 1);
  const auto num_errors = [](bool is_offered) {
    SaslServer server;
    EXPECT_EQ(server.offers(kGs2), is_offered) << server.log().text();
    return num_errors_of_key(server);
  };
  for (int i = 0; i < 2; ++i) {
    put_file(away, keytab);
    EXPECT_EQ(num_errors(true), 0);
    std::filesystem::remove(keytab);
    EXPECT_EQ(num_errors(false), 2);
    EXPECT_EQ(num_errors(false), 0);
  }
}

// A missing key is an error if an option says that logins with Kerberos are wanted. libsasl asks
// for each list of mechanisms, so it is logged as an error once.
TEST_F(ServiceTest, AMissingKeyIsAnErrorWhereLoginsAreWanted) {
  SPEC("R11");
  setenv("KRB5_KTNAME", realm().path("no.keytab").c_str(), 1);
  const struct {
    SaslOptions options;
    const char* reported;  // the mechanism; null: none
  } rows[] = {
      {{}, nullptr},
      {{{"mech_list", "PLAIN SCRAM-SHA-256"}}, nullptr},
      {{{"mech_list", ""}}, nullptr},
      {{{"mech_list", "PLAIN\tgs2-krb5 "}}, "GS2-KRB5"},
      {{{"mech_list", "GSSAPI-PLUS"}}, "GSSAPI"},
      {{{"mech_list", "GSS-SPNEGO"}}, "GSS-SPNEGO"},
      {{{"keytab", realm().path("no.keytab")}}, ""},
      {{{"service_principal", "imap@localhost"}}, ""},
  };
  for (const auto& row : rows) {
    restart_library({});
    for (const bool is_first : {true, false}) {
      SaslServer server({.options = row.options});
      for (const char* mechanism : {kGs2, "GSSAPI", "GSS-SPNEGO"}) {
        EXPECT_FALSE(server.offers(mechanism));
        EXPECT_EQ(server.start(mechanism, "x").code, SASL_NOMECH);
      }
      const std::string log = server.log().text();
      if (row.reported == nullptr) {
        EXPECT_FALSE(server.log().has("is not offered", SASL_LOG_ERR)) << log;
      } else {
        EXPECT_EQ(num_errors_of_key(server, row.reported), is_first ? 1 : 0) << log;
      }
      // libsasl does not ask for what is not on its list.
      if (row.options.contains("mech_list")) continue;
      EXPECT_TRUE(server.log().has("is not offered", SASL_LOG_NOTE)) << log;
    }
  }
}

// libsasl loads the options for each connection, and so does the module.
TEST_F(ServiceTest, AWrongOptionRefusesLoginsAndSaysSo) {
  for (const auto& [name, value] : SaslOptions{{"gssloop_error_token", "maybe"},
                                               {"gssloop_max_legs", "1"},
                                               {"gssloop_verbose_errors", "2"}}) {
    SaslClient client;
    SaslServer server({.options = {{name, value}}});
    EXPECT_TRUE(server.offers(kGs2));
    EXPECT_EQ(log_in(&client, &server, kGs2).server.code, SASL_CONFIGERR);
    EXPECT_TRUE(server.log().has(name, SASL_LOG_ERR)) << server.log().text();
    EXPECT_EQ(server.error().find(name), std::string::npos) << server.error();
  }
}

TEST_F(ServiceTest, AReplacedKeytabIsReadAnew) {
  const std::string keytab = realm().path("pop.keytab");
  realm().kadmin(realm().name(), {"addprinc", "-randkey", "pop/localhost@EXAMPLE.TEST"});
  const auto log_in_as = [&](const std::string& cache) {
    use_ccache(ccache(cache));
    SaslClient client({.service = "pop"});
    SaslServer server({.service = "pop", .options = {{"keytab", keytab}}});
    return log_in(&client, &server, kGs2).ok();
  };
  realm().write_keytab(keytab, {"pop/localhost"});
  realm().kinit("bob", "secret", ccache("first"));
  EXPECT_TRUE(log_in_as("first"));
  realm().rekey("pop/localhost");
  realm().kinit("bob", "secret", ccache("second"));
  EXPECT_FALSE(log_in_as("second")) << "no key for this ticket is there yet";
  // Added to in place: both keys are good.
  realm().write_keytab(keytab, {"pop/localhost"});
  EXPECT_TRUE(log_in_as("second"));
  EXPECT_TRUE(log_in_as("first"));
  // Replaced: the old one is not.
  ASSERT_EQ(unlink(keytab.c_str()), 0);
  EXPECT_FALSE(log_in_as("second"));
  // MIT looks keys up again by itself, but a credential that is kept would be offered further.
  EXPECT_FALSE(SaslServer({.service = "pop", .options = {{"keytab", keytab}}}).offers(kGs2));
  realm().write_keytab(keytab, {"pop/localhost"});
  EXPECT_TRUE(log_in_as("second"));
  EXPECT_FALSE(log_in_as("first"));
}

// A server that offered the mechanism waits for a client whose ticket is for a newer key.
TEST_F(ServiceTest, AKeytabMayChangeWhileAClientIsWaitedFor) {
  SPEC("R11");
  const std::string keytab = realm().path("waiting.keytab");
  realm().kadmin(realm().name(), {"addprinc", "-randkey", "nntp/localhost@EXAMPLE.TEST"});
  realm().write_keytab(keytab, {"nntp/localhost"});
  SaslServer server({.service = "nntp", .options = {{"keytab", keytab}}});
  ASSERT_EQ(server.start(kGs2, std::nullopt).code, SASL_CONTINUE);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  realm().rekey("nntp/localhost");
  ASSERT_EQ(unlink(keytab.c_str()), 0);
  realm().write_keytab(keytab, {"nntp/localhost"});
  use_ccache(ccache("newer"));
  realm().kinit("bob", "secret", ccache("newer"));
  SaslClient client({.service = "nntp"});
  EXPECT_EQ(server.step(client.start(kGs2).out).code, SASL_OK) << server.error();
}

// The default keytab may become another one while the server runs: that of KRB5_KTNAME, or the one
// that krb5.conf names, which KRB5_CONFIG names.
TEST_F(ServiceTest, TheDefaultKeytabIsTodays) {
  SPEC("R11");
  const std::string with_key = realm().path("today.keytab"), without = realm().path("smtp.only");
  realm().write_keytab(with_key, {"imap/localhost"});
  realm().write_keytab(without, {"smtp/localhost"});
  const std::string configuration = realm().path("named.conf");
  std::ofstream(configuration) << "include " << realm().krb5_conf()
                               << "\n[libdefaults]\ndefault_keytab_name = " << with_key << "\n";
  const struct {
    const char* keytab;  // null: not set
    std::string configuration;
    bool has_key;
  } rows[] = {
      {with_key.c_str(), realm().krb5_conf(), true},
      {without.c_str(), realm().krb5_conf(), false},
      {with_key.c_str(), realm().krb5_conf(), true},
      {nullptr, realm().krb5_conf(), false},
      {nullptr, configuration, true},
      {without.c_str(), configuration, false},
      {nullptr, configuration, true},
      {nullptr, realm().krb5_conf(), false},
  };
  for (const char* mechanism : {kGs2, "GSSAPI", "GSS-SPNEGO"}) {
    for (const auto& row : rows) {
      SaslClient client;
      const std::string first = client.start(mechanism).out.value_or("");
      setenv("KRB5_CONFIG", row.configuration.c_str(), 1);
      if (row.keytab != nullptr) {
        setenv("KRB5_KTNAME", row.keytab, 1);
      } else {
        unsetenv("KRB5_KTNAME");
      }
      SaslServer server;
      const auto number = std::to_string(&row - rows);
      EXPECT_EQ(server.offers(mechanism), row.has_key) << mechanism << number;
      EXPECT_EQ(server.start(mechanism, first).code >= SASL_OK, row.has_key)
          << mechanism << number << server.log().text();
      realm().apply_to_this_process();
    }
  }
}

// MIT krb5 does not say which keytab an application registered. The one that was registered before
// the first login counts, until another change makes the server acquire its credential again.
TEST_F(ServiceTest, ARegisteredKeytabIsSeenAtTheFirstLogin) {
  SPEC("R11");
  const std::string with_key = realm().path("registered.keytab");
  const std::string without = realm().path("smtp.registered");
  realm().write_keytab(with_key, {"imap/localhost"});
  realm().write_keytab(without, {"smtp/localhost"});
  setenv("KRB5_KTNAME", without.c_str(), 1);
  ASSERT_EQ(krb5_gss_register_acceptor_identity(with_key.c_str()), 0U);
  EXPECT_TRUE(SaslServer().offers(kGs2));
  ASSERT_EQ(krb5_gss_register_acceptor_identity(without.c_str()), 0U);
  EXPECT_TRUE(SaslServer().offers(kGs2)) << "docs/limits.md says otherwise";
  setenv("KRB5_KTNAME", with_key.c_str(), 1);
  EXPECT_FALSE(SaslServer().offers(kGs2));
  ASSERT_EQ(krb5_gss_register_acceptor_identity(nullptr), 0U);
  EXPECT_TRUE(SaslServer().offers(kGs2));
}

TEST_F(ServiceTest, OffersWhatItIsToldToAndNothingThatMustNotBe) {
  SPEC("G1 G2 R1");
  const struct {
    const char* named;  // gssloop_mechanisms; "": not set
    const char* offered;
  } rows[] = {
      {"", " GSS-SPNEGO GSSAPI GS2-KRB5 "},
      {"SPNEGO GS2-KRB5", " GS2-KRB5 "},
      {"gs2-krb5", " GS2-KRB5 "},
      {"gssapi", " GSSAPI "},
      {"GSS-SPNEGO GSSAPI", " GSS-SPNEGO GSSAPI "},
  };
  for (const auto& row : rows) {
    if (*row.named != '\0') restart_library({{"gssloop_mechanisms", row.named}});
    SaslServer server;
    EXPECT_EQ(server.offered(), row.offered) << row.named;
  }
}

// libsasl's own text for a server without a mechanism is "Internal Error -4 in server.c".
TEST_F(ServiceTest, SaysThatNoNameOfTheListIsAMechanism) {
  restart_library({{"gssloop_mechanisms", "GS2-KBR5"}});
  SaslClient client({.options = {{"gssloop_mechanisms", "GS2-KBR5"}}});
  SaslServer server({.options = {{"gssloop_mechanisms", "GS2-KBR5"}}});
  EXPECT_EQ(server.start("GS2-KRB5", "n,,").code, SASL_CONFIGERR);
  const std::string sentence =
      "option gssloop_mechanisms is \"GS2-KBR5\", but must be none, or a list of some of GSSAPI, ";
  EXPECT_NE(server.log().text().find(sentence), std::string::npos) << server.log().text();
  EXPECT_EQ(client.start("GS2-KRB5").code, SASL_CONFIGERR);
  EXPECT_NE(client.error().find(sentence), std::string::npos) << client.error();
}

}  // namespace
}  // namespace gssloop::testing
