// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/login_exchanges.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

namespace gssloop::testing {
namespace {

const LogSettings kQuiet = {.level = SASL_LOG_WARN};
// A server says at this level why it does not offer a mechanism.
const LogSettings kNotes = {.level = SASL_LOG_NOTE};

// Alice has both indicators.
constexpr char kAdmitting[] =
    "require = [\"assurance=second-factor\", \"exists client\"]\n"
    "deny = [\"assurance=otp\", \"client~\\\"*Z mallory\\\"\"]\n"
    "publish = \"all\"\n";

LoginExchange layered(const std::string& name, const std::string& mechanism, unsigned max_ssf) {
  LoginExchange exchange{.name = name, .mechanism = mechanism};
  exchange.client.strength.max_ssf = max_ssf;
  return exchange;
}

// What the codes of a failed login may be: those of plugin/sasl/errors.cc.
const std::set<int> kCleanCodes = {SASL_BADPROT, SASL_BADAUTH,   SASL_BADSERV, SASL_BADBINDING,
                                   SASL_TOOWEAK, SASL_BADMAC,    SASL_NOAUTHZ, SASL_FAIL,
                                   SASL_NOMEM,   SASL_CONFIGERR, SASL_NOMECH};

bool is_sentence(const std::string& text) {
  return text.find(" failed") != text.npos || text.find("out of memory") != text.npos ||
         text.find(": ") != text.npos;
}

void expect_clean_side(const LoginSide& side, const LoginSide& without_fault, bool is_answer,
                       bool may_lack_mechanism) {
  if (side.code == SASL_CONTINUE) return;  // the other side failed
  if (side.code == SASL_OK) {
    EXPECT_EQ(side.granted, without_fault.granted) << side.said;
    EXPECT_LE(side.ssf, without_fault.ssf) << side.said;
    EXPECT_TRUE(is_answer || side.ssf == without_fault.ssf) << side.said;
    return;
  }
  if (side.code == SASL_NOMECH && may_lack_mechanism) return;
  EXPECT_EQ(kCleanCodes.count(side.code), 1U) << side.code << " " << side.said;
  EXPECT_TRUE(is_sentence(side.said)) << side.code << " " << side.said;
}

// One message under the layer; what arrived.
std::string send(SaslSide* from, SaslSide* to) {
  const Turn sent = from->encode("message");
  if (sent.code != SASL_OK || !sent.out) return "not sent: " + from->error();
  const Turn received = to->decode(*sent.out);
  return received.code == SASL_OK ? *received.out : "not received: " + to->error();
}

}  // namespace

std::vector<LoginExchange> login_exchanges() {
  const ChannelBinding channel{"tls-unique", "channel", true};
  std::vector<LoginExchange> all = {
      {.name = "Gs2"},
      {.name = "Gs2Plus",
       .mechanism = kGs2Plus,
       .client = {.binding = channel},
       .server = {.binding = channel}},
      layered("GssapiWithoutALayer", "GSSAPI", 0),
      layered("GssapiWithIntegrity", "GSSAPI", 1),
      layered("GssapiWithConfidentiality", "GSSAPI", 256),
      layered("Spnego", "GSS-SPNEGO", 256),
      {.name = "Delegation",
       .client = {.security_flags = SASL_SEC_PASS_CREDENTIALS},
       .stores = true},
      {.name = "Policy",
       .client = {.user = says("bob")},
       .server = {.log = {}},
       .rules = std::string(kAdmitting) + "authorize = [\"assurance=spake\"]\n"},
      {.name = "SpnegoUnderAPolicy", .mechanism = "GSS-SPNEGO", .rules = kAdmitting},
      {.name = "Denied", .rules = "deny = [\"assurance=spake\"]\n", .is_refused = true},
      {.name = "NotRequired",
       .mechanism = "GSSAPI",
       .rules = "require = [\"!assurance=spake\"]\n",
       .is_refused = true},
      {.name = "Password",
       .client = {.authname = says("alice"), .password = says("secret")},
       .has_ticket = false},
      {.name = "ChangedKeytab", .changes_keytab = true},
      {.name = "Start",
       .rules = "deny = [\"assurance=spake\"]\n",
       .is_refused = true,
       .starts_library = true}};
  return all;
}

std::string granted_text(const std::string& authid, const std::string& authzid, bool delegates,
                         const std::string& stored, const Properties& properties) {
  std::string text = authid + " as " + authzid + (delegates ? " delegates" : "") +
                     (std::filesystem::exists(stored) ? " stored" : "") + "\n";
  for (const auto& [name, values] : properties) {
    text += name + ":";
    for (const std::string& value : values) text += " " + value;
    text += "\n";
  }
  return text;
}

SaslOptions LoginFaultTest::options() {
  SaslOptions all;
  if (!GetParam().rules.empty()) all["gssloop_policy"] = policy_path();
  if (GetParam().stores) all["ccache_store"] = "FILE:" + realm().path("stored-%U");
  return all;
}

void LoginFaultTest::SetUp() {
  PolicyTest::SetUp();
  if (IsSkipped()) return;
  disable_replay_cache();
  if (!GetParam().rules.empty()) set_rules(GetParam().rules);
  if (!GetParam().has_ticket) use_ccache("FILE:" + realm().path("no-ticket"));
}

void LoginFaultTest::TearDown() {
  if (IsSkipped()) return;
  std::filesystem::remove(stored());
  use_ccache(realm().default_ccache());
  PolicyTest::TearDown();
}

void LoginFaultTest::prepare_login() {
  std::filesystem::remove(stored());
  if (!GetParam().changes_keytab) return;
  std::filesystem::last_write_time(realm().path("keytab"),
                                   std::filesystem::file_time_type::clock::now());
}

LoginOutcome LoginFaultTest::log_in_once() {
  const LoginExchange& exchange = GetParam();
  if (exchange.starts_library) restart_library({});
  ClientSetup client_setup = exchange.client;
  client_setup.log = kQuiet;
  ServerSetup server_setup = exchange.server;
  if (exchange.name != "Policy") server_setup.log = kNotes;
  server_setup.options = options();
  server_setup.proxy_policy = [](const ProxyCall&) { return SASL_OK; };
  prepare_login();
  SaslClient client(client_setup);
  SaslServer server(server_setup);
  const Login login = log_in(&client, &server, exchange.mechanism);
  LoginOutcome outcome;
  outcome.client = {login.client.code, {}, 0, client.error()};
  outcome.server = {login.server.code, {}, 0, server.log().text()};
  if (login.ok()) outcome.messages = send(&client, &server) + ", " + send(&server, &client);
  if (login.client.code == SASL_OK) outcome.client.ssf = client.ssf();
  if (login.server.code == SASL_OK) {
    outcome.server.ssf = server.ssf();
    outcome.server.granted =
        granted_text(server.authid(), server.authzid(),
                     server.pointer(SASL_DELEGATEDCREDS) != nullptr, stored(), server.properties());
  }
  return outcome;
}

void LoginFaultTest::expect_clean(const LoginOutcome& outcome, const LoginOutcome& without_fault,
                                  bool is_answer) {
  EXPECT_TRUE(outcome.server.code != SASL_OK || !GetParam().is_refused) << outcome.server.said;
  const bool may_lack = GetParam().starts_library;
  const bool is_other_ending = GetParam().is_refused && outcome.client.code == SASL_OK;
  if (!is_other_ending) {
    expect_clean_side(outcome.client, without_fault.client, is_answer, may_lack);
  }
  expect_clean_side(outcome.server, without_fault.server, is_answer, may_lack);
  if (!outcome.ok() || is_answer || outcome.messages == without_fault.messages) return;
  // The messages of a layer that failed do not arrive, and the layer says why.
  EXPECT_NE(outcome.messages.find(": "), std::string::npos) << outcome.messages;
}

}  // namespace gssloop::testing
