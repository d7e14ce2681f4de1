// SPDX-License-Identifier: BSD-2-Clause
//
// Logins with GSSAPI and GSS-SPNEGO, and data both ways under each layer, between our module and
// others that sasl_peer or gsasl_peer can load: each side in turn.

#include <gtest/gtest.h>

#include "tests/interop/layer_cells.h"
#include "tests/interop/matrix.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

// What the module itself logs: no other module's login passes for ours.
constexpr char kOurLog[] = ": gssloop ";

// What a side says of its layer after the data went through; -1 if it did not.
int ssf_of(const std::string& output) {
  const std::string marker = "LAYER ssf ";
  const std::size_t found = output.rfind(marker);
  return found == std::string::npos ? -1 : std::atoi(output.c_str() + found + marker.size());
}

void note(const Cell& cell, const Outcome& outcome) {
  std::string result = "NOT AS IT SHOULD BE";
  if (outcome.is_login()) {
    result = "ssf " + std::to_string(ssf_of(outcome.client)) + " and " +
             std::to_string(ssf_of(outcome.server)) + ", " + kData + " bytes there and back";
  } else if (outcome.is_refusal()) {
    result = "refused";
  }
  if (!cell.note.empty()) result += ": " + cell.note;
  add_to_layers({cell.peer, cell.role, cell.mechanism, cell.layer, result});
}

class Layers : public ::testing::TestWithParam<Cell> {
 protected:
  void SetUp() override {
    for (const Peer peer : {GetParam().client.peer, GetParam().server.peer}) {
      const std::string reason = Lab::missing(peer);
      if (!reason.empty()) GTEST_SKIP() << reason;
    }
  }
};

void expect_our_side(const Side& side, const std::string& output, int ssf) {
  if (!is_ours(side)) return;
  EXPECT_EQ(ssf_of(output), ssf);
  EXPECT_NE(output.find(kOurLog), std::string::npos) << "not our module's login";
}

// The ticket of a side that names one, made at its first use.
Side with_ticket(Side side) {
  if (side.ccache.empty()) return side;
  static const std::string ccache = [] {
    const Realm& realm = Lab::get().realm();
    const std::string name = "FILE:" + realm.path(kForwardable);
    realm.kinit(TicketRequest{
        .user = Lab::kUser, .password = "password", .ccache = name, .forwardable = true});
    return name;
  }();
  side.ccache = ccache;
  return side;
}

TEST_P(Layers, AreWhatWasAskedFor) {
  const Cell& cell = GetParam();
  SPEC(cell.specs.c_str());
  const Outcome outcome = Lab::get().log_in(cell.server, with_ticket(cell.client));
  note(cell, outcome);
  SCOPED_TRACE(outcome.text());
  EXPECT_NE((outcome.client + outcome.server).find(cell.says), std::string::npos);
  if (cell.ssf == kRefused) {
    EXPECT_TRUE(outcome.is_refusal());
    return;
  }
  ASSERT_TRUE(outcome.is_login());
  const std::string authid = cell.server.peer == Peer::kGnu ? "alice@EXAMPLE.TEST" : Lab::kUser;
  EXPECT_EQ(outcome.authid(), authid);
  const std::string& peers = is_ours(cell.client) ? outcome.server : outcome.client;
  const bool is_other = cell.other_ssf && ssf_of(peers) == *cell.other_ssf;
  const int ssf = is_other ? *cell.other_ssf : cell.ssf;
  expect_our_side(cell.client, outcome.client, ssf);
  expect_our_side(cell.server, outcome.server, ssf);
}

std::string cell_name(const ::testing::TestParamInfo<Cell>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Own, Layers, ::testing::ValuesIn(all_of(Peer::kOurs)), cell_name);
INSTANTIATE_TEST_SUITE_P(Cyrus, Layers, ::testing::ValuesIn(all_of(Peer::kStock)), cell_name);
INSTANTIATE_TEST_SUITE_P(CyrusOnHeimdal, Layers, ::testing::ValuesIn(all_of(Peer::kHeimdal)),
                         cell_name);
INSTANTIATE_TEST_SUITE_P(Delegation, Layers, ::testing::ValuesIn(delegation()), cell_name);
INSTANTIATE_TEST_SUITE_P(TooMuch, Layers, ::testing::ValuesIn(spnego_over_the_window()), cell_name);
INSTANTIATE_TEST_SUITE_P(CyrusInOneFolder, Layers, ::testing::ValuesIn(mixed_cells()), cell_name);
INSTANTIATE_TEST_SUITE_P(Gnu, Layers, ::testing::ValuesIn(gnu_cells()), cell_name);

}  // namespace
}  // namespace gssloop::testing
