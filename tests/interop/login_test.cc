// SPDX-License-Identifier: BSD-2-Clause
//
// Logins between our module and other implementations of GS2, each side in turn.

#include "tests/interop/login.h"

#include <gtest/gtest.h>

#include <ostream>

#include "tests/interop/matrix.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

using Arguments = std::vector<std::string>;

constexpr char kBinding[] = "tls-exporter=what both ends of the TLS connection know";
constexpr char kOtherBinding[] = "tls-exporter=what a man in the middle knows";
constexpr char kOtherType[] = "tls-unique=what both ends of the TLS connection know";
// Our module's own account of its legs, and an attribute that only ours hands on.
constexpr char kOurClient[] = "gssloop client, after leg";
constexpr char kOurServer[] = "gssloop server, after leg";
constexpr char kIndicator[] = "*auth-indicators         spake\n";
constexpr char kOddName[] = "bob,the=builder";  // both characters that GS2 escapes

// What a side must have written, so that a refusal for another reason does not pass, nor a login by
// another module.
struct Words {
  const char* client = "";
  const char* server = "";
};

struct Row {
  const char* name;
  const char* specs;
  Side client;
  Side server;
  const char* what;    // for the matrix
  const char* authid;  // nullptr: the login must be refused
  const char* authzid;
  Words words = {};
  bool is_replay = false;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// ---- What the two sides are given

Side ours(Arguments arguments = {}) { return {Peer::kOurs, std::move(arguments)}; }
Side stock(Arguments arguments = {}) { return {Peer::kStock, std::move(arguments)}; }
Side mixed(Arguments arguments = {}) { return {Peer::kMixed, std::move(arguments)}; }
Side gnu(Arguments arguments = {}) { return {Peer::kGnu, std::move(arguments)}; }

const Arguments kPlain = {"--mechanism", "GS2-KRB5"};
Arguments bound(const char* binding) { return {"--cbinding", binding}; }
Arguments plus(const char* binding) {
  return {"--mechanism", "GS2-KRB5-PLUS", "--cbinding", binding};
}
const Arguments kAnyAuthzid = {"--allow-any-authzid"};
const Arguments kAsOddName = {"--authzid", kOddName};
const Arguments kByAlice = {"--authname", "alice"};  // the stock client fails without an AUTHNAME
const Arguments kWithoutErrorToken = {"--option", "gssloop_error_token=no"};

// ---- What becomes of the login

Row as_alice(const char* name, const char* specs, Side client, Side server, const char* what,
             Words words = {}) {
  return {name, specs, std::move(client), std::move(server), what, "alice", "alice", words};
}

// The user acts as kOddName.
Row as_odd_name(const char* name, const char* specs, Side client, Side server, const char* what,
                const char* authid = "alice") {
  return {name, specs, std::move(client), std::move(server), what, authid, kOddName};
}

Row refused(const char* name, const char* specs, Side client, Side server, const char* what,
            Words words) {
  return {name, specs, std::move(client), std::move(server), what, nullptr, nullptr, words};
}

Row replayed(const char* name, Side client, Side server, const char* what, Words words) {
  Row row = refused(name, "G13 G15", std::move(client), std::move(server), what, words);
  row.is_replay = true;
  return row;
}

// ---- Cyrus SASL's own module -------------------------------------------------------------------

const Row kCyrusClientRows[] = {
    as_alice("Unbound", "G3 G6 G7", stock(kPlain + kByAlice), ours(), "none", {"", kIndicator}),
    as_alice("UnboundWhereBindingIsOffered", "G7 G8", stock(kPlain + kByAlice),
             ours(bound(kBinding)), "none, the server could"),
    as_alice("Bound", "G3 G7 G8 G9 G10", stock(plus(kBinding) + kByAlice), ours(bound(kBinding)),
             "tls-exporter"),
    as_odd_name("Authzid", "G3 G5", stock(kPlain + kByAlice + kAsOddName), ours(kAnyAuthzid),
                "none, authzid bob,the=builder"),
    as_odd_name("BoundAuthzid", "G5 G9", stock(plus(kBinding) + kByAlice + kAsOddName),
                ours(bound(kBinding) + kAnyAuthzid), "tls-exporter, authzid bob,the=builder"),
    refused("WrongBinding", "G9 G10", stock(plus(kOtherBinding) + kByAlice), ours(bound(kBinding)),
            "other data", {"NOT LOGGED IN", "channel binding"}),
    refused("WrongBindingType", "G8", stock(plus(kOtherType) + kByAlice), ours(bound(kBinding)),
            "other type", {"NOT LOGGED IN", "tls-unique"}),
    replayed("Replay", stock(kPlain + kByAlice), ours(), "none, replayed", {"replay", "replay"}),
    replayed("ReplayWithoutErrorToken", stock(kPlain + kByAlice), ours(kWithoutErrorToken),
             "none, replayed, no error token", {"the server says", "replay"}),
};

const Row kCyrusServerRows[] = {
    as_alice("Unbound", "G3 G6 G7", ours(kPlain), stock(), "none"),
    as_alice("Bound", "G3 G7 G9", ours(plus(kBinding)), stock(bound(kBinding)), "tls-exporter"),
    as_odd_name("Authzid", "G3 G5", ours(kPlain + kAsOddName), stock(kAnyAuthzid),
                "none, authzid bob,the=builder"),
    as_odd_name("BoundAuthzid", "G5 G9", ours(plus(kBinding) + kAsOddName),
                stock(bound(kBinding) + kAnyAuthzid), "tls-exporter, authzid bob,the=builder"),
    refused("WrongBinding", "G9", ours(plus(kOtherBinding)), stock(bound(kBinding)), "other data",
            {"NOT LOGGED IN", "REFUSED"}),
    refused("BindingRequiredButNotOffered", "G7", ours(kPlain + bound(kBinding)), stock(),
            "required, the server has none", {"NOT LOGGED IN", ""}),
};

// One folder with all modules: libsasl's order puts ours first. Only ours logs in without an
// AUTHNAME callback, and only ours lets in a user that no user database has.
const Row kMixedRows[] = {
    as_alice("Unbound", "G7", mixed(kPlain), mixed(), "none, no AUTHNAME",
             {kOurClient, kOurServer}),
    as_alice("Bound", "G7 G9", mixed(plus(kBinding)), mixed(bound(kBinding)),
             "tls-exporter, no AUTHNAME", {kOurClient, kOurServer}),
    as_alice("ServerOnly", "G7", stock(kPlain + kByAlice), mixed(), "none", {"", kOurServer}),
    as_alice("ClientOnly", "G7", mixed(kPlain), stock(), "none, no AUTHNAME", {kOurClient, ""}),
};

// ---- GNU SASL ----------------------------------------------------------------------------------

// GNU SASL knows the flag "n" alone, and its client does not ask for SEQUENCE, as RFC 5801 section
// 8 wants it. It names the user with the realm.
constexpr char kGnuUser[] = "alice@EXAMPLE.TEST";

const Row kGnuClientRows[] = {
    as_alice("Unbound", "G3 G7 G11", gnu(), ours(), "none", {"", kIndicator}),
    as_alice("UnboundWhereBindingIsOffered", "G7 G8", gnu(), ours(bound(kBinding)),
             "none, the server could"),
    as_odd_name("Authzid", "G5", gnu(kAsOddName), ours(kAnyAuthzid),
                "none, authzid bob,the=builder"),
    replayed("Replay", gnu(), ours(), "none, replayed",
             {"GSASL_GSSAPI_INIT_SEC_CONTEXT_ERROR", "replay"}),
    replayed("ReplayWithoutErrorToken", gnu(), ours(kWithoutErrorToken),
             "none, replayed, no error token", {"the server says", "replay"}),
};

const Row kGnuServerRows[] = {
    {"Unbound", "G3 G6 G7", ours(kPlain), gnu(), "none", kGnuUser, "(nobody)"},
    as_odd_name("Authzid", "G5", ours(kPlain + kAsOddName), gnu(), "none, authzid bob,the=builder",
                kGnuUser),
    refused("BindingRequiredButNotOffered", "G7", ours(kPlain + bound(kBinding)), gnu(),
            "required, the server has none", {"NOT LOGGED IN", ""}),
};

// ---- Ours --------------------------------------------------------------------------------------

const Row kOwnRows[] = {
    replayed("Replay", ours(kPlain), ours(), "none, replayed", {"replay", "replay"}),
    as_alice("ChosenTicket", "G7", ours(kPlain + kByAlice), ours(), "none, AUTHNAME alice"),
};

class Login : public ::testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    for (const Peer peer : {GetParam().client.peer, GetParam().server.peer}) {
      const std::string reason = Lab::missing(peer);
      if (!reason.empty()) GTEST_SKIP() << reason;
    }
  }
};

std::string mechanism_of(const Side& client) {
  for (std::size_t i = 0; i + 1 < client.arguments.size(); ++i) {
    if (client.arguments[i] == "--mechanism") return client.arguments[i + 1];
  }
  return "GS2-KRB5";
}

void note(const Row& row, const Outcome& outcome) {
  std::string result = "NOT AS IT SHOULD BE";
  if (outcome.is_login()) result = outcome.authid() + " acts as " + outcome.authzid();
  if (outcome.is_refusal()) result = "refused";
  add_to_matrix({name_of(row.client.peer), name_of(row.server.peer), mechanism_of(row.client),
                 row.what, result});
}

void expect_words(const Outcome& outcome, const Words& words) {
  EXPECT_NE(outcome.client.find(words.client), std::string::npos) << outcome.text();
  EXPECT_NE(outcome.server.find(words.server), std::string::npos) << outcome.text();
}

TEST_P(Login, EndsAsItShould) {
  const Row& row = GetParam();
  SPEC(row.specs);
  Lab& lab = Lab::get();
  const Outcome outcome =
      row.is_replay ? lab.replay(row.server, row.client) : lab.log_in(row.server, row.client);
  note(row, outcome);
  expect_words(outcome, row.words);
  if (row.authid == nullptr) {
    EXPECT_TRUE(outcome.is_refusal()) << outcome.text();
    return;
  }
  ASSERT_TRUE(outcome.is_login()) << outcome.text();
  EXPECT_EQ(outcome.authid(), row.authid) << outcome.text();
  EXPECT_EQ(outcome.authzid(), row.authzid) << outcome.text();
}

std::string row_name(const ::testing::TestParamInfo<Row>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(CyrusClient, Login, ::testing::ValuesIn(kCyrusClientRows), row_name);
INSTANTIATE_TEST_SUITE_P(CyrusServer, Login, ::testing::ValuesIn(kCyrusServerRows), row_name);
INSTANTIATE_TEST_SUITE_P(CyrusInOneFolder, Login, ::testing::ValuesIn(kMixedRows), row_name);
INSTANTIATE_TEST_SUITE_P(GnuClient, Login, ::testing::ValuesIn(kGnuClientRows), row_name);
INSTANTIATE_TEST_SUITE_P(GnuServer, Login, ::testing::ValuesIn(kGnuServerRows), row_name);
INSTANTIATE_TEST_SUITE_P(Own, Login, ::testing::ValuesIn(kOwnRows), row_name);

}  // namespace
}  // namespace gssloop::testing
