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

// The stock client fails without an AUTHNAME callback.
const Arguments kStockPlain = {"--mechanism", "GS2-KRB5", "--authname", "alice"};
const Arguments kOurPlain = {"--mechanism", "GS2-KRB5"};

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Arguments bound(const char* binding) { return {"--cbinding", binding}; }
Arguments plus(const char* binding) {
  return {"--mechanism", "GS2-KRB5-PLUS", "--cbinding", binding};
}

const Arguments kAnyAuthzid = {"--allow-any-authzid"};
const Arguments kAsOddName = {"--authzid", kOddName};
const Arguments kAsAlice = {"--authname", "alice"};
const Arguments kWithoutErrorToken = {"--option", "gssloop_error_token=no"};

// ---- Cyrus SASL's own module -------------------------------------------------------------------

const Row kCyrusClientRows[] = {
    {"Unbound",
     "G3 G6 G7",
     {Peer::kStock, kStockPlain},
     {Peer::kOurs},
     "none",
     "alice",
     "alice",
     {"", kIndicator}},
    {"UnboundWhereBindingIsOffered",
     "G7 G8",
     {Peer::kStock, kStockPlain},
     {Peer::kOurs, bound(kBinding)},
     "none, the server could",
     "alice",
     "alice"},
    {"Bound",
     "G3 G7 G8 G9 G10",
     {Peer::kStock, plus(kBinding) + kAsAlice},
     {Peer::kOurs, bound(kBinding)},
     "tls-exporter",
     "alice",
     "alice"},
    {"Authzid",
     "G3 G5",
     {Peer::kStock, kStockPlain + kAsOddName},
     {Peer::kOurs, kAnyAuthzid},
     "none, authzid bob,the=builder",
     "alice",
     kOddName},
    {"BoundAuthzid",
     "G5 G9",
     {Peer::kStock, plus(kBinding) + kAsAlice + kAsOddName},
     {Peer::kOurs, bound(kBinding) + kAnyAuthzid},
     "tls-exporter, authzid bob,the=builder",
     "alice",
     kOddName},
    {"WrongBinding",
     "G9 G10",
     {Peer::kStock, plus(kOtherBinding) + kAsAlice},
     {Peer::kOurs, bound(kBinding)},
     "other data",
     nullptr,
     nullptr,
     {"NOT LOGGED IN", "channel binding"}},
    {"WrongBindingType",
     "G8",
     {Peer::kStock, plus(kOtherType) + kAsAlice},
     {Peer::kOurs, bound(kBinding)},
     "other type",
     nullptr,
     nullptr,
     {"NOT LOGGED IN", "tls-unique"}},
    {"Replay",
     "G13 G15",
     {Peer::kStock, kStockPlain},
     {Peer::kOurs},
     "none, replayed",
     nullptr,
     nullptr,
     {"replay", "replay"},
     true},
    {"ReplayWithoutErrorToken",
     "G13 G15",
     {Peer::kStock, kStockPlain},
     {Peer::kOurs, kWithoutErrorToken},
     "none, replayed, no error token",
     nullptr,
     nullptr,
     {"the server says", "replay"},
     true},
};

const Row kCyrusServerRows[] = {
    {"Unbound", "G3 G6 G7", {Peer::kOurs, kOurPlain}, {Peer::kStock}, "none", "alice", "alice"},
    {"Bound",
     "G3 G7 G9",
     {Peer::kOurs, plus(kBinding)},
     {Peer::kStock, bound(kBinding)},
     "tls-exporter",
     "alice",
     "alice"},
    {"Authzid",
     "G3 G5",
     {Peer::kOurs, kOurPlain + kAsOddName},
     {Peer::kStock, kAnyAuthzid},
     "none, authzid bob,the=builder",
     "alice",
     kOddName},
    {"BoundAuthzid",
     "G5 G9",
     {Peer::kOurs, plus(kBinding) + kAsOddName},
     {Peer::kStock, bound(kBinding) + kAnyAuthzid},
     "tls-exporter, authzid bob,the=builder",
     "alice",
     kOddName},
    {"WrongBinding",
     "G9",
     {Peer::kOurs, plus(kOtherBinding)},
     {Peer::kStock, bound(kBinding)},
     "other data",
     nullptr,
     nullptr,
     {"NOT LOGGED IN", "REFUSED"}},
    {"BindingRequiredButNotOffered",
     "G7",
     {Peer::kOurs, kOurPlain + bound(kBinding)},
     {Peer::kStock},
     "required, the server has none",
     nullptr,
     nullptr,
     {"NOT LOGGED IN", ""}},
};

// One folder with all modules: libsasl's order puts ours first. Only ours logs in without an
// AUTHNAME callback, and only ours lets in whom no user database knows.
const Row kMixedRows[] = {
    {"Unbound",
     "G7",
     {Peer::kMixed, kOurPlain},
     {Peer::kMixed},
     "none, no AUTHNAME",
     "alice",
     "alice",
     {kOurClient, kOurServer}},
    {"Bound",
     "G7 G9",
     {Peer::kMixed, plus(kBinding)},
     {Peer::kMixed, bound(kBinding)},
     "tls-exporter, no AUTHNAME",
     "alice",
     "alice",
     {kOurClient, kOurServer}},
    {"ServerOnly",
     "G7",
     {Peer::kStock, kStockPlain},
     {Peer::kMixed},
     "none",
     "alice",
     "alice",
     {"", kOurServer}},
    {"ClientOnly",
     "G7",
     {Peer::kMixed, kOurPlain},
     {Peer::kStock},
     "none, no AUTHNAME",
     "alice",
     "alice",
     {kOurClient, ""}},
};

// ---- GNU SASL ----------------------------------------------------------------------------------

// GNU SASL knows the flag "n" alone, and its client does not ask for SEQUENCE, as RFC 5801 section
// 8 wants it.
const Row kGnuClientRows[] = {
    {"Unbound",
     "G3 G7 G11",
     {Peer::kGnu},
     {Peer::kOurs},
     "none",
     "alice",
     "alice",
     {"", kIndicator}},
    {"UnboundWhereBindingIsOffered",
     "G7 G8",
     {Peer::kGnu},
     {Peer::kOurs, bound(kBinding)},
     "none, the server could",
     "alice",
     "alice"},
    {"Authzid",
     "G5",
     {Peer::kGnu, kAsOddName},
     {Peer::kOurs, kAnyAuthzid},
     "none, authzid bob,the=builder",
     "alice",
     kOddName},
    {"Replay",
     "G13 G15",
     {Peer::kGnu},
     {Peer::kOurs},
     "none, replayed",
     nullptr,
     nullptr,
     {"GSASL_GSSAPI_INIT_SEC_CONTEXT_ERROR", "replay"},
     true},
    {"ReplayWithoutErrorToken",
     "G13 G15",
     {Peer::kGnu},
     {Peer::kOurs, kWithoutErrorToken},
     "none, replayed, no error token",
     nullptr,
     nullptr,
     {"the server says", "replay"},
     true},
};

const Row kGnuServerRows[] = {
    {"Unbound",
     "G3 G6 G7",
     {Peer::kOurs, kOurPlain},
     {Peer::kGnu},
     "none",
     "alice@EXAMPLE.TEST",
     "(nobody)"},
    {"Authzid",
     "G5",
     {Peer::kOurs, kOurPlain + kAsOddName},
     {Peer::kGnu},
     "none, authzid bob,the=builder",
     "alice@EXAMPLE.TEST",
     kOddName},
    {"BindingRequiredButNotOffered",
     "G7",
     {Peer::kOurs, kOurPlain + bound(kBinding)},
     {Peer::kGnu},
     "required, the server has none",
     nullptr,
     nullptr,
     {"NOT LOGGED IN", ""}},
};

// ---- Ours --------------------------------------------------------------------------------------

const Row kOwnRows[] = {
    {"Replay",
     "G13 G15",
     {Peer::kOurs, kOurPlain},
     {Peer::kOurs},
     "none, replayed",
     nullptr,
     nullptr,
     {"replay", "replay"},
     true},
    {"ChosenTicket",
     "G7",
     {Peer::kOurs, kOurPlain + kAsAlice},
     {Peer::kOurs},
     "none, AUTHNAME alice",
     "alice",
     "alice"},
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
