// SPDX-License-Identifier: BSD-2-Clause
// What a client logs in with, and when it is asked for what.
#include "gssloop/gss/credentials.h"

#include <unistd.h>

#include "gssloop/gss/names.h"
#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

namespace gssloop::testing {
namespace {

class CredentialsTest : public LiveTest {
 protected:
  static void expect_login(SaslClient* client, const std::string& authid) {
    SaslServer server({.proxy_policy = [](const ProxyCall&) { return SASL_OK; }});
    const Login login = log_in(client, &server, kGs2);
    EXPECT_TRUE(login.ok()) << client->error() << "\n" << server.log().text();
    EXPECT_EQ(server.authid(), authid);
  }
};

// libsasl itself answers SASL_CB_AUTHNAME with $USER where an application does not: the name of an
// account on this machine must not be taken for a wish.
TEST_F(CredentialsTest, TheProcessesUserIsNotTheAuthenticationName) {
  setenv("USER", "somebody-else", 1);
  SaslClient client;
  expect_login(&client, "alice");
  unsetenv("USER");
}

TEST_F(CredentialsTest, AuthnameChoosesInACollection) {
  const std::string collection = "DIR:" + realm().path("collection");
  realm().kinit("alice", "secret", collection);
  realm().kinit("bob", "secret", collection);  // the primary one
  use_ccache(collection);
  SaslClient by_default;
  expect_login(&by_default, "bob");
  for (const char* name : {"alice", "bob", "alice@EXAMPLE.TEST"}) {
    SaslClient client({.authname = says(name)});
    expect_login(&client, std::string(name).substr(0, std::string(name).find('@')));
  }
  SaslClient nobody({.authname = says("nobody")});
  EXPECT_LT(nobody.start(kGs2).code, SASL_OK);
  expect_sentence(nobody.error(), {"nobody", "gss_acquire_cred"});
}

TEST_F(CredentialsTest, ApplicationsCredentialsComeFirst) {
  realm().kinit("bob", "secret", ccache("bob"));
  use_ccache(ccache("bob"));
  auto bob = gss::acquire_initiator(GSS_C_NO_NAME, gss::Oid::krb5());
  ASSERT_TRUE(bob);
  ASSERT_TRUE(gss::remaining_lifetime(bob->get()));
  use_ccache(realm().default_ccache());
  SaslClient client({.user = says("carl"),
                     .authname = says("alice"),
                     .password = says("wrong"),
                     .credential = bob->get()});
  expect_login(&client, "bob");
  EXPECT_FALSE(client.was_asked(SASL_CB_PASS));
  EXPECT_EQ(client.authzid(), "carl");
}

TEST_F(CredentialsTest, ServersApplicationCredentialsComeFirst) {
  auto name = gss::import_name("smtp@localhost", gss::NameForm::kHostbasedService);
  auto smtp = gss::acquire_acceptor(name->get(), gss::Oid::krb5(), "");
  ASSERT_TRUE(smtp) << smtp.error().text();
  // A keytab that does not exist shows that nothing else is looked at.
  const ServerSetup setup{.options = {{"keytab", "FILE:/nowhere"}}, .credential = smtp->get()};
  SaslServer server(setup);
  EXPECT_TRUE(server.offers(kGs2));
  SaslClient client({.service = "smtp"});
  EXPECT_TRUE(log_in(&client, &server, kGs2).ok()) << server.log().text();
  SaslClient other;
  SaslServer same(setup);
  EXPECT_FALSE(log_in(&other, &same, kGs2).ok());
}

TEST_F(CredentialsTest, PasswordIsNotAskedForWhileATicketIsUsable) {
  SPEC("H2");
  for (const bool interacts : {false, true}) {
    SaslClient client({.password = interacts ? types("secret") : says("secret")});
    expect_login(&client, "alice");
    EXPECT_FALSE(client.was_asked(SASL_CB_PASS));
  }
  SaslClient named({.authname = says("alice"), .password = says("secret")});
  expect_login(&named, "alice");
  EXPECT_FALSE(named.was_asked(SASL_CB_PASS));
}

// Subversion's procedure for AUTHNAME prompts for a password, and its client gives up when it gets
// none, although the login succeeds.
TEST_F(CredentialsTest, SubversionIsNotAskedForANameWhileATicketIsUsable) {
  SPEC("H2");
  const Reply bob = says("bob"), secret = says("secret");
  for (const char* mechanism : {kGs2, "GSSAPI", "GSS-SPNEGO"}) {
    SaslClient client({.service = "svn", .authname = bob, .password = secret});
    SaslServer server({.service = "svn"});
    EXPECT_TRUE(log_in(&client, &server, mechanism).ok()) << client.error();
    EXPECT_EQ(server.authid(), "alice");
    EXPECT_TRUE(client.asked().empty());
  }
  use_ccache(ccache("none"));
  SaslClient client({.service = "svn", .authname = bob, .password = secret});
  SaslServer server({.service = "svn"});
  EXPECT_TRUE(log_in(&client, &server, kGs2).ok()) << client.error();
  EXPECT_EQ(server.authid(), "bob");
  EXPECT_EQ(client.asked(), (std::vector<unsigned long>{SASL_CB_AUTHNAME, SASL_CB_PASS}));
}

// Where the name that it gives has a ticket of its own, that ticket is used.
TEST_F(CredentialsTest, SubversionsNameChoosesInACollectionWithoutADefault) {
  const std::string collection = "DIR:" + realm().path("subversion");
  realm().kinit("bob", "secret", collection);
  realm().kinit({.user = "alice",
                 .password = "secret",
                 .ccache = collection,
                 .lifetime = std::chrono::seconds(1)});  // the primary one
  use_ccache(collection);
  sleep(2);
  SaslClient client({.service = "svn", .authname = says("bob"), .password = says("wrong")});
  SaslServer server({.service = "svn"});
  EXPECT_TRUE(log_in(&client, &server, kGs2).ok()) << client.error();
  EXPECT_EQ(server.authid(), "bob");
  EXPECT_FALSE(client.was_asked(SASL_CB_PASS));
}

TEST_F(CredentialsTest, PasswordWithoutATicket) {
  use_ccache(ccache("none"));
  SaslClient client({.authname = says("bob"), .password = says("secret")});
  expect_login(&client, "bob");
  EXPECT_NE(access(realm().path("none").c_str(), F_OK), 0) << "the ticket was left behind";
}

TEST_F(CredentialsTest, PasswordByInteractionKeepsTheAuthzid) {
  use_ccache(ccache("none"));
  const Reply ways[][3] = {
      {types("carl"), types("bob"), types("secret")}, {says("carl"), types("bob"), types("secret")},
      {says("carl"), says("bob"), types("secret")},   {types("carl"), says("bob"), says("secret")},
      {types("carl"), types("bob"), says("secret")},
  };
  for (const auto& [user, authname, password] : ways) {
    SaslClient client({.user = user, .authname = authname, .password = password});
    expect_login(&client, "bob");
    EXPECT_EQ(client.authzid(), "carl");
    // Each question once.
    EXPECT_EQ(client.asked().size(), 3U);
  }
}

TEST_F(CredentialsTest, AuthzidByInteractionWithATicket) {
  SaslClient client({.user = types("carl")});
  expect_login(&client, "alice");
  EXPECT_EQ(client.authzid(), "carl");
  EXPECT_EQ(client.asked(), std::vector<unsigned long>{SASL_CB_USER});
}

TEST_F(CredentialsTest, PasswordForAnotherUserThanTheTickets) {
  SaslClient client({.authname = says("bob"), .password = says("secret")});
  expect_login(&client, "bob");
}

TEST_F(CredentialsTest, ExpiredTicketAndAPassword) {
  using std::chrono::seconds;
  realm().kinit(
      {.user = "alice", .password = "secret", .ccache = ccache("short"), .lifetime = seconds(1)});
  use_ccache(ccache("short"));
  sleep(2);
  SaslClient without;
  SaslServer server;
  EXPECT_FALSE(log_in(&without, &server, kGs2).ok());
  expect_sentence(without.error(), {"kinit"});
  SaslClient client({.authname = says("alice"), .password = says("secret")});
  expect_login(&client, "alice");
}

TEST_F(CredentialsTest, WrongPassword) {
  use_ccache(ccache("none"));
  for (const char* user : {"alice", "bob"}) {
    SaslClient client({.authname = says(user), .password = says("pa55-wrong")});
    EXPECT_LT(client.start(kGs2).code, SASL_OK);
    expect_sentence(client.error(), {user, "the password is wrong", "gss_"});
    EXPECT_EQ((client.error() + client.log().text()).find("pa55"), std::string::npos);
  }
  SaslClient unknown({.authname = says("nobody"), .password = says("secret")});
  EXPECT_LT(unknown.start(kGs2).code, SASL_OK);
  expect_sentence(unknown.error(), {"nobody", "the KDC does not know this user"});
}

TEST_F(CredentialsTest, CallbacksThatFail) {
  SaslClient no_user({.user = {Reply::How::kProcedure, "", SASL_NOUSER}});
  EXPECT_EQ(no_user.start(kGs2).code, SASL_NOUSER);
  // Without an authentication name there is still the default ticket.
  SaslClient no_authname({.authname = {Reply::How::kProcedure, "", SASL_FAIL}});
  expect_login(&no_authname, "alice");
  use_ccache(ccache("none"));
  SaslClient no_password(
      {.authname = says("bob"), .password = {Reply::How::kProcedure, "", SASL_BADPARAM}});
  EXPECT_EQ(no_password.start(kGs2).code, SASL_BADPARAM);
  // The login fails for the missing ticket, where the application never meant to give a password.
  expect_sentence(no_password.error(), {"finding a credential for bob failed", "gss_acquire_cred",
                                        "the application's callback for the password failed"});
}

}  // namespace
}  // namespace gssloop::testing
