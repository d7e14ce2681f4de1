// SPDX-License-Identifier: BSD-2-Clause
// The audit trail: one line for each decision of a login, in each mechanism, and what becomes of a
// login whose line cannot be written.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/live/policy_session.h"
#include "tests/live/raw_context.h"
#include "tests/live/syslogd_socket.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;

class AuditTest : public PolicyTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    disable_replay_cache();
    fs::remove(trail());
    set_rules("");
  }
  static std::string mechanism() { return GetParam(); }
  static std::string trail() { return realm().path("trail"); }

  static ServerSetup audited(ServerSetup setup = {}) {
    setup.options.emplace("gssloop_audit", trail());
    return under_policy(std::move(setup));
  }
  // A server with the addresses that a real one tells libsasl.
  static std::unique_ptr<SaslServer> server(ServerSetup setup = {}) {
    auto server = std::make_unique<SaslServer>(audited(std::move(setup)));
    sasl_setprop(server->get(), SASL_IPREMOTEPORT, "192.0.2.7;4711");
    sasl_setprop(server->get(), SASL_IPLOCALPORT, "192.0.2.1;143");
    return server;
  }
  // The lines of the trail, which is then empty.
  static std::vector<std::string> take_lines() {
    std::ifstream file(trail());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    fs::remove(trail());
    return lines;
  }
  // The one line.
  static std::string take_line() {
    const auto lines = take_lines();
    EXPECT_EQ(lines.size(), 1U);
    return lines.empty() ? "" : lines.front();
  }
  static void expect_members(const std::string& line, const std::vector<std::string>& members) {
    EXPECT_TRUE(line.starts_with("{\"time\":\"20") && line.ends_with("}")) << line;
    for (const std::string& member : members) {
      EXPECT_NE(line.find("," + member), std::string::npos) << member << " is not in " << line;
    }
  }
  static std::string member(const std::string& name, const std::string& value) {
    return "\"" + name + "\":\"" + value + "\"";
  }
  // The text of a member up to the first character that JSON escapes.
  static std::string text_of(const std::string& line, const std::string& name) {
    const std::string before = "\"" + name + "\":\"";
    const std::size_t at = line.find(before);
    if (at == line.npos) return "";
    const std::size_t begin = at + before.size();
    return line.substr(begin, line.find_first_of("\\\"", begin) - begin);
  }
  // What every line of these tests has.
  static std::vector<std::string> common(const std::string& result) {
    return {member("result", result),         "\"pid\":" + std::to_string(getpid()),
            member("service", "imap"),        member("host", "localhost"),
            member("mechanism", mechanism()), member("peer", "192.0.2.7;4711"),
            member("local", "192.0.2.1;143")};
  }
  // A refusal has one line, with the sentence of the log, and says the class that the client is
  // told.
  static std::string expect_refusal(SaslServer* server, std::vector<std::string> members = {}) {
    const std::string line = take_line();
    expect_members(line, common("refused"));
    expect_members(line, members);
    const std::string error = text_of(line, "error");
    EXPECT_GT(error.size(), 5U) << line;
    EXPECT_NE(server->error().find(error), std::string::npos) << server->error() << line;
    const std::string reason = text_of(line, "reason");
    EXPECT_GT(reason.size(), 20U) << line;
    EXPECT_TRUE(server->log().has(reason)) << line << server->log().text();
    return line;
  }
};

std::string mechanism_name(const ::testing::TestParamInfo<const char*>& info) {
  const std::string name = info.param;
  return name == kGssapi ? "Gssapi" : name == kSpnego ? "Spnego" : "Gs2";
}
INSTANTIATE_TEST_SUITE_P(Each, AuditTest, ::testing::Values(kGssapi, kSpnego, kGs2),
                         mechanism_name);

TEST_P(AuditTest, AnAdmittedLogin) {
  set_rules("require = [\"assurance=spake\"]\n");
  SaslClient client;
  const auto server = this->server();
  ASSERT_TRUE(log_in(&client, server.get(), mechanism()).ok()) << server->log().text();
  const std::string line = take_line();
  expect_members(line, common("admitted"));
  expect_members(line,
                 {member("principal", "alice@EXAMPLE.TEST"), member("realm", "EXAMPLE.TEST"),
                  member("authid", "alice"), member("authzid", "alice"), "\"bound\":false",
                  "\"ssf\":" + std::to_string(server->ssf()), "\"attributes\":[\"assurance\"]"});
  for (const char* absent : {"reason", "error", "rule", "values", "unknown", "spake", "inexact"}) {
    EXPECT_EQ(line.find(absent), std::string::npos) << absent << line;
  }
  struct stat file;
  EXPECT_NE(stat(trail().c_str(), &file), 0) << "a complete login has no further line";
}

TEST_P(AuditTest, AChannelAndAForeignUser) {
  realm().kinit("carol@OTHER.TEST", "secret", ccache("carol"));
  use_ccache(ccache("carol"));
  const ChannelBinding binding{"tls-unique", "channel", false};
  SaslClient client({.binding = binding});
  const auto server = this->server({.binding = binding, .strength = {.external_ssf = 112}});
  ASSERT_TRUE(log_in(&client, server.get(), mechanism() + "-PLUS").ok()) << server->log().text();
  expect_members(take_line(),
                 {member("principal", "carol@OTHER.TEST"), member("realm", "OTHER.TEST"),
                  member("authid", "carol@OTHER.TEST"), "\"bound\":true",
                  mechanism() == kSpnego ? "\"ssf\":256" : "\"ssf\":112"});
}

TEST_P(AuditTest, TheValuesThatTheOptionNames) {
  set_rules("");
  SaslClient client;
  const auto server = this->server(
      {.options = {{"gssloop_audit_values", "assurance, nosuch"}}, .requested = {"*client"}});
  ASSERT_TRUE(log_in(&client, server.get(), mechanism()).ok()) << server->log().text();
  const std::string line = take_line();
  expect_members(line, {"\"attributes\":[\"assurance\",\"client\"]",
                        "\"values\":{\"assurance\":[\"spake\",\"second-factor\"]}}"});
}

TEST_P(AuditTest, ThePolicyRefuses) {
  const std::string here = policy_path();
  const struct {
    const char* rules;
    std::vector<std::string> members;
  } rows[] = {
      {"deny = [\"assurance=spake\"]\n",
       {member("rule_key", "deny"), member("rule", here + ":6:9"), member("authid", "alice"),
        member("error", "not authorized"), "\"attributes\":[\"assurance\"]"}},
      {"require = [\"peer.ssf>=0\", \"assurance=nothing\"]\n",
       {member("rule_key", "require"), member("rule", here + ":6:27")}},
      {"identity = { attribute = \"assurance\" }\n",
       {member("rule_key", "identity"), member("rule", here + ":6:12"),
        member("principal", "alice@EXAMPLE.TEST")}},
  };
  for (const auto& row : rows) {
    set_rules(row.rules);
    SaslClient client;
    const auto server = this->server();
    ASSERT_EQ(log_in(&client, server.get(), mechanism()).server.code, SASL_NOAUTHZ) << row.rules;
    const std::string line = expect_refusal(server.get(), row.members);
    EXPECT_EQ(line.find("spake"), std::string::npos) << line;
  }
}

TEST_P(AuditTest, WhoMayActAsWhom) {
  if (mechanism() == kSpnego) return;  // which has no authorization identity
  set_rules("authorize = [\"authid=nobody\", \"authid=alice & authzid=bob\"]\n");
  for (const char* authzid : {"bob", "root"}) {
    SaslClient client({.user = says(authzid)});
    const auto server = this->server({.canon_user = [](CanonCall*) { return SASL_OK; }});
    const Login login = log_in(&client, server.get(), mechanism());
    std::vector<std::string> members = {member("authid", "alice"), member("authzid", authzid),
                                        member("rule_key", "authorize")};
    if (login.ok()) {
      members.push_back(member("rule", policy_path() + ":6:31"));
      members.push_back(member("result", "admitted"));
      expect_members(take_line(), members);
    } else {
      members.push_back(member("rule", policy_path() + ":6:13"));
      expect_refusal(server.get(), members);
    }
    EXPECT_EQ(login.ok(), std::string(authzid) == "bob");
  }
  if (mechanism() != kGs2) return;  // a client of GSSAPI sends no such name
  const auto server = this->server();
  ASSERT_LT(server->start(mechanism(), "n,a= admin,token").code, SASL_OK);
  expect_refusal(server.get(), {member("authzid", " admin")});
}

TEST_P(AuditTest, NamesCannotForgeLines) {
  const std::string evil = "a\",\"result\":\"admitted\"}\n{\"time\":\"x";
  use_forged({.client = {{evil}}});
  SaslClient client;
  const auto server = this->server();
  ASSERT_FALSE(log_in(&client, server.get(), mechanism()).ok());
  const std::string line = expect_refusal(server.get());
  EXPECT_EQ(line.find("\"result\":\"admitted"), std::string::npos) << line;
  EXPECT_NE(line.find("a\\\",\\\"result\\\":\\\"admitted\\\"}"), std::string::npos) << line;
}

TEST_P(AuditTest, MessagesThatAreNotOfTheProtocol) {
  for (const std::string& message : {std::string("x,,garbage"), std::string("n,,garbage"),
                                     std::string(), std::string(300000, 'x')}) {
    const auto server = this->server();
    Turn turn = server->start(mechanism(), message);
    if (turn.code == SASL_CONTINUE) turn = server->step("");
    ASSERT_LT(turn.code, SASL_OK) << message.size();
    const std::string line = expect_refusal(server.get());
    EXPECT_EQ(line.find("principal"), std::string::npos) << line;
  }
}

TEST_P(AuditTest, ExpiredTokens) {
  if (mechanism() == kSpnego) return;  // the forged token is Kerberos' alone
  use_forged(
      {.client = {{"alice"}}, .start = std::chrono::hours(-2), .end = std::chrono::hours(-1)});
  const std::string token = forged_ap_req(realm(), {.ccache = ccache("forged")});
  const auto server = this->server();
  Turn turn =
      server->start(mechanism(), mechanism() == kGs2 ? "n,a=admin," + bare_token(token) : token);
  if (turn.code == SASL_CONTINUE) turn = server->step("");
  ASSERT_LT(turn.code, SASL_OK);
  const std::string line = expect_refusal(server.get());
  EXPECT_NE(line.find("Ticket expired"), std::string::npos) << line;
  // Only the claim of a peer whom no mechanism authenticated.
  EXPECT_EQ(line.find("\"authzid\":\"admin\"") != std::string::npos, mechanism() == kGs2) << line;
  EXPECT_EQ(line.find("principal\":"), std::string::npos) << line;
}

TEST_P(AuditTest, ReplayedTokens) {
  realm().apply_to_this_process();  // with its replay cache
  SaslClient client;
  const std::string message = client.start(mechanism()).out.value();
  const auto first = this->server(), second = this->server();
  ASSERT_GE(first->start(mechanism(), message).code, SASL_OK);
  take_lines();
  Turn turn = second->start(mechanism(), message);
  // At once, although the exchange goes on with the error token.
  EXPECT_NE(take_line().find("this token was used before"), std::string::npos);
  if (turn.code == SASL_CONTINUE) turn = second->step("");
  EXPECT_LT(turn.code, SASL_OK);
  EXPECT_TRUE(take_lines().empty());
}

TEST_P(AuditTest, WrongOptionsAndPolicies) {
  const SaslOptions rows[] = {{{"gssloop_max_legs", "many"}}, {{"gssloop_policy", "/nowhere/x"}}};
  for (const SaslOptions& options : rows) {
    SaslClient client;
    const auto server = this->server({.options = options});
    ASSERT_EQ(log_in(&client, server.get(), mechanism()).server.code, SASL_CONFIGERR);
    expect_refusal(server.get(), {member("error", "the server is misconfigured")});
  }
}

TEST_P(AuditTest, ApplicationsThatRefuse) {
  SaslClient client;
  const auto server = this->server({.canon_user = [](CanonCall*) { return SASL_NOUSER; }});
  ASSERT_EQ(log_in(&client, server.get(), mechanism()).server.code, SASL_NOUSER);
  expect_refusal(server.get(), {member("authid", "alice")});
  const ChannelBinding binding{"tls-unique", "one", true};
  SaslClient unbound;
  const auto strict = this->server({.binding = binding});
  const std::string message = unbound.start(mechanism()).out.value();
  Turn turn = strict->start(mechanism() + "-PLUS", message);
  if (turn.code == SASL_CONTINUE) turn = strict->step("");
  ASSERT_LT(turn.code, SASL_OK);
  expect_refusal(strict.get());
}

TEST_P(AuditTest, AnExchangeThatTheClientAbandons) {
  SaslClient client;
  auto server = this->server();
  ASSERT_EQ(server->start(mechanism(), std::nullopt).code, SASL_CONTINUE);
  server.reset();
  EXPECT_TRUE(take_lines().empty()) << "the client sent nothing";
  if (mechanism() != kGssapi) return;  // the others are complete after one message
  server = this->server();
  ASSERT_EQ(server->start(mechanism(), client.start(mechanism()).out).code, SASL_CONTINUE);
  EXPECT_TRUE(take_lines().empty());
  server.reset();
  expect_members(take_line(), common("abandoned"));
}

// The line of the second login on a connection is of the second login.
TEST_P(AuditTest, EachLoginOfAConnectionHasItsLine) {
  const auto server = this->server();
  server->start(mechanism(), "x,,garbage");
  SaslClient client;
  ASSERT_TRUE(log_in(&client, server.get(), mechanism()).ok()) << server->log().text();
  const auto lines = take_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("\"result\":\"refused\""), std::string::npos);
  EXPECT_NE(lines[1].find("\"result\":\"admitted\""), std::string::npos);
}

TEST_P(AuditTest, ALoginWithoutALineIsRefusedWhereOneIsRequired) {
  for (const std::string& path : {realm().path("none") + "/trail", std::string("/dev/full")}) {
    for (const bool is_required : {true, false}) {
      restart_library({});  // a server process of its own
      const std::string why = "the audit trail " + path;
      std::string said;
      for (int i = 0; i < 3; ++i) {
        SaslClient client;
        SaslServer server(
            under_policy({.options = {{"gssloop_audit", path},
                                      {"gssloop_audit_required", is_required ? "yes" : "no"}},
                          .requested = {"*auth-indicators"}}));
        const Login login = log_in(&client, &server, mechanism());
        EXPECT_EQ(login.server.code, is_required ? SASL_FAIL : SASL_OK);
        if (is_required) {
          EXPECT_NE(server.error().find("cannot authenticate users at present"), std::string::npos);
        }
        EXPECT_EQ(server.properties().at("*auth-indicators").empty(), is_required);
        EXPECT_EQ(server.authid(), is_required ? "" : "alice");
        said += server.log().text();
      }
      EXPECT_EQ(said.find("gssloop_audit_required is yes: " + why) != std::string::npos,
                is_required)
          << said;
      // Of all these logins, one warning.
      const std::size_t at = said.find("a login has no audit line");
      ASSERT_NE(at, std::string::npos) << said;
      EXPECT_EQ(said.find("a login has no audit line", at + 1), std::string::npos) << said;
    }
  }
}

TEST_P(AuditTest, WhatTheOptionsMustNotCombine) {
  for (const char* to : {"no", "syslog"}) {
    SaslClient client;
    SaslServer server(
        under_policy({.options = {{"gssloop_audit", to}, {"gssloop_audit_required", "yes"}}}));
    EXPECT_EQ(log_in(&client, &server, mechanism()).server.code, SASL_CONFIGERR);
    EXPECT_TRUE(server.log().has("gssloop_audit is not the path of a file")) << to;
  }
}

TEST_P(AuditTest, SyslogGetsTheLine) {
  constexpr int kNoNamespace = 77;
  const pid_t child = fork();
  if (child == 0) {
    const int listener = syslogd_socket(realm().path("dev"));
    if (listener < 0) _exit(kNoNamespace);
    for (const bool is_admitted : {true, false}) {
      set_rules(is_admitted ? "" : "deny = [\"assurance=spake\"]\n");
      SaslClient client;
      const auto server = this->server({.options = {{"gssloop_audit", "syslog"}}});
      EXPECT_EQ(log_in(&client, server.get(), mechanism()).ok(), is_admitted);
      char message[4096] = "";
      EXPECT_GT(recv(listener, message, sizeof message - 1, 0), 0);
      const std::string text = message;
      // The facility authpriv, and the severity: informational or notice.
      EXPECT_TRUE(text.starts_with(is_admitted ? "<86>" : "<85>")) << text;
      const std::size_t at = text.find(": gssloop-audit: {");
      EXPECT_NE(at, text.npos) << text;
      expect_members(text.substr(text.find('{')), common(is_admitted ? "admitted" : "refused"));
      EXPECT_LT(recv(listener, message, sizeof message, 0), 0) << "one line: " << message;
    }
    std::fflush(stdout);
    _exit(HasFailure() ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoNamespace) {
    GTEST_SKIP() << "this user cannot mount a /dev in a namespace";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_P(AuditTest, WithoutTheOptionThereIsNothing) {
  SaslClient client;
  SaslServer server(under_policy());
  ASSERT_TRUE(log_in(&client, &server, mechanism()).ok());
  EXPECT_FALSE(fs::exists(trail()));
}

}  // namespace
}  // namespace gssloop::testing
