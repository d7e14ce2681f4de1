// SPDX-License-Identifier: BSD-2-Clause
// The sentence for a failed login: one sentence that says what failed, for whom, what to
// look at, with the texts of the major and the minor status. On the client in sasl_errdetail, on
// the server in the log; strangers get a fixed text from the server.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

using Parts = std::vector<std::string>;

class ErrorsTest : public LiveTest {
 protected:
  // The lines of one failure at SASL_LOG_ERR.
  static std::string failures(const SaslServer& server) {
    std::string text;
    for (const LogLine& line : server.log().lines()) {
      if (line.level == SASL_LOG_ERR) text += line.text + "\n";
    }
    return text;
  }

  // Runs a login that fails at the server, and looks at all that was said.
  static void expect_server_says(SaslClient* client, const ServerSetup& setup, const Parts& parts) {
    SaslServer server(setup);
    const Login login = log_in(client, &server, setup.binding ? kGs2Plus : kGs2);
    ASSERT_FALSE(login.ok());
    const Turn last = login.server.code == SASL_CONTINUE ? server.step("") : login.server;
    EXPECT_LT(last.code, SASL_OK);
    expect_sentence(failures(server), parts);
    expect_harmless(server);
  }

  static void expect_harmless(const SaslServer& server) {
    const std::string told = server.error();
    EXPECT_NE(told, "");
    for (const char* part : {"EXAMPLE", "localhost", "imap", "keytab", "/", "kvno", "gss_", "alice",
                             "Minor", "Kerberos", "skew"}) {
      EXPECT_EQ(told.find(part), std::string::npos) << part << " stands in: " << told;
    }
  }
};

TEST_F(ErrorsTest, NoTicket) {
  use_ccache(ccache("none"));
  SaslClient client;
  EXPECT_LT(client.start(kGs2).code, SASL_OK);
  expect_sentence(client.error(), {"credential", "gss_", realm().path("none"), "kinit"});
}

TEST_F(ErrorsTest, NoSuchServicePrincipal) {
  SaslClient client({.service = "nfs"});
  EXPECT_LT(client.start(kGs2).code, SASL_OK);
  expect_sentence(client.error(), {"nfs@localhost", "gss_init_sec_context", "Unspecified",
                                   "nfs/localhost@EXAMPLE.TEST not found",
                                   "the KDC does not know this service principal"});
}

TEST_F(ErrorsTest, ExpiredServiceTicket) {
  use_forged(
      {.client = {{"alice"}}, .start = std::chrono::hours(-2), .end = std::chrono::hours(-1)});
  const std::string token = bare_token(forged_ap_req(realm(), {.ccache = ccache("forged")}));
  SaslServer server;
  Turn turn = server.start(kGs2, "n,," + token);
  if (turn.code == SASL_CONTINUE) turn = server.step("");
  EXPECT_EQ(turn.code, SASL_BADAUTH);
  expect_sentence(failures(server), {"imap@localhost", "gss_accept_sec_context", "Ticket expired",
                                     "the ticket has expired"});
  expect_harmless(server);
}

TEST_F(ErrorsTest, ClockSkew) {
  SaslClient first;
  SaslServer good;
  ASSERT_TRUE(log_in(&first, &good, kGs2).ok());  // gets the service ticket
  realm().copy_with_clock_offset(realm().default_ccache(), ccache("skewed"), std::chrono::hours(1));
  use_ccache(ccache("skewed"));
  SaslClient client;
  expect_server_says(&client, {},
                     {"imap@localhost", "gss_accept_sec_context", "Clock skew", "the clocks"});
  expect_sentence(client.error(), {"imap@localhost", "Clock skew", "the clocks"});
}

TEST_F(ErrorsTest, WrongKeyVersion) {
  realm().add_service("rekeyed/localhost");
  realm().rekey("rekeyed/localhost");
  SaslClient client({.service = "rekeyed"});
  expect_server_says(&client, {.service = "rekeyed"},
                     {"rekeyed@localhost", "gss_accept_sec_context", "export the service's key"});
  expect_sentence(client.error(), {"rekeyed@localhost"});
}

// SPNEGO has numbers of its own for what went wrong in Kerberos.
TEST_F(ErrorsTest, SpnegoGivesTheSameAdvice) {
  realm().add_service("renewed/localhost");
  realm().rekey("renewed/localhost");
  SaslClient client({.service = "renewed"});
  SaslServer server({.service = "renewed"});
  const Login login = log_in(&client, &server, kSpnego);
  ASSERT_FALSE(login.ok());
  if (login.server.code == SASL_CONTINUE) server.step("");
  expect_sentence(failures(server), {"renewed@localhost", "export the service's key"});
  expect_sentence(client.error(), {"renewed@localhost", "export the service's key"});
  expect_harmless(server);
}

TEST_F(ErrorsTest, AnotherServicesTicket) {
  SaslClient client({.service = "smtp"});
  expect_server_says(&client, {}, {"imap@localhost", "gss_accept_sec_context"});
}

TEST_F(ErrorsTest, UnreadableKeytab) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads every file";
  const std::string keytab = realm().path("secret.keytab");
  realm().write_keytab(keytab, {"imap/localhost"});
  ASSERT_EQ(chmod(keytab.c_str(), 0), 0);
  SaslServer server({.options = {{"keytab", keytab}}});
  EXPECT_FALSE(server.offers(kGs2));
  expect_sentence(server.log().text(),
                  {"imap@localhost", keytab, "Permission denied", "this user cannot read it"});
}

TEST_F(ErrorsTest, MissingKeytab) {
  SaslServer server({.options = {{"keytab", "FILE:/nowhere/keytab"}}});
  EXPECT_FALSE(server.offers(kGs2));
  expect_sentence(server.log().text(),
                  {"GS2-KRB5", "imap@localhost", "FILE:/nowhere/keytab", "gss_acquire_cred",
                   "the keytab has no key for this service"});
}

TEST_F(ErrorsTest, KeytabOfAnotherService) {
  SaslServer server({.service = "pop"});
  EXPECT_FALSE(server.offers(kGs2));
  expect_sentence(server.log().text(), {"pop@localhost", "No key table entry found",
                                        "the keytab has no key for this service"});
}

TEST_F(ErrorsTest, Replay) {
  SPEC("L10 L14 G15");
  SaslClient client;
  const std::string message = client.start(kGs2).out.value();
  SaslServer first;
  ASSERT_EQ(first.start(kGs2, message).code, SASL_OK);
  for (const bool sends : {true, false}) {
    SaslServer second({.options = {{"gssloop_error_token", sends ? "yes" : "no"}},
                       .canon_user = [](CanonCall*) { return SASL_OK; }});
    Turn turn = second.start(kGs2, message);
    ASSERT_EQ(turn.code, sends ? SASL_CONTINUE : SASL_BADAUTH);
    if (sends) {
      EXPECT_FALSE(turn.out.value_or("").empty());
      turn = second.step("anything");
      EXPECT_EQ(turn.code, SASL_BADAUTH);
    }
    EXPECT_TRUE(second.was_silent());
    expect_sentence(failures(second), {"imap@localhost", "gss_accept_sec_context", "replay"});
    expect_harmless(second);
  }
}

// The client says what the server's error token says.
// A server that cannot write its replay cache refuses every login.
TEST_F(ErrorsTest, ReplayCacheThatCannotBeWritten) {
  const std::string folder = realm().path("no-folder"), file = realm().path("a-file");
  std::ofstream(file) << "x";
  const struct {
    const char* variable;
    std::string value, path;
  } rows[] = {
      {"KRB5RCACHENAME", "file2:" + folder + "/rcache", folder + "/rcache"},
      {"KRB5RCACHENAME", "file2:" + realm().dir(), realm().dir()},
      {"KRB5RCACHENAME", "file2:" + file + "/rcache", file + "/rcache"},
      {"KRB5RCACHENAME", "file2:/dev/full", ""},  // it opens
      {"KRB5RCACHEDIR", folder, folder + "/krb5_" + std::to_string(geteuid()) + ".rcache2"},
  };
  for (const auto& row : rows) {
    for (const std::string mechanism : {"GS2-KRB5", "GSSAPI", "GSS-SPNEGO"}) {
      if (row.variable != std::string("KRB5RCACHENAME")) unsetenv("KRB5RCACHENAME");
      setenv(row.variable, row.value.c_str(), 1);
      SaslClient client;
      SaslServer server;
      const Login login = log_in(&client, &server, mechanism);
      EXPECT_LT(server.step("").code, SASL_OK) << row.value;
      const std::string said = failures(server);
      EXPECT_FALSE(login.ok()) << mechanism << row.value;
      EXPECT_NE(said.find("the replay cache cannot be written: "), std::string::npos)
          << mechanism << ' ' << row.value << ": " << said;
      EXPECT_NE(said.find(row.path), std::string::npos) << said;
      expect_harmless(server);
      unsetenv("KRB5RCACHEDIR");
      realm().apply_to_this_process();
    }
  }
}

TEST_F(ErrorsTest, ErrorTokenTellsTheClient) {
  SPEC("G15");
  SaslClient client;
  const std::string message = client.start(kGs2).out.value();
  SaslServer first, second;
  ASSERT_EQ(first.start(kGs2, message).code, SASL_OK);
  const Turn error = second.start(kGs2, message);
  ASSERT_EQ(error.code, SASL_CONTINUE);
  const Turn turn = client.step(error.out);
  EXPECT_LT(turn.code, SASL_OK);
  expect_sentence(client.error(), {"imap@localhost", "gss_init_sec_context", "replay"});
}

TEST_F(ErrorsTest, BindingMismatch) {
  SPEC("G9");
  SaslClient client({.binding = ChannelBinding{"tls-unique", "one", true}});
  expect_server_says(
      &client, {.binding = ChannelBinding{"tls-unique", "two", true}},
      {"imap@localhost", "gss_accept_sec_context", "channel bindings", "different channels"});
}

TEST_F(ErrorsTest, UnboundInitiator) {
  SPEC("G10");
  SaslServer server;
  use_forged({.client = {{"alice"}}});
  const std::string token = initial_token("imap@localhost", GSS_C_MUTUAL_FLAG);
  EXPECT_EQ(server.start(kGs2, "n,a=admin," + bare_token(token)).code, SASL_BADAUTH);
  expect_sentence(failures(server), {"imap@localhost", "header before the token is forged"});
  expect_harmless(server);
}

TEST_F(ErrorsTest, NotMutual) {
  SPEC("G11 L34");
  use_forged({.client = {{"alice"}}});
  std::string data = "n,,";
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {data.size(), data.data()};
  const std::string token = initial_token("imap@localhost", 0, &bindings);
  SaslServer server({.canon_user = [](CanonCall*) { return SASL_OK; }});
  EXPECT_EQ(server.start(kGs2, data + bare_token(token)).code, SASL_BADAUTH);
  EXPECT_TRUE(server.was_silent());
  expect_sentence(failures(server), {"mutual"});
}

// A client that asks for mutual authentication alone, as GNU SASL's does.
TEST_F(ErrorsTest, MutualAloneIsEnough) {
  SPEC("G11");
  use_forged({.client = {{"alice"}}});
  std::string data = "n,,";
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {data.size(), data.data()};
  SaslServer server;
  const std::string token = initial_token("imap@localhost", GSS_C_MUTUAL_FLAG, &bindings);
  EXPECT_EQ(server.start(kGs2, data + bare_token(token)).code, SASL_OK) << failures(server);
}

TEST_F(ErrorsTest, DefectiveToken) {
  SPEC("L26");
  SaslServer server;
  Turn turn = server.start(kGs2, "n,,garbage");
  if (turn.code == SASL_CONTINUE) turn = server.step("");
  EXPECT_EQ(turn.code, SASL_BADAUTH);
  expect_sentence(failures(server), {"imap@localhost", "gss_accept_sec_context"});
  expect_harmless(server);
}

TEST_F(ErrorsTest, VerboseErrorsTellAll) {
  SaslServer server({.options = {{"gssloop_verbose_errors", "yes"}}});
  Turn turn = server.start(kGs2, "n,,garbage");
  if (turn.code == SASL_CONTINUE) turn = server.step("");
  expect_sentence(server.error(), {"imap@localhost"});
  SaslServer other({.options = {{"gssloop_verbose_errors", "yes"}}});
  EXPECT_LT(other.start(kGs2, "x,,").code, SASL_OK);
  expect_sentence(other.error(), {"imap@localhost", "byte 0"});
}

// No line at any level holds a part of a token, the password, or a value of an attribute.
TEST_F(ErrorsTest, LogsHoldNoSecret) {
  SPEC("N31");
  use_ccache(ccache("none"));
  SaslClient client({.authname = says("alice"), .password = says("secret")});
  SaslServer server({.requested = {"*auth-indicators", "*urn:mspac:client-info"}});
  const Login login = log_in(&client, &server, kGs2);
  ASSERT_TRUE(login.ok()) << client.error();
  SaslServer second;
  second.start(kGs2, login.messages[0].octets);
  const std::string all =
      client.log().text() + server.log().text() + second.log().text() + library().log().text();
  ASSERT_NE(all.find("bytes"), std::string::npos) << "nothing was traced";
  for (const char* value : {"secret", "spake", "second-factor"}) {
    EXPECT_EQ(all.find(value), std::string::npos) << value;
  }
  for (const auto& [name, values] : server.properties()) {
    for (const std::string& value : values) EXPECT_EQ(all.find(value), std::string::npos) << name;
  }
  // A token holds names that may be said; what is not text in it must not be, in any form.
  const auto is_text = [](char c) { return c >= ' ' && c <= '~'; };
  for (const Message& message : login.messages) {
    for (std::size_t at = 3; at + 6 <= message.octets->size(); ++at) {
      const std::string piece = message.octets->substr(at, 6);
      if (std::all_of(piece.begin(), piece.end(), is_text)) continue;
      ASSERT_EQ(all.find(piece), std::string::npos) << at;
      ASSERT_EQ(all.find(printable(as_bytes(piece))), std::string::npos) << at;
      ASSERT_EQ(all.find(base64(as_bytes(piece))), std::string::npos) << at;
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
